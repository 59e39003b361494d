//! Packs documents into rows of one capacity, over the histogram of lengths.
//!
//! 1. Documents are sorted into groups of one length, each group shuffled by the seed.
//! 2. One row layout is built: the longest length left, then again and again the length whose best pair
//!    wastes least ([`Remaining::next_length`]).
//! 3. The layout is applied as often as the histogram holds it, so that few searches serve many rows.
//! 4. The rows of a window are shuffled by the seed.
//!
//! The same lengths, capacity, window and seed give the same rows everywhere. Cost: linear in the documents
//! (about 20 ns each) plus the search for the layouts, a few milliseconds for a million documents; memory
//! 20 bytes a document of one window and 8 bytes a token of capacity.

mod error;
mod histogram;
mod random;
mod window;

pub use error::PackError;
pub use histogram::Remaining;
pub use window::{MAX_CAPACITY, Packing, pack};
