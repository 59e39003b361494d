//! Both passes.

use super::axis::{Axis, BITS};
use super::{Out, Part, Resize};
use pulp::{Arch, Simd, WithSimd};

const HALF: i32 = 1 << (BITS - 1);
/// Rows that the horizontal pass takes at once.
const LANES: usize = 32;

#[inline(always)]
fn rounded(sum: i32) -> u8 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let value = (sum >> BITS).clamp(0, 255) as u8;
    value
}

/// Some columns of whole rows of RGB bytes.
#[derive(Clone, Copy)]
struct Rows<'a> {
    bytes: &'a [u8],
    stride: usize,
    /// Where the columns begin in each row, and their number, in bytes.
    left: usize,
    length: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn row(&self, number: usize) -> &'a [u8] {
        let start = number * self.stride + self.left;
        &self.bytes[start..start + self.length]
    }
}

/// Adds `weight` times each value to its sum.
#[inline(always)]
fn add_weighted(sums: &mut [i32], values: &[u8], weight: i32) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += i32::from(value) * weight;
    }
}

/// Swaps the bits of `b` under the mask with those of `a` above them.
#[inline(always)]
fn exchanged(a: u64, b: u64, bits: u32, mask: u64) -> (u64, u64) {
    ((a & mask) | (b & mask) << bits, (a >> bits & mask) | (b & !mask))
}

/// Swaps rows and columns of 8 x 8 bytes: halves, then quarters, then eighths change places.
#[inline(always)]
fn transposed(rows: [[u8; 8]; 8]) -> [[u8; 8]; 8] {
    let mut w = rows.map(u64::from_le_bytes);
    for upper in [0, 1, 2, 3] {
        (w[upper], w[upper + 4]) = exchanged(w[upper], w[upper + 4], 32, 0x0000_0000_ffff_ffff);
    }
    for upper in [0, 1, 4, 5] {
        (w[upper], w[upper + 2]) = exchanged(w[upper], w[upper + 2], 16, 0x0000_ffff_0000_ffff);
    }
    for upper in [0, 2, 4, 6] {
        (w[upper], w[upper + 1]) = exchanged(w[upper], w[upper + 1], 8, 0x00ff_00ff_00ff_00ff);
    }
    w.map(u64::to_le_bytes)
}

/// Lays the bytes of eight rows side by side: byte `i` of all of them in part `group` of lane cell `i`.
#[inline(always)]
fn interleave(rows: [&[u8]; 8], lanes: &mut [[u8; LANES]], group: usize) {
    let tiles = rows.map(<[u8]>::as_chunks::<8>);
    let (blocks, tail) = lanes.as_chunks_mut::<8>();
    for (tile, cells) in blocks.iter_mut().enumerate() {
        let square = transposed(tiles.map(|(whole, _)| whole[tile]));
        for (cell, eight) in cells.iter_mut().zip(square) {
            cell.as_chunks_mut::<8>().0[group] = eight;
        }
    }
    for (column, cell) in tail.iter_mut().enumerate() {
        cell.as_chunks_mut::<8>().0[group] = tiles.map(|(_, rest)| rest[column]);
    }
}

/// The horizontal pass, on [`LANES`] rows at once: their bytes are first laid side by side, so that one
/// weight meets the same sample of all of them in a few vectors.
#[inline(always)]
fn across(rows: Rows<'_>, first_column: usize, axis: &Axis, lanes: &mut Vec<[u8; LANES]>, out: &mut [u8]) {
    let stride = axis.taps.len() * 3;
    lanes.resize(rows.length, [0; LANES]);
    for (block, target) in out.chunks_mut(LANES * stride).enumerate() {
        let count = target.len() / stride;
        for group in 0..LANES / 8 {
            // A last, short block repeats its last row.
            let row = |lane: usize| rows.row(block * LANES + (group * 8 + lane).min(count - 1));
            interleave(std::array::from_fn(row), lanes, group);
        }
        for (sample, taps) in axis.taps.iter().enumerate() {
            let (cells, _) = lanes[(taps.first - first_column) * 3..].as_chunks::<3>();
            let mut sums = [HALF; 3 * LANES];
            for (pixel, &weight) in cells.iter().zip(axis.of(taps)) {
                add_weighted(&mut sums, pixel.as_flattened(), weight);
            }
            let values = sums.map(rounded);
            for (row, line) in target.chunks_exact_mut(stride).enumerate() {
                for channel in 0..3 {
                    line[sample * 3 + channel] = values[channel * LANES + row];
                }
            }
        }
    }
}

/// The vertical pass: each row of `out` is a weighted sum of rows.
#[inline(always)]
fn down(rows: Rows<'_>, first_row: usize, axis: &Axis, sums: &mut Vec<i32>, out: &mut [u8]) {
    sums.resize(rows.length, 0);
    for (target, taps) in out.chunks_exact_mut(rows.length).zip(&axis.taps) {
        sums.fill(HALF);
        for (row, &weight) in (taps.first - first_row..).zip(axis.of(taps)) {
            add_weighted(sums, rows.row(row), weight);
        }
        for (value, &sum) in target.iter_mut().zip(&*sums) {
            *value = rounded(sum);
        }
    }
}

/// Working memory of a resize, to be used again.
#[derive(Clone, Debug, Default)]
pub struct Buffers {
    between: Vec<u8>,
    lanes: Vec<[u8; LANES]>,
    sums: Vec<i32>,
    square: Vec<u8>,
}

/// Both passes over one crop, compiled once for each instruction set.
struct Passes<'a> {
    plan: &'a Resize,
    part: &'a Part<'a>,
    buffers: &'a mut Buffers,
    out: &'a mut [u8],
}

impl WithSimd for Passes<'_> {
    type Output = ();

    /// Each pass goes over no more than the other needs.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { plan, part, buffers: Buffers { between, lanes, sums, .. }, out } = self;
        let (columns, rows, needs, region) = (&plan.columns, &plan.rows, plan.needs, part.region);
        let (side, left, top) = (plan.side(), needs.x0, needs.y0);
        let stride = (region.x1 - region.x0) * 3;
        let length = (needs.x1 - left) * 3;
        let bytes = &part.rgb[(top - region.y0) * stride..];
        let source = Rows { bytes, stride, left: (left - region.x0) * 3, length };
        let (width, height) = plan.whole;
        if height.saturating_sub(side) > 2 * width.saturating_sub(side) {
            between.resize(side * length, 0);
            down(source, top, rows, sums, between);
            across(Rows { bytes: between, stride: length, left: 0, length }, left, columns, lanes, out);
        } else {
            let length = side * 3;
            between.resize((needs.y1 - top) * length, 0);
            across(source, left, columns, lanes, between);
            down(Rows { bytes: between, stride: length, left: 0, length }, top, rows, sums, out);
        }
    }
}

/// Bytes of the buffers after a run.
pub(super) fn bytes(plan: &Resize) -> usize {
    let needs = plan.needs;
    plan.side() * 3 * (plan.side() + (needs.y1 - needs.y0)) + (needs.x1 - needs.x0) * 3 * (LANES + 4)
}

/// Runs both passes with the best instruction set of this machine.
pub(super) fn run(plan: &Resize, part: &Part<'_>, buffers: &mut Buffers, mut out: Out<'_>) {
    if let Out::Bytes(out) = out {
        return Arch::new().dispatch(Passes { plan, part, buffers, out });
    }
    let mut square = std::mem::take(&mut buffers.square);
    square.resize(out.len(), 0);
    Arch::new().dispatch(Passes { plan, part, buffers, out: &mut square });
    out.put(0, plan.side(), &square);
    buffers.square = square;
}
