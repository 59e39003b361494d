//! Boxes that were checked.

use super::fault::{INVERTED, LARGEST, NOT_FINITE, fault, is_sound};
use thiserror::Error;

/// The first box of a batch that is not sound.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error("box {row} is {}: {values:?}", self.kind())]
pub struct Unsound {
    pub row: usize,
    pub values: [f64; 4],
}

impl Unsound {
    fn kind(&self) -> &'static str {
        match fault(self.values, None) {
            flags if flags & NOT_FINITE != 0 => "not finite",
            flags if flags & INVERTED != 0 => "inverted",
            _ => "too large",
        }
    }

    /// What the caller can do.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.kind() {
            "not finite" => "all four numbers must be finite".to_owned(),
            "inverted" => {
                "corners are x0, y0, x1, y1 with x0 <= x1, y0 <= y1; sizes are no less than 0".to_owned()
            }
            _ => format!("no number may be beyond {LARGEST:e}, so that areas do not overflow"),
        }
    }
}

/// Checks boxes that stay where they are.
///
/// # Errors
/// `Unsound` for the first box that is not finite, inverted or too large.
pub fn require_sound(boxes: &[[f64; 4]]) -> Result<(), Unsound> {
    match boxes.iter().position(|&corners| !is_sound(corners)) {
        None => Ok(()),
        Some(row) => Err(Unsound { row, values: boxes[row] }),
    }
}

/// Sound boxes by columns, with their areas.
#[derive(Clone, Debug)]
pub struct SoundBoxes {
    pub(super) x0: Vec<f64>,
    pub(super) y0: Vec<f64>,
    pub(super) x1: Vec<f64>,
    pub(super) y1: Vec<f64>,
    pub(super) areas: Vec<f64>,
}

impl SoundBoxes {
    /// Checks boxes and takes them apart.
    ///
    /// # Errors
    /// As [`require_sound`].
    pub fn new(boxes: &[[f64; 4]]) -> Result<Self, Unsound> {
        require_sound(boxes)?;
        let column = |at: usize| boxes.iter().map(|corners| corners[at]).collect();
        let areas = boxes.iter().map(|[x0, y0, x1, y1]| (x1 - x0) * (y1 - y0)).collect();
        Ok(Self { x0: column(0), y0: column(1), x1: column(2), y1: column(3), areas })
    }

    /// Number of boxes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.areas.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.areas.is_empty()
    }
}
