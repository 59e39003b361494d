//! Pillow's antialiased bicubic (a = -0.5): a crop in two passes.
//!
//! 1. Coefficients in double precision from a box in single precision, normalised, then rounded to 22 bits.
//! 2. Each pass sums in 32-bit integers and rounds to 8 bits. Hence the result is Pillow's, value for value.
//! 3. The horizontal pass goes first, as ever in Pillow; but since version 13 the vertical one does where the
//!    whole picture shrinks more than twice as much in height as in width (found by experiment: both orders
//!    were compared with Pillow's result for some thousand sizes and crops).
//! 4. Only what the second pass needs goes through the first.
//!
//! Cost: about `4 * max(1, scale)` multiplications a value and pass, `side * rows * 3` bytes between the passes.

use super::error::ImageError;
use super::picture::Picture;
use pulp::{Arch, Simd, WithSimd};

/// The largest side that a crop may be resized to.
pub const MAX_SIDE: usize = 8192;

const BITS: u32 = 32 - 8 - 2;
const HALF: i32 = 1 << (BITS - 1);
const RADIUS: f64 = 2.0;
/// Rows that the horizontal pass takes at once.
const LANES: usize = 32;
/// How far a crop may stick out of its picture, in pixels; it is then cut at the border.
const TOLERANCE: f64 = 1e-6;

/// Part of a picture, in upright pixels: x0, y0, x1, y1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropBox(pub [f64; 4]);

impl CropBox {
    /// The box cut to the picture, in the precision that Pillow keeps.
    fn inside(self, width: usize, height: usize) -> Result<[f32; 4], ImageError> {
        let Self([x0, y0, x1, y1]) = self;
        #[allow(clippy::cast_precision_loss)]
        let (right, bottom) = (width as f64, height as f64);
        let ok = x0 >= -TOLERANCE && y0 >= -TOLERANCE && x1 <= right + TOLERANCE && y1 <= bottom + TOLERANCE;
        #[allow(clippy::cast_possible_truncation)]
        let cut = [x0.max(0.0), y0.max(0.0), x1.min(right), y1.min(bottom)].map(|v| v as f32);
        // Written so that a NaN is refused too.
        if ok && cut[0] < cut[2] && cut[1] < cut[3] { Ok(cut) } else { Err(ImageError::BadCrop) }
    }
}

fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// The taps of one output sample: the first source sample and a weight for each from there on.
struct Taps {
    first: usize,
    weights: std::ops::Range<usize>,
}

/// The taps of all output samples along one axis.
struct Axis {
    taps: Vec<Taps>,
    weights: Vec<i32>,
}

impl Axis {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn new(source: usize, start: f32, end: f32, side: usize) -> Self {
        let scale = f64::from(end - start) / side as f64;
        let wide = scale.max(1.0);
        let support = RADIUS * wide;
        let mut axis = Self { taps: Vec::with_capacity(side), weights: Vec::new() };
        let mut row = Vec::new();
        for sample in 0..side {
            let center = f64::from(start) + (sample as f64 + 0.5) * scale;
            // Casts of floats saturate: what lies before the picture begins at 0.
            let first = (center - support + 0.5) as usize;
            let last = ((center + support + 0.5) as usize).min(source);
            row.clear();
            row.extend((first..last).map(|x| bicubic((x as f64 - center + 0.5) * (1.0 / wide))));
            let sum: f64 = row.iter().sum();
            let begin = axis.weights.len();
            axis.weights.extend(row.iter().map(|w| {
                let w = if sum == 0.0 { *w } else { w / sum };
                let scaled = w * f64::from(1 << BITS);
                (scaled + if w < 0.0 { -0.5 } else { 0.5 }) as i32
            }));
            axis.taps.push(Taps { first, weights: begin..axis.weights.len() });
        }
        axis
    }

    #[inline(always)]
    fn of<'a>(&'a self, taps: &Taps) -> &'a [i32] {
        &self.weights[taps.weights.clone()]
    }

    /// The source samples that any output sample needs.
    fn span(&self) -> (usize, usize) {
        let first = self.taps.first().map_or(0, |t| t.first);
        let last = self.taps.last().map_or(0, |t| t.first + t.weights.len());
        (first, last)
    }
}

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
}

/// Both passes over one crop, compiled once for each instruction set.
struct Passes<'a> {
    picture: &'a Picture,
    columns: &'a Axis,
    rows: &'a Axis,
    buffers: &'a mut Buffers,
    out: &'a mut [u8],
}

impl WithSimd for Passes<'_> {
    type Output = ();

    /// Each pass goes over no more than the other needs.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { picture, columns, rows, buffers: Buffers { between, lanes, sums }, out } = self;
        let side = columns.taps.len();
        let ((left, right), (top, bottom)) = (columns.span(), rows.span());
        let stride = picture.width * 3;
        let length = (right - left) * 3;
        let source = Rows { bytes: &picture.rgb[top * stride..], stride, left: left * 3, length };
        if picture.height.saturating_sub(side) > 2 * picture.width.saturating_sub(side) {
            between.resize(side * length, 0);
            down(source, top, rows, sums, between);
            across(Rows { bytes: between, stride: length, left: 0, length }, left, columns, lanes, out);
        } else {
            let length = side * 3;
            between.resize((bottom - top) * length, 0);
            across(source, left, columns, lanes, between);
            down(Rows { bytes: between, stride: length, left: 0, length }, top, rows, sums, out);
        }
    }
}

/// Resizes a crop to `side` x `side` pixels, written to `out` (`side * side * 3` bytes).
///
/// # Errors
/// `BadCrop` when the crop sticks out of the picture, is empty or not a number.
pub fn resize_square(
    picture: &Picture,
    crop: CropBox,
    side: usize,
    buffers: &mut Buffers,
    out: &mut [u8],
) -> Result<(), ImageError> {
    let [x0, y0, x1, y1] = crop.inside(picture.width, picture.height)?;
    let columns = Axis::new(picture.width, x0, x1, side);
    let rows = Axis::new(picture.height, y0, y1, side);
    // Picks the best instruction set of this machine.
    Arch::new().dispatch(Passes { picture, columns: &columns, rows: &rows, buffers, out });
    Ok(())
}
