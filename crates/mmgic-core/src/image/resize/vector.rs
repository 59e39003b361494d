//! What the passes need of a processor: eight lanes at a time, in plain arrays here.
//!
//! The arrays are of fixed size, so that compilers turn them into the vectors of the base instruction set
//! (SSE2 on x86-64, NEON on aarch64). `x86` has the same in AVX2, bit for bit.

use super::axis::{BITS, Pair, SPLIT, Weights};

/// Half a unit of the result, so that the shift rounds.
pub(super) const HALF: i32 = 1 << (BITS - 1);

/// Values that stand side by side: rows in the horizontal pass, columns in the vertical one.
pub(super) const LANES: usize = 8;

/// A pair of samples in each lane.
pub(super) type Lanes = [Pair; LANES];

/// Bytes of two neighbouring rows.
pub(super) type RowPair = [u8; 2];

/// Sums of the products with the upper and the lower halves of the weights.
#[derive(Clone, Copy)]
pub(super) struct Sums<T> {
    pub(super) upper: T,
    pub(super) lower: T,
}

/// The few steps that are written for each instruction set.
pub(super) trait Vector: Copy {
    type Word: Copy;

    /// Sums of nothing, but for the half that rounds.
    fn start(self) -> Sums<Self::Word>;

    /// Adds to each lane's sums its pair times the weights.
    fn add(self, sums: Sums<Self::Word>, pairs: &Lanes, weights: Weights) -> Sums<Self::Word>;

    /// Both halves together, without the fraction.
    fn join(self, sums: Sums<Self::Word>) -> Self::Word;

    /// 32 values, cut to bytes.
    fn bytes(self, values: [Self::Word; 4]) -> [u8; 4 * LANES];

    /// Four pixels, three channels each, of eight rows: cut to bytes, as pairs of rows that lie `line` apart.
    fn row_pairs(self, pixels: &[[Self::Word; 3]; 4], out: &mut [RowPair], line: usize);

    /// Four RGB pixels of eight rows as two pairs of columns, three channels each; the last four bytes go unused.
    fn column_pairs(self, rows: [&[u8; 16]; LANES]) -> [[Lanes; 3]; 2];

    /// Pairs of 16 bits.
    fn widened(self, pairs: &[RowPair; LANES]) -> Lanes;
}

/// Plain arrays.
#[derive(Clone, Copy)]
pub(super) struct Portable;

type Word = [i32; LANES];

/// Adds to each lane the product of its pair.
#[inline(always)]
fn add(sums: Word, pairs: &Lanes, weights: Pair) -> Word {
    let [first, second] = weights.map(i32::from);
    std::array::from_fn(|lane| {
        let [a, b] = pairs[lane].map(i32::from);
        sums[lane].wrapping_add(a * first + b * second)
    })
}

#[inline(always)]
fn cut(value: i32) -> u8 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let byte = value.clamp(0, 255) as u8;
    byte
}

impl Vector for Portable {
    type Word = Word;

    #[inline(always)]
    fn start(self) -> Sums<Word> {
        Sums { upper: [0; LANES], lower: [HALF; LANES] }
    }

    #[inline(always)]
    fn add(self, sums: Sums<Word>, pairs: &Lanes, weights: Weights) -> Sums<Word> {
        Sums { upper: add(sums.upper, pairs, weights.upper), lower: add(sums.lower, pairs, weights.lower) }
    }

    #[inline(always)]
    fn join(self, sums: Sums<Word>) -> Word {
        std::array::from_fn(|lane| (sums.upper[lane] << SPLIT).wrapping_add(sums.lower[lane]) >> BITS)
    }

    #[inline(always)]
    fn bytes(self, values: [Word; 4]) -> [u8; 4 * LANES] {
        std::array::from_fn(|at| cut(values[at / LANES][at % LANES]))
    }

    #[inline(always)]
    fn row_pairs(self, pixels: &[[Word; 3]; 4], out: &mut [RowPair], line: usize) {
        for (at, rows) in pixels.as_flattened().iter().enumerate() {
            for (pair, values) in rows.as_chunks::<2>().0.iter().enumerate() {
                out[pair * line + at] = values.map(cut);
            }
        }
    }

    #[inline(always)]
    fn column_pairs(self, rows: [&[u8; 16]; LANES]) -> [[Lanes; 3]; 2] {
        let pair = |at: usize| rows.map(|row| [row[at].into(), row[at + 3].into()]);
        [0, 6].map(|first| [0, 1, 2].map(|channel| pair(first + channel)))
    }

    #[inline(always)]
    fn widened(self, pairs: &[RowPair; LANES]) -> Lanes {
        pairs.map(|pair| pair.map(i16::from))
    }
}
