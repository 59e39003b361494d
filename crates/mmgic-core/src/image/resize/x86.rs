//! The steps of the passes in AVX2, by `pulp`'s safe functions.

use super::axis::{BITS, Pair, SPLIT, Weights};
use super::vector::{HALF, LANES, Lanes, RowPair, Sums, Vector};
use pulp::bytemuck::cast;
use pulp::x86::V3;
use std::arch::x86_64::{__m128i, __m256i};

/// AVX2 is there.
#[derive(Clone, Copy)]
pub(super) struct Avx2(pub(super) V3);

/// Colours of four RGB pixels apart, each in the order 0, 2, 1, 3: so that one mask yields the pair 0, 1 of
/// 16 bits, and one shift the pair 2, 3.
const APART: [u8; 16] = [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11, 255, 255, 255, 255];

/// Work to be compiled for AVX2.
pub(super) struct On<W> {
    pub(super) vector: Avx2,
    pub(super) work: W,
}

/// Pairs of rows of four samples, from sample by sample to pair by pair.
const BY_ROWS: [u8; 16] = [0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15];

impl Avx2 {
    /// Bytes of row `low` in the lower half and of row `high` in the upper one.
    #[inline(always)]
    fn two_rows(self, low: &[u8; 16], high: &[u8; 16]) -> __m256i {
        let low = self.0.avx._mm256_castsi128_si256(cast::<_, __m128i>(*low));
        let both = self.0.avx2._mm256_inserti128_si256::<1>(low, cast(*high));
        self.0.avx2._mm256_shuffle_epi8(both, cast([APART; 2]))
    }

    #[inline(always)]
    fn product(self, pairs: __m256i, weights: Pair) -> __m256i {
        self.0.avx2._mm256_madd_epi16(pairs, self.0.avx._mm256_set1_epi32(cast(weights)))
    }

    /// Four samples of eight rows, cut to bytes, as four pairs of rows.
    #[inline(always)]
    fn four(self, samples: &[__m256i; 4]) -> [[RowPair; 4]; 4] {
        let avx2 = self.0.avx2;
        let first = avx2._mm256_packs_epi32(samples[0], samples[1]);
        let second = avx2._mm256_packs_epi32(samples[2], samples[3]);
        // In each half: the first two rows and the second two of a sample, then those of the next.
        let bytes = avx2._mm256_packus_epi16(first, second);
        cast(avx2._mm256_shuffle_epi8(bytes, cast([BY_ROWS; 2])))
    }
}

impl Vector for Avx2 {
    type Word = __m256i;

    #[inline(always)]
    fn start(self) -> Sums<__m256i> {
        let avx = self.0.avx;
        Sums { upper: avx._mm256_setzero_si256(), lower: avx._mm256_set1_epi32(HALF) }
    }

    #[inline(always)]
    fn add(self, sums: Sums<__m256i>, pairs: &Lanes, weights: Weights) -> Sums<__m256i> {
        let (avx2, pairs) = (self.0.avx2, cast(*pairs));
        Sums {
            upper: avx2._mm256_add_epi32(sums.upper, self.product(pairs, weights.upper)),
            lower: avx2._mm256_add_epi32(sums.lower, self.product(pairs, weights.lower)),
        }
    }

    #[inline(always)]
    fn join(self, sums: Sums<__m256i>) -> __m256i {
        let avx2 = self.0.avx2;
        let upper = avx2._mm256_slli_epi32::<{ SPLIT.cast_signed() }>(sums.upper);
        avx2._mm256_srai_epi32::<{ BITS.cast_signed() }>(avx2._mm256_add_epi32(upper, sums.lower))
    }

    #[inline(always)]
    fn bytes(self, values: [__m256i; 4]) -> [u8; 4 * LANES] {
        let avx2 = self.0.avx2;
        let low = avx2._mm256_packs_epi32(values[0], values[1]);
        let high = avx2._mm256_packs_epi32(values[2], values[3]);
        let bytes = avx2._mm256_packus_epi16(low, high);
        // Packing works in halves of 16 bytes: bring the fours back in order.
        cast(avx2._mm256_permutevar8x32_epi32(bytes, cast([0, 4, 1, 5, 2, 6, 3, 7])))
    }

    #[inline(always)]
    fn row_pairs(self, pixels: &[[__m256i; 3]; 4], out: &mut [RowPair], line: usize) {
        for (part, samples) in pixels.as_flattened().as_chunks().0.iter().enumerate() {
            for (row, pairs) in self.four(samples).iter().enumerate() {
                out[row * line + part * 4..][..4].copy_from_slice(pairs);
            }
        }
    }

    #[inline(always)]
    fn column_pairs(self, rows: [&[u8; 16]; LANES]) -> [[Lanes; 3]; 2] {
        let V3 { avx, avx2, .. } = self.0;
        let (a, b) = (self.two_rows(rows[0], rows[4]), self.two_rows(rows[1], rows[5]));
        let (c, d) = (self.two_rows(rows[2], rows[6]), self.two_rows(rows[3], rows[7]));
        // Rows and colours change places.
        let (red_green, blue) = (avx2._mm256_unpacklo_epi32(a, b), avx2._mm256_unpackhi_epi32(a, b));
        let (more_red_green, more_blue) =
            (avx2._mm256_unpacklo_epi32(c, d), avx2._mm256_unpackhi_epi32(c, d));
        let red = avx2._mm256_unpacklo_epi64(red_green, more_red_green);
        let green = avx2._mm256_unpackhi_epi64(red_green, more_red_green);
        let blue = avx2._mm256_unpacklo_epi64(blue, more_blue);
        let low = avx._mm256_set1_epi16(255);
        let mut pairs = [[[[0; 2]; LANES]; 3]; 2];
        for (channel, colour) in [red, green, blue].into_iter().enumerate() {
            pairs[0][channel] = cast(avx2._mm256_and_si256(colour, low));
            pairs[1][channel] = cast(avx2._mm256_srli_epi16::<8>(colour));
        }
        pairs
    }

    #[inline(always)]
    fn widened(self, pairs: &[RowPair; LANES]) -> Lanes {
        cast(self.0.avx2._mm256_cvtepu8_epi16(cast(*pairs)))
    }
}
