//! Quantising: fractions to bins and back.

use super::error::BoxError;
use std::str::FromStr;

/// How boxes are written as tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// 1,000 bins, `floor(v * 1000)` held to 0..=999, read back as the bin's centre.
    Florence2,
}

impl FromStr for Notation {
    type Err = BoxError;

    fn from_str(name: &str) -> Result<Self, BoxError> {
        match name {
            "florence-2" => Ok(Self::Florence2),
            other => Err(BoxError::UnknownNotation(other.to_owned())),
        }
    }
}

impl Notation {
    /// Number of bins along a side.
    #[must_use]
    pub const fn bins(self) -> i32 {
        match self {
            Self::Florence2 => 1000,
        }
    }

    fn id(self, value: f64) -> i32 {
        // The cast saturates, so any finite value is in range before the clamp.
        #[allow(clippy::cast_possible_truncation)]
        let bin = (value * f64::from(self.bins())).floor() as i32;
        bin.clamp(0, self.bins() - 1)
    }

    fn centre(self, id: i32) -> f64 {
        (f64::from(id) + 0.5) / f64::from(self.bins())
    }

    /// Location ids of one sound box.
    pub(super) fn ids(self, row: usize, values: [f64; 4]) -> Result<[i32; 4], BoxError> {
        let [x0, y0, x1, y1] = values;
        if !values.iter().all(|v| v.is_finite()) {
            return Err(BoxError::NotFinite { row, values });
        }
        if x1 < x0 || y1 < y0 {
            return Err(BoxError::Inverted { row, values });
        }
        Ok(values.map(|v| self.id(v)))
    }

    /// The box whose corners are the centres of these bins.
    pub(super) fn corners(self, row: usize, ids: [i32; 4]) -> Result<[f64; 4], BoxError> {
        let last = self.bins() - 1;
        match ids.iter().find(|id| !(0..=last).contains(*id)) {
            Some(&id) => Err(BoxError::IdOutOfRange { row, id, last }),
            None => Ok(ids.map(|id| self.centre(id))),
        }
    }
}

/// Location ids of boxes.
///
/// # Errors
/// `NotFinite` and `Inverted`, naming the first such row. Values outside 0..1 are held to the border.
pub fn ids_from_boxes(boxes: &[[f64; 4]], notation: Notation) -> Result<Vec<i32>, BoxError> {
    let mut ids = Vec::with_capacity(boxes.len() * 4);
    for (row, &values) in boxes.iter().enumerate() {
        ids.extend(notation.ids(row, values)?);
    }
    Ok(ids)
}

/// Boxes of location ids, in fractions.
///
/// # Errors
/// `IdOutOfRange`, naming the first such row.
pub fn boxes_from_ids(ids: &[[i32; 4]], notation: Notation) -> Result<Vec<f64>, BoxError> {
    let mut boxes = Vec::with_capacity(ids.len() * 4);
    for (row, &four) in ids.iter().enumerate() {
        boxes.extend(notation.corners(row, four)?);
    }
    Ok(boxes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: Notation = Notation::Florence2;

    #[test]
    fn every_bin_is_a_fixed_point() {
        for id in 0..1000 {
            assert_eq!(N.id(N.centre(id)), id);
        }
    }

    #[test]
    fn borders_are_held() {
        let ids = ids_from_boxes(&[[-1.0, 0.0, 1.0, 1e300]], N);
        assert_eq!(ids, Ok(vec![0, 0, 999, 999]));
    }

    #[test]
    fn faults_name_the_row() {
        let good = [0.0, 0.0, 1.0, 1.0];
        let nan = ids_from_boxes(&[good, [0.0, f64::NAN, 1.0, 1.0]], N);
        assert!(matches!(nan, Err(BoxError::NotFinite { row: 1, .. })));
        let inverted = ids_from_boxes(&[good, good, [0.0, 0.6, 1.0, 0.5]], N);
        assert!(matches!(inverted, Err(BoxError::Inverted { row: 2, .. })));
        let id = boxes_from_ids(&[[0, 0, 0, 1000]], N);
        assert_eq!(id, Err(BoxError::IdOutOfRange { row: 0, id: 1000, last: 999 }));
    }
}
