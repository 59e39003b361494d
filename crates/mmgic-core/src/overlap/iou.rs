//! Intersection over union of every pair: the loop, its compilation for AVX2, and the way over the matrix.

use super::error::OverlapError;
use super::sound::SoundBoxes;
use rayon::ThreadPool;
use rayon::prelude::*;
use std::ops::Range;

/// Columns of a tile: five numbers each, which leaves room for the result in a first cache of 32 KB.
pub(super) const TILE: usize = 512;

/// Rows that go over a tile before the next one; also what one thread takes at a time.
pub(super) const ROWS: usize = 32;

/// Which code goes over the pairs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path {
    /// The best of this machine.
    Best,
    /// The base instruction set.
    #[cfg(test)]
    Portable,
}

/// The overlaps of one box with some others, to be compiled for an instruction set.
struct Row<'a> {
    a: &'a SoundBoxes,
    at: usize,
    b: &'a SoundBoxes,
    columns: Range<usize>,
    out: &'a mut [f64],
}

#[inline(always)]
const fn larger(a: f64, b: f64) -> f64 {
    // One instruction, unlike `f64::max`: no box holds a NaN.
    if a > b { a } else { b }
}

#[inline(always)]
const fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

impl pulp::NullaryFnOnce for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { a, at, b, columns, out } = self;
        let (left, top, right, bottom, area) = (a.x0[at], a.y0[at], a.x1[at], a.y1[at], a.areas[at]);
        // Slices of one length, so that the loop has no checks.
        let out = &mut out[..columns.len()];
        let (x0, y0) = (&b.x0[columns.clone()], &b.y0[columns.clone()]);
        let (x1, y1) = (&b.x1[columns.clone()], &b.y1[columns.clone()]);
        let areas = &b.areas[columns];
        for (j, value) in out.iter_mut().enumerate() {
            let width = larger(smaller(right, x1[j]) - larger(left, x0[j]), 0.0);
            let height = larger(smaller(bottom, y1[j]) - larger(top, y0[j]), 0.0);
            let shared = width * height;
            let union = area + areas[j] - shared;
            *value = if union > 0.0 { shared / union } else { 0.0 };
        }
    }
}

/// The overlaps of box `row` of `a` with the boxes `columns` of `b`.
#[inline]
pub(super) fn iou_row(
    (a, row): (&SoundBoxes, usize),
    (b, columns): (&SoundBoxes, Range<usize>),
    out: &mut [f64],
    path: Path,
) {
    let work = Row { a, at: row, b, columns, out };
    match path {
        Path::Best => pulp::Arch::new().dispatch(work),
        #[cfg(test)]
        Path::Portable => pulp::NullaryFnOnce::call(work),
    }
}

/// The tiles of `columns` columns.
pub(super) fn tiles(columns: usize) -> impl Iterator<Item = Range<usize>> {
    (0..columns).step_by(TILE).map(move |start| start..columns.min(start + TILE))
}

/// Some rows of the matrix, from row `first` on.
fn fill(a: &SoundBoxes, first: usize, b: &SoundBoxes, out: &mut [f64], path: Path) {
    for tile in tiles(b.len()) {
        for (row, values) in (first..).zip(out.chunks_exact_mut(b.len())) {
            iou_row((a, row), (b, tile.clone()), &mut values[tile.clone()], path);
        }
    }
}

pub(super) fn iou_matrix_by(
    workers: Option<&ThreadPool>,
    a: &SoundBoxes,
    b: &SoundBoxes,
    out: &mut [f64],
    path: Path,
) -> Result<(), OverlapError> {
    if a.len().checked_mul(b.len()) != Some(out.len()) {
        return Err(OverlapError::Room { room: out.len(), rows: a.len(), columns: b.len() });
    }
    if out.is_empty() {
        return Ok(());
    }
    let block = ROWS.min(a.len()) * b.len();
    let work = |(number, rows): (usize, &mut [f64])| fill(a, number * ROWS, b, rows, path);
    match workers {
        None => out.chunks_mut(block).enumerate().for_each(work),
        Some(pool) => pool.install(|| out.par_chunks_mut(block).enumerate().for_each(work)),
    }
    Ok(())
}

/// Fills `out`, row by row, with the overlap of each box of `a` with each of `b`.
///
/// # Errors
/// `Room` where `out` is not of `a.len() * b.len()` values.
pub fn iou_matrix(
    workers: Option<&ThreadPool>,
    a: &SoundBoxes,
    b: &SoundBoxes,
    out: &mut [f64],
) -> Result<(), OverlapError> {
    iou_matrix_by(workers, a, b, out, Path::Best)
}
