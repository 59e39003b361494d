//! What can be wrong with a packing request.

use thiserror::Error;

/// A fault of the request.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PackError {
    #[error("document {index} has length {length}, allowed are 1 to {capacity}")]
    LengthOutOfRange { index: usize, length: i64, capacity: usize },
    #[error("document {index} counts {count} for the second capacity, allowed are 0 to {capacity}")]
    SecondOutOfRange { index: usize, count: i64, capacity: usize },
    #[error("a capacity of {0} is not between 1 and {max}", max = super::MAX_CAPACITY)]
    CapacityOutOfRange(usize),
    #[error("{0} documents in a window, more than 4,294,967,295")]
    TooManyDocuments(usize),
    #[error("{what}: {found} values where {wanted} are needed")]
    Shape { what: &'static str, found: usize, wanted: usize },
    #[error("{what} are not in order, or reach beyond the end")]
    Order { what: &'static str },
    #[error("{0} pieces, more than {max}", max = super::pieces::MAX_PIECES)]
    TooManyPieces(u64),
    #[error("{0} bytes an id, 2 and 4 are known")]
    IdBytes(usize),
    #[error("part {part} has length {length}, allowed are 0 to 4,294,967,295")]
    PartOutOfRange { part: usize, length: i64 },
    #[error("a block of {0} bytes is larger than {max}", max = super::block::MAX_BLOCK_BYTES)]
    BlockTooLarge(u64),
    #[error("row {row} has {tokens} tokens, more than {row_length}")]
    RowTooLong { row: usize, tokens: u64, row_length: usize },
}
