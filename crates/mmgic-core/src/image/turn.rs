//! Turns stored pixels upright by the EXIF orientation. Cost: one pass over the pixels.

use super::error::ImageError;
use super::picture::Picture;

/// Where upright pixel (x, y) lies in the stored picture: start, step along x, step along y, in pixels.
fn steps(orientation: u8, width: usize, height: usize) -> (usize, isize, isize) {
    let row = width.cast_signed();
    let (right, bottom) = (width - 1, (height - 1) * width);
    match orientation {
        2 => (right, -1, row),
        3 => (bottom + right, -1, -row),
        4 => (bottom, 1, -row),
        5 => (0, row, 1),
        6 => (bottom, -row, 1),
        7 => (bottom + right, -row, -1),
        8 => (right, row, -1),
        _ => (0, 1, row),
    }
}

/// Writes the upright picture of `stored` (not empty) into `out`.
pub(super) fn upright(stored: &Picture, orientation: u8, out: &mut Picture) -> Result<(), ImageError> {
    let (width, height) = (stored.width, stored.height);
    let (out_width, out_height) = if orientation >= 5 { (height, width) } else { (width, height) };
    let small = |v: usize| u32::try_from(v).unwrap_or(u32::MAX);
    out.reshape(small(out_width), small(out_height))?;
    let (start, step_x, step_y) = steps(orientation, width, height);
    let (pixels, _) = stored.rgb.as_chunks::<3>();
    let (turned, _) = out.rgb.as_chunks_mut::<3>();
    let mut first = start;
    for row in turned.chunks_exact_mut(out_width) {
        let mut at = first;
        for pixel in row {
            *pixel = pixels[at];
            at = at.wrapping_add_signed(step_x);
        }
        first = first.wrapping_add_signed(step_y);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(orientation: u8) -> (usize, usize, Vec<u8>) {
        // a b c
        // d e f
        let stored =
            Picture { width: 3, height: 2, rgb: b"abcdef".iter().flat_map(|&c| [c, c, c]).collect() };
        let mut out = Picture::default();
        assert!(upright(&stored, orientation, &mut out).is_ok());
        (out.width, out.height, out.rgb.iter().step_by(3).copied().collect())
    }

    #[test]
    fn all_eight_turns() {
        let expected: [(usize, usize, &[u8]); 8] = [
            (3, 2, b"abcdef"),
            (3, 2, b"cbafed"),
            (3, 2, b"fedcba"),
            (3, 2, b"defabc"),
            (2, 3, b"adbecf"),
            (2, 3, b"daebfc"),
            (2, 3, b"fcebda"),
            (2, 3, b"cfbead"),
        ];
        for (orientation, (width, height, pixels)) in (1..).zip(expected) {
            assert_eq!(letters(orientation), (width, height, pixels.to_vec()), "orientation {orientation}");
        }
    }
}
