//! The weights of one axis: Pillow's, of any of its filters.
//!
//! 1. In double precision from a box in single precision, each output sample's weights divided by their sum.
//! 2. Rounded to 22 bits, half away from zero.
//! 3. Zeros at the ends dropped, then laid in pairs from the first sample that any output needs.
//!
//! Cost: `2 * support * max(1, scale)` values of the filter for each output sample, about 6 ns each.

use pulp::{Arch, Simd, WithSimd};
use std::ops::Range;

/// Fractional bits of a weight: 8 for the value and 2 for what overshoots are left of 32.
pub(super) const BITS: u32 = 32 - 8 - 2;

/// How the source samples around an output sample are weighted: Pillow's filters of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Cubic of a = -0.5, two samples to each side.
    Bicubic,
    /// A triangle, one sample to each side.
    Bilinear,
    /// All alike, half a sample to each side.
    Box,
}

impl Filter {
    /// Every filter with the name that Python uses.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Bicubic, "bicubic"), (Self::Bilinear, "bilinear"), (Self::Box, "box")];

    const fn support(self) -> f64 {
        match self {
            Self::Bicubic => 2.0,
            Self::Bilinear => 1.0,
            Self::Box => 0.5,
        }
    }

    /// The filter's values at `at(0)`, `at(1)` and so on.
    #[inline(always)]
    fn fill(self, values: &mut [[f64; 4]], at: impl Fn(i32) -> f64) {
        match self {
            Self::Bicubic => fill(values, |x| bicubic(at(x).abs())),
            Self::Bilinear => fill(values, |x| (1.0 - at(x).abs()).max(0.0)),
            Self::Box => fill(values, |x| if at(x) > -0.5 && at(x) <= 0.5 { 1.0 } else { 0.0 }),
        }
    }
}

/// By fours, so that compilers take several values at once even where there are few.
#[inline(always)]
fn fill(values: &mut [[f64; 4]], value: impl Fn(i32) -> f64) {
    for (four, to) in (0..).step_by(4).zip(values) {
        *to = [value(four), value(four + 1), value(four + 2), value(four + 3)];
    }
}

/// Both branches are computed, for the same reason.
#[inline(always)]
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let near = ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = (((x - 5.0) * x + 8.0) * x - 4.0) * A;
    let outer = if x < 2.0 { far } else { 0.0 };
    if x < 1.0 { near } else { outer }
}

/// Weights of two neighbouring samples, each split into `upper * 2^SPLIT + lower` of 16 bits: sums of both
/// halves, put together again, are exact modulo 2^32, and a processor multiplies 16 bits in pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weights {
    pub(super) upper: Pair,
    pub(super) lower: Pair,
}

/// Values of two neighbouring samples.
pub(super) type Pair = [i16; 2];

/// Bits of the lower half of a weight.
pub(super) const SPLIT: u32 = 12;

/// The pairs that one output sample sums up.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: usize,
    pairs: usize,
}

impl Span {
    fn of(samples: &Range<usize>, begin: usize) -> Self {
        let first = (samples.start - begin) / 2;
        Self { first, pairs: (samples.end - begin).div_ceil(2) - first }
    }
}

/// The source samples of each output sample, such that no span begins or ends before the one before it: a
/// weight that happens to be 0 at the border of the picture could make one.
fn in_order(taps: &[Taps]) -> Vec<Range<usize>> {
    let mut spans: Vec<_> = taps.iter().map(|taps| taps.first..taps.first + taps.weights.len()).collect();
    let mut start = usize::MAX;
    for span in spans.iter_mut().rev() {
        start = start.min(span.start);
        span.start = start;
    }
    let mut end = 0;
    for span in &mut spans {
        end = end.max(span.end);
        span.end = end;
    }
    spans
}

/// The taps of all output samples along one axis. Pairs are counted from the first sample that any needs.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    spans: Vec<Span>,
    /// `width` weights for each output sample.
    weights: Vec<Weights>,
    width: usize,
    needs: Range<usize>,
}

impl Axis {
    pub(super) fn new(source: usize, start: f32, end: f32, side: usize, filter: Filter) -> Self {
        let (taps, flat) = pillow(source, start, end, side, filter);
        let samples = in_order(&taps);
        let needs = samples.first().map_or(0, |s| s.start)..samples.last().map_or(0, |s| s.end);
        let spans = samples.iter().map(|samples| Span::of(samples, needs.start)).collect::<Vec<_>>();
        let width = spans.iter().map(|span| span.pairs).max().unwrap_or(0);
        let mut even = vec![0; side * width * 2];
        for ((own, span), taps) in even.chunks_exact_mut(width.max(1) * 2).zip(&spans).zip(taps) {
            let offset = taps.first - needs.start - 2 * span.first;
            own[offset..][..taps.weights.len()].copy_from_slice(&flat[taps.weights]);
        }
        let weights = even.as_chunks().0.iter().map(|&pair| Weights::new(pair)).collect();
        Self { spans, weights, width, needs }
    }

