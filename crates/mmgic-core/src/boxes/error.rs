//! What can be wrong with a box.

use thiserror::Error;

/// A fault of one row of a batch of boxes.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BoxError {
    #[error("box {row} is not finite: {values:?}")]
    NotFinite { row: usize, values: [f64; 4] },
    #[error("box {row} is inverted: {values:?}")]
    Inverted { row: usize, values: [f64; 4] },
    #[error("box {row} has location id {id}, allowed are 0 to {last}")]
    IdOutOfRange { row: usize, id: i32, last: i32 },
    #[error("the label of box {row} holds a location token: {label:?}")]
    LabelWithToken { row: usize, label: String },
    #[error("there are {labels} labels for {boxes} boxes")]
    LabelCount { labels: usize, boxes: usize },
    #[error("unknown notation {0:?}")]
    UnknownNotation(String),
}
