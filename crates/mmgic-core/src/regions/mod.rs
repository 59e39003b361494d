//! Where boxes lie in the main crop of their picture, and which of them become regions.
//!
//! A batch holds the boxes of many pictures. For each picture, [`place`]
//!
//! 1. scales its boxes to the stored pixels and turns them upright (EXIF);
//! 2. finds the main crop: the largest square that keeps the most box area ([`main_square`]);
//! 3. clips the boxes to it, and says why a box cannot be a region ([`Cause`]);
//! 4. chooses regions, largest first, under the limits of [`Rules`], with a square crop around each ([`region_square`]).
//!
//! Cost: n log n in the boxes of a picture for the crop, and boxes times regions for the overlaps; some
//! microseconds a picture. Memory beside the result: some numbers for each box of one picture.

mod cause;
mod rules;
mod square;
#[cfg(test)]
mod tests;
mod turn;

pub use cause::{Cause, Kind};
pub use rules::{Batch, Placed, RegionError, Rules, place};
pub use square::{main_square, region_square};
