//! Quantising: fractions to whole numbers and back.
//!
//! Cost: a nanosecond or two a number. Rounding is half to even, by adding and dropping 2^52 (what `rint` does).

use super::error::BoxError;
use super::resize::Resize;

/// How a fraction becomes a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `floor(v * bins)` held to the last bin; read as the bin's centre.
    Floor { bins: u32 },
    /// `round(v * scale)` held to `bins - 1`; read as `t / scale`.
    Round { bins: u32, scale: f64 },
    /// `v` with so many decimals, as exact decimal rounding says; ids count the last decimal.
    Decimals { places: u32 },
    /// Cells of a square grid, row by row: the one the upper left corner lies in and the last one that the box covers.
    Cells { side: u32 },
    /// Pixels of the picture as a model resizes it, rounded.
    Pixels { resize: Resize },
}

/// What the numbers of one picture are divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    pub scale: f64,
    pub last: f64,
    pub offset: f64,
}

impl Axis {
    /// The fraction of a number that is in range.
    pub(super) fn value(&self, number: f64) -> f64 {
        (number + self.offset) / self.scale
    }
}

/// Half to even; right for 0 <= x < 2^31.
#[inline(always)]
fn rounded(x: f64) -> i32 {
    const MAGIC: f64 = 4_503_599_627_370_496.0;
    #[allow(clippy::cast_possible_truncation)]
    let low = (x + MAGIC).to_bits() as u32;
    low.cast_signed()
}

/// Below 0 or above 1 is held to the border.
#[inline(always)]
fn held(v: f64) -> f64 {
    v.clamp(0.0, 1.0)
}

#[inline(always)]
fn truncated(x: f64) -> i32 {
    #[allow(clippy::cast_possible_truncation)]
    let whole = x as i32;
    whole
}

/// `v` to so many decimals, in units of the last one: what `format(v, ".3f")` prints, at ties too.
fn decimal(v: f64, scale: f64) -> i32 {
    let product = v * scale;
    let half = truncated(product);
    let distance = product - f64::from(half) - 0.5;
    if distance.abs() > 1e-6 {
        return rounded(product);
    }
    // Near a tie the product itself may be rounded: the fused form is not.
    let exact = v.mul_add(scale, -(f64::from(half) + 0.5));
    if exact == 0.0 { half + (half & 1) } else { half + i32::from(exact > 0.0) }
}

