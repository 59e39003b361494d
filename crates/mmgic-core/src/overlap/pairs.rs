//! The pairs that overlap enough, without the matrix.

use super::error::OverlapError;
use super::iou::{Path, ROWS, TILE, iou_row, tiles};
use super::sound::SoundBoxes;
use rayon::ThreadPool;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Values that are looked at together: where none is large enough, none is looked at alone.
const GROUP: usize = 32;

/// Pairs in the order of the matrix: row, column, intersection over union.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    pub rows: Vec<i64>,
    pub columns: Vec<i64>,
    pub overlaps: Vec<f64>,
}

impl Pairs {
    fn append(&mut self, mut more: Self) {
        self.rows.append(&mut more.rows);
        self.columns.append(&mut more.columns);
        self.overlaps.append(&mut more.overlaps);
    }

    /// Keeps the values of a row that are at least `least`; they start at column `first`.
    fn keep(&mut self, row: usize, first: usize, values: &[f64], least: f64) {
        for (number, group) in values.chunks(GROUP).enumerate() {
            if group.iter().filter(|value| **value >= least).count() > 0 {
                let columns = first + number * GROUP..;
                for (column, &value) in columns.zip(group).filter(|(_, value)| **value >= least) {
                    // A slice has no more than `isize::MAX` entries.
                    self.rows.push(row.cast_signed() as i64);
                    self.columns.push(column.cast_signed() as i64);
                    self.overlaps.push(value);
                }
            }
        }
    }
}

fn joined(parts: Vec<Pairs>) -> Pairs {
    let mut all = Pairs::default();
    for part in parts {
        all.append(part);
    }
    all
}

/// The pairs with an overlap of at least `least`.
///
/// # Errors
/// `TooManyPairs` where there are more than `most`.
pub fn iou_pairs(
    workers: Option<&ThreadPool>,
    a: &SoundBoxes,
    b: &SoundBoxes,
    least: f64,
    most: usize,
) -> Result<Pairs, OverlapError> {
    let found = AtomicUsize::new(0);
    let block = |first: usize| {
        let rows = first..a.len().min(first + ROWS);
        // Tiles go by outside, so that they are read once a block; each row keeps its own pairs in order.
        let mut by_row = vec![Pairs::default(); rows.len()];
        let mut values = [0.0; TILE];
        for tile in tiles(b.len()) {
            let values = &mut values[..tile.len()];
            for (row, pairs) in rows.clone().zip(&mut by_row) {
                iou_row((a, row), (b, tile.clone()), values, Path::Best);
                let before = pairs.rows.len();
                pairs.keep(row, tile.start, values, least);
                let new = pairs.rows.len() - before;
                // All blocks count together, so that memory stays bounded while they run.
                if new > 0 && found.fetch_add(new, Ordering::Relaxed).saturating_add(new) > most {
                    return Err(OverlapError::TooManyPairs(most));
                }
            }
        }
        Ok(joined(by_row))
    };
    let blocks = a.len().div_ceil(ROWS);
    let parts: Result<Vec<Pairs>, _> = match workers {
        None => (0..blocks).map(|number| block(number * ROWS)).collect(),
        Some(pool) => {
            pool.install(|| (0..blocks).into_par_iter().map(|number| block(number * ROWS)).collect())
        }
    };
    parts.map(joined)
}
