//! The EXIF turn: of pixels, and of boxes between stored and upright coordinates. Cost: one pass over the pixels.

use super::error::ImageError;
use super::picture::Picture;
use std::ops::Sub;

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

/// Rows and columns turned at once: small enough that both sides of a quarter turn stay in cache.
const TILE: usize = 32;

/// Writes the upright picture of `stored` (not empty) into `out`.
pub(super) fn upright(stored: &Picture, orientation: u8, out: &mut Picture) -> Result<(), ImageError> {
    let (width, height) = (stored.width, stored.height);
    let (out_width, out_height) = if orientation >= 5 { (height, width) } else { (width, height) };
    let small = |v: usize| u32::try_from(v).unwrap_or(u32::MAX);
    out.reshape(small(out_width), small(out_height))?;
    let (start, step_x, step_y) = steps(orientation, width, height);
    let (pixels, _) = stored.rgb.as_chunks::<3>();
    let (turned, _) = out.rgb.as_chunks_mut::<3>();
    let tile = if orientation >= 5 { TILE } else { out_width };
    for (rows, top) in turned.chunks_mut(TILE * out_width).zip((0..).step_by(TILE)) {
        for left in (0..out_width).step_by(tile) {
            let right = (left + tile).min(out_width);
            for (row, y) in rows.chunks_exact_mut(out_width).zip(top..) {
                let offset = step_x * left.cast_signed() + step_y * usize::cast_signed(y);
                let mut at = start.wrapping_add_signed(offset);
                for pixel in &mut row[left..right] {
                    *pixel = pixels[at];
                    at = at.wrapping_add_signed(step_x);
                }
            }
        }
    }
    Ok(())
}

/// Whether stored x, stored y run against their upright axes, and whether the axes change places.
const fn flips(orientation: u8) -> (bool, bool, bool) {
    (matches!(orientation, 2 | 3 | 7 | 8), matches!(orientation, 3 | 4 | 6 | 7), orientation >= 5)
}

fn flipped<T: Copy + Sub<Output = T>>(range: [T; 2], size: T, yes: bool) -> [T; 2] {
    if yes { [size - range[1], size - range[0]] } else { range }
}

/// A box x0, y0, x1, y1 of the upright picture in coordinates of the stored one, which is `(width, height)`.
pub(super) fn stored_box<T: Copy + Sub<Output = T>>(
    [x0, y0, x1, y1]: [T; 4],
    orientation: u8,
    (width, height): (T, T),
) -> [T; 4] {
    let (flip_x, flip_y, swap) = flips(orientation);
    let (along_x, along_y) = if swap { ([y0, y1], [x0, x1]) } else { ([x0, x1], [y0, y1]) };
    let ([x0, x1], [y0, y1]) = (flipped(along_x, width, flip_x), flipped(along_y, height, flip_y));
    [x0, y0, x1, y1]
}

/// The inverse of [`stored_box`].
pub(super) fn upright_box<T: Copy + Sub<Output = T>>(
    [x0, y0, x1, y1]: [T; 4],
    orientation: u8,
    (width, height): (T, T),
) -> [T; 4] {
    let (flip_x, flip_y, swap) = flips(orientation);
    let (along_x, along_y) = (flipped([x0, x1], width, flip_x), flipped([y0, y1], height, flip_y));
    let ([x0, x1], [y0, y1]) = if swap { (along_y, along_x) } else { (along_x, along_y) };
    [x0, y0, x1, y1]
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

    const TURNED: [(usize, usize, &[u8]); 8] = [
        (3, 2, b"abcdef"),
        (3, 2, b"cbafed"),
        (3, 2, b"fedcba"),
        (3, 2, b"defabc"),
        (2, 3, b"adbecf"),
        (2, 3, b"daebfc"),
        (2, 3, b"fcebda"),
        (2, 3, b"cfbead"),
    ];

    #[test]
    fn all_eight_turns() {
        for (orientation, (width, height, pixels)) in (1..).zip(TURNED) {
            assert_eq!(letters(orientation), (width, height, pixels.to_vec()), "orientation {orientation}");
        }
    }

    #[test]
    fn boxes_turn_with_the_pixels() {
        for (orientation, (width, _, pixels)) in (1..).zip(TURNED) {
            for (at, letter) in pixels.iter().enumerate() {
                let (x, y) = (at % width, at / width);
                let upright = [x, y, x + 1, y + 1];
                let stored = stored_box(upright, orientation, (3, 2));
                assert_eq!(b"abcdef"[stored[0] + 3 * stored[1]], *letter, "orientation {orientation}");
                assert_eq!((stored[2], stored[3]), (stored[0] + 1, stored[1] + 1));
                assert_eq!(upright_box(stored, orientation, (3, 2)), upright);
            }
        }
    }

    #[test]
    fn large_pictures_turn_tile_by_tile() {
        let (width, height) = (71, 67);
        let rgb = (0..width * height)
            .flat_map(|i: usize| [i % 251, i / 251, 7])
            .map(|v| u8::try_from(v).unwrap_or(0));
        let stored = Picture { width, height, rgb: rgb.collect() };
        for orientation in 1..=8 {
            let mut out = Picture::default();
            assert!(upright(&stored, orientation, &mut out).is_ok());
            for y in 0..out.height {
                for x in 0..out.width {
                    let [sx, sy, ..] = stored_box([x, y, x + 1, y + 1], orientation, (width, height));
                    assert_eq!(
                        out.rgb.as_chunks::<3>().0[y * out.width + x],
                        stored.rgb.as_chunks::<3>().0[sy * width + sx]
                    );
                }
            }
        }
    }
}
