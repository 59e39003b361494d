//! What can be wrong with a request for overlaps; faults of boxes are in `fault`.

use thiserror::Error;

/// A request that cannot be met.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OverlapError {
    #[error("the result has room for {room} values, {rows} x {columns} are needed")]
    Room { room: usize, rows: usize, columns: usize },
    #[error("more than {0} pairs overlap that much")]
    TooManyPairs(usize),
}
