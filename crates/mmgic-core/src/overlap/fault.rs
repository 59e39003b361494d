//! What is wrong with a box, as flags; `mmgic.geometry.BoxFault` has the same.

/// A corner is infinite or not a number; no other flag is set beside it.
pub const NOT_FINITE: u8 = 1;
/// `x1 < x0` or `y1 < y0`; no flag of size or place is set beside it.
pub const INVERTED: u8 = 1 << 1;
/// A corner lies beyond [`LARGEST`].
pub const TOO_LARGE: u8 = 1 << 2;
/// The area is 0 (in float64: a box of 1e-200 x 1e-200 is one).
pub const DEGENERATE: u8 = 1 << 3;
/// Some of the box lies outside the picture, and some inside.
pub const STICKS_OUT: u8 = 1 << 4;
/// None of the box lies inside the picture; touching its border from outside is no overlap.
pub const OUTSIDE: u8 = 1 << 5;

/// No arithmetic is done on boxes with any of these.
pub const UNSOUND: u8 = NOT_FINITE | INVERTED | TOO_LARGE;

/// Largest corner of a sound box: no side, no area and no sum of two areas overflows.
pub const LARGEST: f64 = 1e150;

/// Whether a box has none of the faults of [`UNSOUND`].
pub(super) fn is_sound([x0, y0, x1, y1]: [f64; 4]) -> bool {
    // Written so that a NaN fails.
    x0 >= -LARGEST && y0 >= -LARGEST && x1 <= LARGEST && y1 <= LARGEST && x0 <= x1 && y0 <= y1
}

/// The flags of a box; those of place only with the width and height of its picture.
#[must_use]
pub fn fault(corners: [f64; 4], size: Option<[f64; 2]>) -> u8 {
    let [x0, y0, x1, y1] = corners;
    if !corners.iter().all(|v| v.is_finite()) {
        return NOT_FINITE;
    }
    let large = if corners.iter().any(|v| v.abs() > LARGEST) { TOO_LARGE } else { 0 };
    if x1 < x0 || y1 < y0 {
        return large | INVERTED;
    }
    let empty = if (x1 - x0) * (y1 - y0) == 0.0 { DEGENERATE } else { 0 };
    let place = match size {
        Some([width, height]) if x1 <= 0.0 || y1 <= 0.0 || x0 >= width || y0 >= height => OUTSIDE,
        Some([width, height]) if x0 < 0.0 || y0 < 0.0 || x1 > width || y1 > height => STICKS_OUT,
        _ => 0,
    };
    large | empty | place
}

/// The flags of each box.
#[must_use]
pub fn faults(boxes: &[[f64; 4]], size: Option<[f64; 2]>) -> Vec<u8> {
    boxes.iter().map(|&corners| fault(corners, size)).collect()
}
