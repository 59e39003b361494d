//! What is wrong with boxes, and how much they overlap.
//!
//! A box is `[x0, y0, x1, y1]` in float64, of any unit. [`fault`] says what is wrong with one; [`SoundBoxes`]
//! holds boxes with which nothing is wrong but that they may be empty, column by column, and only those have
//! overlaps. Intersection over union is `shared / (area_a + area_b - shared)`, in this order of operations,
//! and 0 where both boxes are empty; it is never above 1.
//!
//! 1. [`iou_matrix`] goes over blocks of rows, one after another or in a pool; in each over tiles of columns
//!    that stay in the first cache.
//! 2. A tile is one loop without a branch, compiled twice: for AVX2, and for the base instruction set. Both
//!    do the same operations of IEEE 754 (none is fused), so their results are equal bit for bit.
//! 3. [`iou_pairs`] runs the same loop on a tile at a time and keeps what is large enough.
//!
//! Cost: some ten instructions and one division a pair, four pairs at a time with AVX2; then writing the matrix.
//! Memory beside the result: five columns for each set of boxes.

mod error;
mod fault;
mod iou;
mod pairs;
mod sound;
#[cfg(test)]
mod tests;

pub use error::OverlapError;
pub use fault::{
    DEGENERATE, INVERTED, LARGEST, NOT_FINITE, OUTSIDE, STICKS_OUT, TOO_LARGE, UNSOUND, fault, faults,
};
pub use iou::iou_matrix;
pub use pairs::{Pairs, iou_pairs};
pub use sound::{SoundBoxes, Unsound, require_sound};
