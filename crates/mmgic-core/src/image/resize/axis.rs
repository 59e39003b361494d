//! The weights of one axis: Pillow's, of any of its filters.
//!
//! 1. In double precision from a box in single precision, each output sample's weights divided by their sum.
//! 2. Rounded to 22 bits, half away from zero.
//!
//! Cost: `2 * support * max(1, scale)` values of the filter for each output sample.

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

    #[inline(always)]
    fn at(self, x: f64) -> f64 {
        match self {
            Self::Bicubic => bicubic(x.abs()),
            Self::Bilinear => (1.0 - x.abs()).max(0.0),
            Self::Box => f64::from(u8::from(x > -0.5 && x <= 0.5)),
        }
    }
}

#[inline(always)]
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// The taps of one output sample: the first source sample and a weight for each from there on.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    pub(super) first: usize,
    weights: Range<usize>,
}

/// The taps of all output samples along one axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) taps: Vec<Taps>,
    weights: Vec<i32>,
}

impl Axis {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    pub(super) fn new(source: usize, start: f32, end: f32, side: usize, filter: Filter) -> Self {
        let scale = f64::from(end - start) / side as f64;
        let wide = scale.max(1.0);
        let support = filter.support() * wide;
        let mut axis = Self { taps: Vec::with_capacity(side), weights: Vec::new() };
        let mut row = Vec::new();
        for sample in 0..side {
            let center = f64::from(start) + (sample as f64 + 0.5) * scale;
            // Casts of floats saturate: what lies before the picture begins at 0.
            let first = (center - support + 0.5) as usize;
            let last = ((center + support + 0.5) as usize).min(source);
            row.clear();
            row.extend((first..last).map(|x| filter.at((x as f64 - center + 0.5) * (1.0 / wide))));
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
    pub(super) fn of<'a>(&'a self, taps: &Taps) -> &'a [i32] {
        &self.weights[taps.weights.clone()]
    }

    /// The source samples that any output sample needs.
    pub(super) fn span(&self) -> (usize, usize) {
        let first = self.taps.first().map_or(0, |t| t.first);
        let last = self.taps.last().map_or(0, |t| t.first + t.weights.len());
        (first, last)
    }
}
