//! Boxes in text, in every public notation: quantising, writing, reading.
//!
//! A box is four numbers x0, y0, x1, y1 as fractions of the picture's sides. A notation is one row of a table (`Row`): its rule,
//! its literals and its order of axes; compiled once, it writes and reads batches. Nothing here knows a notation by name.
//! Cost: some 20 ns a box to write, 40 to read; the reader is linear in the text, whatever it holds.

mod digits;
mod error;
mod finding;
mod ids;
mod json;
mod labels;
mod notation;
mod number;
mod pieces;
mod read;
mod resize;
mod rule;
mod shapes;
mod write;

pub use error::BoxError;
pub use finding::{Findings, status};
pub use ids::{Sizes, boxes_from_ids, ids_from_boxes};
pub use labels::Labels;
pub use notation::{Notation, Row};
pub use read::boxes_from_texts;
pub use resize::Resize;
pub use rule::Rule;
pub use shapes::{ShapeBatch, ShapeFindings, shapes_from_texts, texts_from_shapes};
pub use write::{Texts, texts_from_boxes};
