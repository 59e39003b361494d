//! What can be wrong with a box, a label or a notation.

use thiserror::Error;

/// A fault of one row of a batch of boxes, or of what the batch is written in.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BoxError {
    #[error("box {row} is not finite: {values:?}")]
    NotFinite { row: usize, values: [f64; 4] },
    #[error("box {row} is inverted: {values:?}")]
    Inverted { row: usize, values: [f64; 4] },
    #[error("box {row} lies outside of the picture: {values:?}")]
    Outside { row: usize, values: [f64; 4] },
    #[error("box {row} has no area inside the picture: {values:?}")]
    Degenerate { row: usize, values: [f64; 4] },
    #[error("box {row} has location id {id}, allowed are 0 to {last}")]
    IdOutOfRange { row: usize, id: i32, last: i32 },
    #[error("box {row} has inverted location ids: {ids:?}")]
    IdsInverted { row: usize, ids: Vec<i32> },
    #[error("the label of box {row} would be read back as something else: {label:?}")]
    LabelWithToken { row: usize, label: String },
    #[error("the label of box {row} is empty, so that it would be read as another box of the label before")]
    LabelEmpty { row: usize },
    #[error("there are {labels} labels for {boxes} boxes")]
    LabelCount { labels: usize, boxes: usize },
    #[error("the starts are not 0 to {boxes}, ascending")]
    Starts { boxes: usize },
    #[error("there are {sizes} picture sizes for {wanted} {what}")]
    SizeCount { sizes: usize, wanted: usize, what: &'static str },
    #[error("this notation counts pixels and needs the sizes of the pictures")]
    SizesMissing,
    #[error("picture {row} of {width} x {height} px: {why}")]
    Size { row: usize, width: u32, height: u32, why: &'static str },
    #[error("notation {name:?}: {why}")]
    BadNotation { name: String, why: String },
    #[error("notation {name:?} has no {shape}")]
    NoShape { name: String, shape: &'static str },
    #[error("point {row} is not finite: {values:?}")]
    PointNotFinite { row: usize, values: [f64; 2] },
    #[error("shape {row} has {points} points, {wanted}")]
    PointCount { row: usize, points: usize, wanted: &'static str },
}