    /// Output samples.
    pub(super) const fn len(&self) -> usize {
        self.spans.len()
    }

    /// The source samples that any output sample needs.
    pub(super) const fn needs(&self) -> &Range<usize> {
        &self.needs
    }

    /// The most pairs that an output sample sums up.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// The first pair of an output sample, and the weights of the pairs from there on.
    #[inline(always)]
    pub(super) fn at(&self, sample: usize) -> (usize, &[Weights]) {
        let Span { first, pairs } = self.spans[sample];
        (first, &self.weights[sample * self.width..][..pairs])
    }

    /// No fewer than the samples that [`Axis::new`] finds needed, and the most that one output sample does.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub(super) fn reach(
        source: usize,
        (start, end): (f32, f32),
        side: usize,
        filter: Filter,
    ) -> (Range<usize>, usize) {
        let scale = f64::from(end - start) / side as f64;
        let support = filter.support() * scale.max(1.0);
        let center = |sample: usize| f64::from(start) + (sample as f64 + 0.5) * scale;
        let first = (center(0) - support + 0.5) as usize;
        let last = ((center(side - 1) + support + 0.5) as usize).min(source);
        (first..last, (support.ceil() as usize * 2 + 1).min(source))
    }

    pub(super) const fn bytes(&self) -> usize {
        size_of::<Span>() * self.spans.capacity() + size_of::<Weights>() * self.weights.capacity()
    }
}

impl Weights {
    #[allow(clippy::cast_possible_truncation)]
    fn new(pair: [i32; 2]) -> Self {
        let lower = pair.map(|w| (w & ((1 << SPLIT) - 1)) as i16);
        Self { upper: pair.map(|w| (w >> SPLIT) as i16), lower }
    }
}

/// The source samples of one output sample from the first on, and where their weights lie.
pub(super) struct Taps {
    pub(super) first: usize,
    pub(super) weights: Range<usize>,
}

/// Pillow's taps, sample by sample, without the zeros at their ends.
pub(super) fn pillow(
    source: usize,
    start: f32,
    end: f32,
    side: usize,
    filter: Filter,
) -> (Vec<Taps>, Vec<i32>) {
    Arch::new().dispatch(Pillow { source, start, end, side, filter })
}

/// Compiled for each instruction set; the sums are the same in all.
struct Pillow {
    source: usize,
    start: f32,
    end: f32,
    side: usize,
    filter: Filter,
}

impl WithSimd for Pillow {
    type Output = (Vec<Taps>, Vec<i32>);

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let Self { source, start, end, side, filter } = self;
        let scale = f64::from(end - start) / side as f64;
        let wide = scale.max(1.0);
        let support = filter.support() * wide;
        // One value more than the widest of all.
        let most = (support.ceil() as usize * 2 + 1).min(source).div_ceil(4);
        let (mut values, mut scaled) = (vec![[0.0; 4]; most], vec![[0; 4]; most]);
        let mut flat = Vec::with_capacity(side * most * 4);
        let mut all = Vec::with_capacity(side);
        for sample in 0..side {
            let center = f64::from(start) + (sample as f64 + 0.5) * scale;
            // Casts of floats saturate: what lies before the picture begins at 0.
            let first = (center - support + 0.5) as usize;
            let count = ((center + support + 0.5) as usize).min(source) - first;
            // Whole numbers of less than 53 bits: their sum is exact.
            let offset = first as f64;
            let row = &mut values[..count.div_ceil(4)];
            filter.fill(row, |x| (offset + f64::from(x) - center + 0.5) * (1.0 / wide));
            let sum: f64 = row.as_flattened()[..count].iter().sum();
            let sum = if sum == 0.0 { 1.0 } else { sum };
            for (to, four) in scaled.iter_mut().zip(row) {
                *to = four.map(|w| w / sum).map(|w| (w * f64::from(1 << BITS) + 0.5_f64.copysign(w)) as i32);
            }
            let own = &scaled.as_flattened()[..count];
            let leading = own.iter().take_while(|&&w| w == 0).count();
            let trailing = own[leading..].iter().rev().take_while(|&&w| w == 0).count();
            let begin = flat.len();
            flat.extend_from_slice(&own[leading..count - trailing]);
            all.push(Taps { first: first + leading, weights: begin..flat.len() });
        }
        (all, flat)
    }
}
