//! Grey, colour and alpha samples of eight bits to RGB. Cost: one pass, no memory.

use super::reading::Alpha;

/// `colour` at opacity `alpha` on `ground`, rounded to the nearest (no tie is possible).
fn blended(colour: u8, ground: u8, alpha: u8) -> u8 {
    let (opacity, rest) = (u32::from(alpha), u32::from(255 - alpha));
    let sum = u32::from(colour) * opacity + u32::from(ground) * rest;
    u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
}

fn on_ground([r, g, b, a]: [u8; 4], ground: [u8; 3]) -> [u8; 3] {
    [blended(r, ground[0], a), blended(g, ground[1], a), blended(b, ground[2], a)]
}

fn each<const N: usize>(samples: &[u8], rgb: &mut [u8], convert: impl Fn([u8; N]) -> [u8; 3]) {
    for (pixel, &sample) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(samples.as_chunks::<N>().0) {
        *pixel = convert(sample);
    }
}

/// Writes pixels of `channels` samples (grey, grey and alpha, RGB, RGBA) as RGB.
pub(super) fn to_rgb(samples: &[u8], channels: usize, alpha: Alpha, rgb: &mut [u8]) {
    match (channels, alpha) {
        (1, _) => each(samples, rgb, |[grey]| [grey; 3]),
        (2, Alpha::Drop) => each(samples, rgb, |[grey, _]| [grey; 3]),
        (2, Alpha::Blend(ground)) => {
            each(samples, rgb, |[grey, a]| on_ground([grey, grey, grey, a], ground));
        }
        (4, Alpha::Drop) => each(samples, rgb, |[r, g, b, _]| [r, g, b]),
        (4, Alpha::Blend(ground)) => each(samples, rgb, |pixel| on_ground(pixel, ground)),
        _ => each(samples, rgb, |pixel: [u8; 3]| pixel),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blending_is_the_nearest_whole_number() {
        for alpha in 0..=255u8 {
            for colour in (0..=255u8).step_by(3) {
                for ground in (0..=255u8).step_by(5) {
                    let [c, g, a] = [colour, ground, alpha].map(f64::from);
                    let exact = (c * a + g * (255.0 - a)) / 255.0;
                    let found = f64::from(blended(colour, ground, alpha));
                    assert!((found - exact).abs() < 0.5, "{colour} on {ground} at {alpha}");
                }
            }
        }
    }

    #[test]
    fn every_count_of_channels_is_laid_out() {
        let blend = Alpha::Blend([255, 0, 100]);
        let cases: [(&[u8], usize, Alpha, [u8; 3]); 7] = [
            (&[7], 1, blend, [7, 7, 7]),
            (&[7, 0], 2, Alpha::Drop, [7, 7, 7]),
            (&[7, 0], 2, blend, [255, 0, 100]),
            (&[1, 2, 3], 3, blend, [1, 2, 3]),
            (&[1, 2, 3, 0], 4, Alpha::Drop, [1, 2, 3]),
            (&[1, 2, 3, 255], 4, blend, [1, 2, 3]),
            (&[0, 255, 100, 128], 4, blend, [127, 128, 100]),
        ];
        for (samples, channels, alpha, expected) in cases {
            let mut rgb = [0; 3];
            to_rgb(samples, channels, alpha, &mut rgb);
            assert_eq!(rgb, expected, "{samples:?} {alpha:?}");
        }
    }
}
