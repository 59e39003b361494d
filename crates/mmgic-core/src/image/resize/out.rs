//! Where a resized square goes: bytes, or normalised planes.

/// What each byte becomes in each channel: `(byte / 255 - mean) / std`, in single precision.
#[derive(Clone, Debug)]
pub struct Tables {
    single: [[f32; 256]; 3],
    brain: [[u16; 256]; 3],
}

impl Tables {
    /// The tables of a mean and a standard deviation for red, green and blue. Made once a batch.
    #[must_use]
    pub fn new(mean: [f32; 3], std: [f32; 3]) -> Self {
        let single = std::array::from_fn(|channel| {
            std::array::from_fn(|byte| {
                (f32::from(u8::try_from(byte).unwrap_or(u8::MAX)) / 255.0 - mean[channel]) / std[channel]
            })
        });
        Self { single, brain: single.map(|table: [f32; 256]| table.map(bf16)) }
    }
}

/// The upper half of a single, rounded to the nearest, ties to even.
fn bf16(value: f32) -> u16 {
    let bits = value.to_bits();
    #[allow(clippy::cast_possible_truncation)]
    let upper = |bits: u32| (bits >> 16) as u16;
    if value.is_nan() { upper(bits) | 1 << 6 } else { upper(bits + 0x7fff + (bits >> 16 & 1)) }
}

/// Where a square of `side` x `side` pixels goes: `3 * side * side` values.
#[derive(Debug)]
pub enum Out<'a> {
    /// RGB bytes, pixel by pixel.
    Bytes(&'a mut [u8]),
    /// A plane of normalised values for each of red, green and blue.
    F32(&'a mut [f32], &'a Tables),
    /// The same in bfloat16, as bits.
    Bf16(&'a mut [u16], &'a Tables),
}

impl Out<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(out) => out.len(),
            Self::F32(out, _) => out.len(),
            Self::Bf16(out, _) => out.len(),
        }
    }

    /// Takes whole rows of RGB bytes, the first of them row `row` of the square.
    pub(super) fn put(&mut self, row: usize, side: usize, rgb: &[u8]) {
        match self {
            Self::Bytes(out) => out[row * side * 3..][..rgb.len()].copy_from_slice(rgb),
            Self::F32(out, tables) => planes(out, &tables.single, row * side, side, rgb),
            Self::Bf16(out, tables) => planes(out, &tables.brain, row * side, side, rgb),
        }
    }
}

fn planes<T: Copy>(out: &mut [T], tables: &[[T; 256]; 3], first: usize, side: usize, rgb: &[u8]) {
    let (pixels, _) = rgb.as_chunks::<3>();
    for (channel, (plane, table)) in out.chunks_exact_mut(side * side).zip(tables).enumerate() {
        for (value, pixel) in plane[first..].iter_mut().zip(pixels) {
            *value = table[usize::from(pixel[channel])];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bfloat16_rounds_to_the_nearest_and_ties_to_even() {
        let cases = [(0x3f80_0000, 0x3f80), (0x3f80_8000, 0x3f80), (0x3f81_8000, 0x3f82)];
        for (bits, expected) in cases.into_iter().chain([(0x3f80_8001, 0x3f81), (0xbf80_ffff, 0xbf81)]) {
            assert_eq!(bf16(f32::from_bits(bits)), expected, "{bits:x}");
        }
        assert!(f32::from_bits(u32::from(bf16(f32::NAN)) << 16).is_nan());
    }

    #[test]
    #[allow(clippy::float_cmp)]
    fn planes_hold_the_normalised_bytes_channel_by_channel() {
        let (mean, std) = ([0.5, 0.25, 0.125], [0.5, 0.2, 0.3]);
        let tables = Tables::new(mean, std);
        let rgb: [u8; 12] = std::array::from_fn(|at| u8::try_from(at * 20).unwrap_or(0));
        let (mut single, mut brain) = ([0.0; 12], [0; 12]);
        for row in 0..2 {
            Out::F32(&mut single, &tables).put(row, 2, &rgb[row * 6..][..6]);
            Out::Bf16(&mut brain, &tables).put(row, 2, &rgb[row * 6..][..6]);
        }
        for (at, &byte) in rgb.iter().enumerate() {
            let (pixel, channel) = (at / 3, at % 3);
            let expected = (f32::from(byte) / 255.0 - mean[channel]) / std[channel];
            assert_eq!(single[channel * 4 + pixel], expected);
            assert_eq!(brain[channel * 4 + pixel], bf16(expected));
        }
    }
}