impl Rule {
    /// Numbers a box: 2 for cells, else 4.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        if matches!(self, Self::Cells { .. }) { 2 } else { 4 }
    }

    /// Decimals that are written.
    pub(super) const fn places(&self) -> u32 {
        if let Self::Decimals { places } = self { *places } else { 0 }
    }

    /// Largest number that can be written, where no picture is needed to know it.
    pub(super) fn last(&self) -> i32 {
        match *self {
            Self::Floor { bins } | Self::Round { bins, .. } => bins.cast_signed() - 1,
            Self::Decimals { places } => 10_i32.pow(places),
            Self::Cells { side } => (side * side).cast_signed() - 1,
            Self::Pixels { .. } => i32::MAX,
        }
    }

    /// Divisors of the two axes for ids; `None` without the sizes that are needed.
    pub(super) fn axes(&self, size: Option<[u32; 2]>) -> Option<[Axis; 2]> {
        let axis = |scale: f64, last: i32, offset: f64| Axis { scale, last: f64::from(last), offset };
        let both = match *self {
            Self::Floor { bins } => axis(f64::from(bins), self.last(), 0.5),
            Self::Round { scale, .. } => axis(scale, self.last(), 0.0),
            Self::Decimals { places } => axis(f64::from(10_i32.pow(places)), self.last(), 0.0),
            Self::Cells { side } => axis(f64::from(side), side.cast_signed() - 1, 0.0),
            Self::Pixels { .. } => {
                return size.map(|sides| {
                    sides.map(|side| axis(f64::from(side), i32::try_from(side).unwrap_or(i32::MAX), 0.0))
                });
            }
        };
        Some([both, both])
    }

    /// Number of one fraction; the rule is not `Cells`.
    #[inline(always)]
    fn number(&self, v: f64, axis: Axis) -> i32 {
        let v = held(v);
        match *self {
            Self::Floor { bins } => truncated(v * f64::from(bins)).min(bins.cast_signed() - 1),
            Self::Round { bins, scale } => rounded(v * scale).min(bins.cast_signed() - 1),
            Self::Decimals { .. } => decimal(v, axis.scale),
            Self::Pixels { .. } | Self::Cells { .. } => rounded(v * axis.scale),
        }
    }

    /// Ids of a point.
    pub(super) fn point(&self, values: [f64; 2], axes: [Axis; 2]) -> [i32; 2] {
        [self.number(values[0], axes[0]), self.number(values[1], axes[1])]
    }

    /// Ids of one sound box in the order x0, y0, x1, y1 (cells: two and two zeros).
    #[inline(always)]
    fn box_ids(&self, row: usize, values: [f64; 4], axes: [Axis; 2]) -> Result<[i32; 4], BoxError> {
        let [x0, y0, x1, y1] = values;
        // One comparison a corner: NaN fails both kinds.
        let finite = values.iter().all(|v| v.abs() < f64::INFINITY);
        let touches = x0 <= 1.0 && y0 <= 1.0 && x1 >= 0.0 && y1 >= 0.0;
        if !(finite && x0 <= x1 && y0 <= y1 && touches) {
            return Err(if !finite {
                BoxError::NotFinite { row, values }
            } else if x1 < x0 || y1 < y0 {
                BoxError::Inverted { row, values }
            } else {
                BoxError::Outside { row, values }
            });
        }
        let Self::Cells { side } = *self else {
            let [x, y] = axes;
            return Ok([self.number(x0, x), self.number(y0, y), self.number(x1, x), self.number(y1, y)]);
        };
        let (scale, [x0, y0, x1, y1]) = (f64::from(side), values.map(held));
        if x0 >= x1 || y0 >= y1 {
            return Err(BoxError::Degenerate { row, values });
        }
        let side = side.cast_signed();
        let first = |v: f64| truncated(v * scale);
        // ceil(v * side) - 1, which is `ceil(v * side - 1)` but for its rounding below 2^-53.
        let last = |v: f64| {
            let cell = truncated(v * scale);
            cell - i32::from(f64::from(cell) >= v * scale)
        };
        Ok([first(y0) * side + first(x0), last(y1) * side + last(x1), 0, 0])
    }

    /// Ids of every box, in the order x0, y0, x1, y1; `axes` may differ from box to box.
    pub(super) fn ids(
        &self,
        boxes: &[[f64; 4]],
        axes: impl Fn(usize) -> Result<[Axis; 2], BoxError>,
    ) -> Result<Vec<[i32; 4]>, BoxError> {
        let mut ids = Vec::with_capacity(boxes.len());
        for (row, &values) in boxes.iter().enumerate() {
            ids.push(self.box_ids(row, values, axes(row)?)?);
        }
        Ok(ids)
    }

    /// The box of two cells (upper left, lower right): outer edges where they share a row or a column, else centres.
    pub(super) fn box_of_cells(side: u32, cells: [[f64; 2]; 2]) -> [f64; 4] {
        let [[col0, row0], [col1, row1]] = cells;
        let cell = 1.0 / f64::from(side);
        let is_thin = col0 >= col1 || row0 >= row1;
        let (near, far) = if is_thin { (0.0, cell) } else { (cell / 2.0, cell / 2.0) };
        [col0 * cell + near, row0 * cell + near, col1 * cell + far, row1 * cell + far]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(rule: Rule, values: [f64; 4]) -> [i32; 4] {
        let axes =
            rule.axes(Some([100, 200])).map_or([Axis { scale: 1.0, last: 1.0, offset: 0.0 }; 2], |a| a);
        rule.box_ids(0, values, axes).unwrap_or([-1; 4])
    }

    #[test]
    fn rounding_is_half_to_even_and_held() {
        let rule = Rule::Round { bins: 1001, scale: 1000.0 };
        assert_eq!(ids(rule, [0.0005, 0.0015, 0.0025, 7.0]), [0, 2, 2, 1000]);
        assert_eq!(ids(Rule::Floor { bins: 1000 }, [-1.0, 0.0, 0.9999, 1e300]), [0, 0, 999, 999]);
    }

    #[test]
    fn decimals_are_those_of_exact_rounding() {
        let rule = Rule::Decimals { places: 3 };
        // 0.0005 is a little above the tie, 0.0015 too, 0.0625 is none; 0.3125 / 0.8125 are exact at four places.
        for v in [0.0005, 0.0015, 0.0025, 0.0035, 0.1235, 0.5005, 0.9995, 0.3125, 0.0625] {
            let text = format!("{v:.3}").replace('.', "");
            let [id, ..] = ids(rule, [v, 0.0, 1.0, 1.0]);
            assert_eq!(Ok(id), text.parse::<i32>(), "{v}");
        }
    }

    #[test]
    fn cells_are_those_of_kosmos() {
        let rule = Rule::Cells { side: 32 };
        assert_eq!(ids(rule, [0.0, 0.0, 1.0, 1.0])[..2], [0, 1023]);
        assert_eq!(ids(rule, [0.0, 0.0, 1e-30, 1e-30])[..2], [0, 0]);
        assert!(
            rule.box_ids(
                3,
                [0.5, 0.5, 0.5, 0.6],
                rule.axes(None).unwrap_or([Axis { scale: 32.0, last: 31.0, offset: 0.0 }; 2])
            )
            .is_err()
        );
    }
}
