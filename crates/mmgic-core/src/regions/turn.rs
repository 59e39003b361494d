//! Boxes of the stored picture as boxes of the upright one (EXIF orientation, CIPA DC-008, tag 0x0112).

/// The box in upright pixels; `width` and `height` are those of the stored picture.
pub(super) fn upright([x0, y0, x1, y1]: [f64; 4], orientation: u8, [width, height]: [f64; 2]) -> [f64; 4] {
    let (x0, x1) = if matches!(orientation, 2 | 3 | 7 | 8) { (width - x1, width - x0) } else { (x0, x1) };
    let (y0, y1) = if matches!(orientation, 3 | 4 | 6 | 7) { (height - y1, height - y0) } else { (y0, y1) };
    if orientation >= 5 { [y0, x0, y1, x1] } else { [x0, y0, x1, y1] }
}
