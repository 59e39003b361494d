//! The horizontal pass, on sixteen rows at once.
//!
//! 1. Rows are laid side by side, a few pixels at a time and just ahead of their use: each vector then holds a
//!    pair of neighbouring samples of eight rows.
//! 2. One weight meets all rows in a few multiplications; pairs of rows come out, as the vertical pass wants them.
//!
//! Cost: about a fifth goes into the laying where a picture shrinks to a third.

use super::axis::Axis;
use super::vector::{LANES, Lanes, RowPair, Vector};

/// Rows are taken in groups of one to a lane.
const GROUPS: usize = 2;
/// Rows that are taken at once, and the pairs of them.
pub(super) const ROWS: usize = GROUPS * LANES;
pub(super) const BLOCK: usize = ROWS / 2;

/// Four pixels are laid at once, this many times in one go; and the bytes that are read for them.
const RUN: usize = 4;
const RUN_BYTES: usize = RUN * 12 + 4;

/// A pair of columns of all rows, by channel.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Cell([[Lanes; 3]; GROUPS]);

/// The cells that a pass along this axis needs.
pub(super) fn cells_for(axis: &Axis) -> usize {
    axis.needs().len().div_ceil(2).next_multiple_of(2 * RUN)
}

/// `N` bytes from `at` on, zeros where the row has ended.
#[inline(always)]
fn padded<const N: usize>(row: &[u8], at: usize) -> [u8; N] {
    let rest = &row[at.min(row.len())..];
    let mut bytes = [0; N];
    for (byte, &value) in bytes.iter_mut().zip(rest) {
        *byte = value;
    }
    bytes
}

/// `N` bytes of each row from `at` on, unless a row has ended. (A closure would not be inlined.)
#[inline(always)]
fn parts<'a, const N: usize>(rows: &[&'a [u8]; LANES], at: usize) -> Option<[&'a [u8; N]; LANES]> {
    let mut parts = [rows[0].get(at..)?.first_chunk()?; LANES];
    for (part, row) in parts.iter_mut().zip(rows) {
        *part = row.get(at..)?.first_chunk()?;
    }
    Some(parts)
}

/// Lays the pixels of one go side by side.
#[inline(always)]
fn lay<V: Vector>(v: V, rows: [&[u8; RUN_BYTES]; LANES], group: usize, cells: &mut [Cell; 2 * RUN]) {
    for (four, cells) in cells.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let mut pixels = [&[0; 16]; LANES];
        for (pixels, row) in pixels.iter_mut().zip(rows) {
            if let Some(part) = row[four * 12..].first_chunk() {
                *pixels = part;
            }
        }
        [cells[0].0[group], cells[1].0[group]] = v.column_pairs(pixels);
    }
}

/// One sample of each row and channel.
#[inline(always)]
fn summed<V: Vector>(v: V, cells: &[Cell], axis: &Axis, sample: usize) -> [[V::Word; 3]; GROUPS] {
    let (first, weights) = axis.at(sample.min(axis.len() - 1));
    let mut sums = [[v.start(); 3]; GROUPS];
    for (cell, &weights) in cells[first..].iter().zip(weights) {
        for (sums, lanes) in sums.as_flattened_mut().iter_mut().zip(cell.0.as_flattened()) {
            *sums = v.add(*sums, lanes, weights);
        }
    }
    let mut words = [[v.join(sums[0][0]); 3]; GROUPS];
    for (word, &sums) in words.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
        *word = v.join(sums);
    }
    words
}

/// Passes over some rows, to the `BLOCK` pairs of rows of `out`.
#[inline(always)]
pub(super) fn across<V: Vector>(
    v: V,
    rows: &[&[u8]; ROWS],
    axis: &Axis,
    cells: &mut [Cell],
    out: &mut [RowPair],
) {
    let line = out.len() / BLOCK;
    let mut laid = 0;
    for first in (0..axis.len()).step_by(4) {
        let (last, weights) = axis.at((first + 3).min(axis.len() - 1));
        while laid < last + weights.len() {
            if let Some(cells) = cells[laid..].first_chunk_mut() {
                for (group, rows) in rows.as_chunks().0.iter().enumerate() {
                    let border;
                    let rows = if let Some(rows) = parts(rows, laid * 6) {
                        rows
                    } else {
                        border = rows.map(|row| padded(row, laid * 6));
                        border.each_ref()
                    };
                    lay(v, rows, group, cells);
                }
            }
            laid += 2 * RUN;
        }
        let pixels = [
            summed(v, cells, axis, first),
            summed(v, cells, axis, first + 1),
            summed(v, cells, axis, first + 2),
            summed(v, cells, axis, first + 3),
        ];
        for (group, out) in out.chunks_exact_mut(line * LANES / 2).enumerate() {
            let own = [pixels[0][group], pixels[1][group], pixels[2][group], pixels[3][group]];
            v.row_pairs(&own, &mut out[first * 3..], line);
        }
    }
}
