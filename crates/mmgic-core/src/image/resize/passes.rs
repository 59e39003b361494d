//! Both passes in one stream: as soon as the second has what it needs for a row, it makes that row.
//!
//! 1. The first pass keeps its last rows in a ring, two and two of them interleaved: what the vertical pass
//!    multiplies in pairs.
//! 2. Where the vertical pass goes second, it takes rows from the ring as they come; where it goes first, its rows
//!    are gathered for the horizontal pass.
//! 3. Samples that no weight meets are never read; those that fill up a pair meet the weight 0.
//!
//! Cost: a ring of `2 * support * scale + 16` rows of `side` pixels at most, whatever the size of the picture.

use super::across::{BLOCK, Cell, ROWS, across, cells_for};
use super::axis::Axis;
use super::out::Out;
use super::vector::{LANES, Portable, RowPair, Vector};
use super::{Part, Region, Resize};

/// Values that the vertical pass sums up at once.
const TILE: usize = 4 * LANES;
/// Working memory of a resize, to be used again.
#[derive(Clone, Debug, Default)]
pub struct Buffers {
    cells: Vec<Cell>,
    /// Pairs of rows that the first pass made.
    ring: Vec<RowPair>,
    /// Pairs of rows that the horizontal pass made as the second one.
    last: Vec<RowPair>,
    /// Rows of bytes that the vertical pass made.
    bytes: Vec<u8>,
}

/// What one resize uses of the buffers.
struct Room<'a> {
    cells: &'a mut [Cell],
    ring: &'a mut [RowPair],
    last: &'a mut [RowPair],
    bytes: &'a mut [u8],
}

/// The first `length` entries.
fn first<T: Copy + Default>(buffer: &mut Vec<T>, length: usize) -> &mut [T] {
    if buffer.len() < length {
        buffer.resize(length, T::default());
    }
    &mut buffer[..length]
}

impl Buffers {
    /// Bytes that they hold.
    pub(in super::super) const fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
            + (self.ring.capacity() + self.last.capacity()) * size_of::<RowPair>()
            + self.bytes.capacity()
    }

    fn room(&mut self, sizes: &Sizes) -> Room<'_> {
        Room {
            cells: first(&mut self.cells, sizes.cells),
            ring: first(&mut self.ring, sizes.pairs * sizes.line),
            last: first(&mut self.last, sizes.last),
            bytes: first(&mut self.bytes, sizes.bytes),
        }
    }
}

/// How much of the buffers one resize uses.
struct Sizes {
    cells: usize,
    /// Pairs of rows in the ring, and values of each.
    pairs: usize,
    line: usize,
    last: usize,
    bytes: usize,
}

impl Sizes {
    fn of(plan: &Resize) -> Self {
        // The horizontal pass writes four pixels at a time, the vertical one whole tiles.
        let made = (plan.side().next_multiple_of(4) * 3).next_multiple_of(TILE);
        let cells = cells_for(&plan.columns);
        let pairs = (plan.rows.width() + BLOCK - 1).next_multiple_of(BLOCK);
        if plan.rows_first() {
            let line = (plan.columns.needs().len() * 3).next_multiple_of(TILE);
            Self { cells, pairs, line, last: made * BLOCK, bytes: made.max(line * ROWS) }
        } else {
            Self { cells, pairs, line: made, last: 0, bytes: made }
        }
    }
}

/// Bytes that the buffers of this resize take.
pub(super) fn bytes(plan: &Resize) -> usize {
    let sizes = Sizes::of(plan);
    sizes.cells * size_of::<Cell>()
        + (sizes.pairs * sizes.line + sizes.last) * size_of::<RowPair>()
        + sizes.bytes
}

/// No fewer bytes than a resize takes whose output samples sum up at most `taps` columns and rows: weights as they are
/// made and kept, cells, ring and rows.
pub(super) fn most_bytes(
    needs: &Region,
    (wide, high): (usize, usize),
    side: usize,
    rows_first: bool,
) -> usize {
    let weights = |taps: usize| side * (64 + 16 * (taps + 8));
    let made = side.next_multiple_of(4) * 3 + TILE;
    let line = if rows_first { made.max((needs.x1 - needs.x0) * 3 + TILE) } else { made };
    let cells = (needs.x1 - needs.x0 + 16) * 2 * size_of::<Cell>();
    let rows = (high / 2 + 2 * BLOCK + ROWS) * line * size_of::<RowPair>();
    weights(wide) + weights(high) + cells + rows + line * BLOCK * size_of::<RowPair>() + line * ROWS
}

/// The rows of bytes that a resize needs.
#[derive(Clone, Copy)]
struct Rows<'a> {
    bytes: &'a [u8],
    stride: usize,
    /// Bytes of each row, and number of rows.
    length: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    fn of(plan: &Resize, part: &Part<'a>) -> Self {
        let (needs, region) = (plan.needs(), part.region);
        let stride = (region.x1 - region.x0) * 3;
        let start = (needs.y0 - region.y0) * stride + (needs.x0 - region.x0) * 3;
        let (length, count) = ((needs.x1 - needs.x0) * 3, needs.y1 - needs.y0);
        Self { bytes: &part.rgb[start..], stride, length, count }
    }

    /// A row; the last one again for those that are not there.
    #[inline(always)]
    fn row(&self, number: usize) -> &'a [u8] {
        &self.bytes[number.min(self.count - 1) * self.stride..][..self.length]
    }

    #[inline(always)]
    fn block(&self, first: usize) -> [&'a [u8]; ROWS] {
        std::array::from_fn(|lane| self.row(first + lane))
    }
}

