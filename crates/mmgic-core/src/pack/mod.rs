//! Packs documents into rows of one capacity or two, over the histogram of lengths; and writes the rows.
//!
//! 1. Documents are sorted into classes of one length (and count for the second capacity), each shuffled by the seed.
//! 2. One row layout is built: the largest class left, then again and again the class whose best pair wastes least
//!    ([`search`]).
//! 3. The layout is applied as often as the histogram holds it, so that few searches serve many rows.
//! 4. The rows of a window are shuffled by the seed.
//!
//! The same lengths, capacities, windows and seed give the same rows everywhere. Cost: linear in the documents (about
//! 10 ns each) plus the search for the layouts, a few milliseconds for a million documents; memory 20 bytes a document of
//! one call and 20 bytes a token of capacity. What is too long for a row is cut before, by [`pieces`].

pub mod batch;
pub mod block;
mod bound;
mod classes;
mod error;
mod histogram;
mod packer;
pub mod pieces;
mod random;
mod search;
mod window;

pub use bound::lower_bound;
pub use error::PackError;
pub use packer::{MAX_CAPACITY, Packer, Report};
pub use search::Size;
pub use window::Packing;
