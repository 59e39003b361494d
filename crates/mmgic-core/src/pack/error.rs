//! What can be wrong with a packing request.

use thiserror::Error;

/// A fault of the request.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PackError {
    #[error("document {index} has length {length}, allowed are 1 to {capacity}")]
    LengthOutOfRange { index: usize, length: i64, capacity: usize },
    #[error("a capacity of {0} is not between 1 and {max}", max = super::window::MAX_CAPACITY)]
    CapacityOutOfRange(usize),
    #[error("a window of 0 documents holds nothing")]
    EmptyWindow,
    #[error("{0} documents, more than 4,294,967,295")]
    TooManyDocuments(usize),
}