/// The vertical pass: one row of bytes as a weighted sum of the ring's rows.
#[inline(always)]
fn down<V: Vector>(v: V, ring: &[RowPair], axis: &Axis, sample: usize, out: &mut [u8]) {
    let (line, (first, weights)) = (out.len(), axis.at(sample));
    let start = first * line % ring.len();
    for (tile, bytes) in out.as_chunks_mut::<TILE>().0.iter_mut().enumerate() {
        let mut sums = [v.start(); 4];
        let mut at = start + tile * TILE;
        for &weights in weights {
            let (parts, _) = ring[at..][..TILE].as_chunks::<LANES>();
            for (sums, pairs) in sums.iter_mut().zip(parts) {
                *sums = v.add(*sums, &v.widened(pairs), weights);
            }
            at += line;
            if at >= ring.len() {
                at -= ring.len();
            }
        }
        *bytes = v.bytes([v.join(sums[0]), v.join(sums[1]), v.join(sums[2]), v.join(sums[3])]);
    }
}

/// Interleaves two rows.
#[inline(always)]
fn zipped(upper: &[u8], lower: &[u8], out: &mut [RowPair]) {
    for ((pair, &above), &below) in out.iter_mut().zip(upper).zip(lower) {
        *pair = [above, below];
    }
}

/// Row `number` of pairs of rows that the horizontal pass made.
#[inline(always)]
fn unzipped(pairs: &[RowPair], number: usize, out: &mut [u8]) {
    let lower = !number.is_multiple_of(2);
    for (byte, &[above, below]) in out.iter_mut().zip(&pairs[number / 2 * (pairs.len() / BLOCK)..]) {
        *byte = if lower { below } else { above };
    }
}

/// One resize, to be compiled for each instruction set.
struct Work<'a> {
    plan: &'a Resize,
    source: Rows<'a>,
    buffers: &'a mut Buffers,
    out: Out<'a>,
}

impl Work<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, v: V) {
        if self.plan.rows_first() { self.rows_first(v) } else { self.columns_first(v) }
    }

    #[inline(always)]
    fn columns_first<V: Vector>(mut self, v: V) {
        let Resize { columns, rows, .. } = self.plan;
        let (side, sizes) = (rows.len(), Sizes::of(self.plan));
        let Room { cells, ring, bytes, .. } = self.buffers.room(&sizes);
        let block = BLOCK * sizes.line;
        let mut made = 0;
        for row in 0..side {
            let (first, weights) = rows.at(row);
            while made < first + weights.len() {
                let target = &mut ring[made % sizes.pairs * sizes.line..][..block];
                across(v, &self.source.block(made * 2), columns, cells, target);
                made += BLOCK;
            }
            down(v, ring, rows, row, bytes);
            self.out.put(row, side, &bytes[..side * 3]);
        }
    }

    #[inline(always)]
    fn rows_first<V: Vector>(mut self, v: V) {
        let Resize { columns, rows, .. } = self.plan;
        let (side, sizes) = (rows.len(), Sizes::of(self.plan));
        let Room { cells, ring, last, bytes } = self.buffers.room(&sizes);
        let line = sizes.line;
        let mut made = 0;
        for row in 0..side {
            let (first, weights) = rows.at(row);
            while made < first + weights.len() {
                let target = &mut ring[made % sizes.pairs * line..][..line];
                zipped(self.source.row(made * 2), self.source.row(made * 2 + 1), target);
                made += 1;
            }
            let at = row % ROWS;
            down(v, ring, rows, row, &mut bytes[at * line..][..line]);
            if at == ROWS - 1 || row == side - 1 {
                let block = Rows { bytes, stride: line, length: self.source.length, count: at + 1 };
                across(v, &block.block(0), columns, cells, last);
                for done in 0..=at {
                    unzipped(last, done, &mut bytes[..side * 3]);
                    self.out.put(row - at + done, side, &bytes[..side * 3]);
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl pulp::NullaryFnOnce for super::x86::On<Work<'_>> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.work.run(self.vector);
    }
}

/// Which code goes over the pixels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path {
    /// The best of this machine.
    Best,
    /// Plain arrays.
    #[cfg(test)]
    Portable,
}

/// Runs both passes.
pub(super) fn run(plan: &Resize, part: &Part<'_>, buffers: &mut Buffers, out: Out<'_>, path: Path) {
    let work = Work { plan, source: Rows::of(plan, part), buffers, out };
    #[cfg(target_arch = "x86_64")]
    if matches!(path, Path::Best)
        && let Some(v3) = pulp::x86::V3::try_new()
    {
        return v3.vectorize(super::x86::On { vector: super::x86::Avx2(v3), work });
    }
    work.run(Portable);
}
