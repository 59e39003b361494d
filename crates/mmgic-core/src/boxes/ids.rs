//! Location ids of boxes and back, in the order in which a notation writes them.

use super::error::BoxError;
use super::notation::Notation;
use super::rule::{Axis, Rule};

/// Sizes of pictures: none, one for all, or one for each.
pub type Sizes<'a> = Option<&'a [[u32; 2]]>;

impl Notation {
    /// Divisors for each item of a batch.
    ///
    /// # Errors
    /// `SizesMissing`, `SizeCount`, and `Size` for a picture that cannot be resized.
    pub(super) fn axes_of(
        &self,
        sizes: Sizes,
        wanted: usize,
        what: &'static str,
    ) -> Result<Vec<[Axis; 2]>, BoxError> {
        let Rule::Pixels { resize } = self.rule else {
            return Ok(self.rule.axes(None).into_iter().collect());
        };
        let sizes = sizes.ok_or(BoxError::SizesMissing)?;
        if sizes.len() != 1 && sizes.len() != wanted {
            return Err(BoxError::SizeCount { sizes: sizes.len(), wanted, what });
        }
        let mut axes = Vec::with_capacity(sizes.len());
        for (row, &[width, height]) in sizes.iter().enumerate() {
            let size =
                resize.size(width, height).map_err(|why| BoxError::Size { row, width, height, why })?;
            axes.extend(self.rule.axes(Some(size)));
        }
        Ok(axes)
    }
}

/// The one item, or the one at `index`.
pub(super) fn one_of(axes: &[[Axis; 2]], index: usize) -> Result<[Axis; 2], BoxError> {
    let chosen = if axes.len() == 1 { axes.first() } else { axes.get(index) };
    chosen.copied().ok_or(BoxError::SizesMissing)
}

/// Location ids of boxes, flat, 2 or 4 a box. What sticks out of 0..1 is held to the border.
///
/// # Errors
/// `NotFinite`, `Inverted`, `Outside`, `Degenerate` (cells), naming the first such row; faults of the sizes, one a box.
pub fn ids_from_boxes(boxes: &[[f64; 4]], notation: &Notation, sizes: Sizes) -> Result<Vec<i32>, BoxError> {
    let axes = notation.axes_of(sizes, boxes.len(), "boxes")?;
    let ids = notation.rule.ids(boxes, |row| one_of(&axes, row))?;
    Ok(ids.iter().flat_map(|four| notation.order.iter().map(|&which| four[which])).collect())
}

/// Boxes of location ids, in fractions, flat, four a box.
///
/// # Errors
/// `IdOutOfRange` and `IdsInverted`, naming the first such row; faults of the sizes, one a box.
pub fn boxes_from_ids(ids: &[i32], notation: &Notation, sizes: Sizes) -> Result<Vec<f64>, BoxError> {
    let numbers = notation.numbers();
    let axes = notation.axes_of(sizes, ids.len() / numbers, "boxes")?;
    let mut boxes = Vec::with_capacity(ids.len() / numbers * 4);
    for (row, chunk) in ids.chunks_exact(numbers).enumerate() {
        let axes = one_of(&axes, row)?;
        boxes.extend(box_of(row, chunk, notation, axes)?);
    }
    Ok(boxes)
}

fn box_of(row: usize, chunk: &[i32], notation: &Notation, axes: [Axis; 2]) -> Result<[f64; 4], BoxError> {
    let held = |id: i32, last: i32| {
        if (0..=last).contains(&id) {
            Ok(f64::from(id))
        } else {
            Err(BoxError::IdOutOfRange { row, id, last })
        }
    };
    #[allow(clippy::cast_possible_truncation)]
    let lasts = axes.map(|axis| axis.last as i32);
    let values = if let Rule::Cells { side } = notation.rule {
        let mut cells = [[0.0; 2]; 2];
        for (cell, &id) in cells.iter_mut().zip(chunk) {
            held(id, notation.rule.last())?;
            *cell = [f64::from(id % side.cast_signed()), f64::from(id / side.cast_signed())];
        }
        let [[c0, r0], [c1, r1]] = cells;
        if c1 < c0 || r1 < r0 {
            return Err(BoxError::IdsInverted { row, ids: chunk.to_vec() });
        }
        return Ok(Rule::box_of_cells(side, cells));
    } else {
        let mut values = [0.0; 4];
        for (&which, &id) in notation.order.iter().zip(chunk) {
            values[which] = axes[which % 2].value(held(id, lasts[which % 2])?);
        }
        values
    };
    if values[2] < values[0] || values[3] < values[1] {
        return Err(BoxError::IdsInverted { row, ids: chunk.to_vec() });
    }
    Ok(values)
}
