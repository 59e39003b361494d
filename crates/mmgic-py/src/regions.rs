//! Boxes in the main crop of their picture, and which become regions.

use crate::errors;
use mmgic_core::regions::{self, Batch, Cause, Rules};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

type Flat<'py, T> = Bound<'py, PyArray1<T>>;

/// The causes for which a box is no region, by their number; that of a region is empty.
#[pyfunction]
pub fn drop_causes() -> Vec<&'static str> {
    Cause::NAMES.to_vec()
}

/// The largest square of a picture that keeps the most box area; boxes are sound.
#[pyfunction]
pub fn main_square(py: Python<'_>, size: [f64; 2], boxes: PyReadonlyArray2<'_, f64>) -> PyResult<[f64; 4]> {
    let rows = boxes.as_slice()?.as_chunks::<4>().0;
    Ok(py.detach(|| regions::main_square(size, rows)))
}

/// A square around a box, held inside another; nothing where that holds no whole pixel.
#[pyfunction]
pub fn region_square(corners: [f64; 4], within: [f64; 4], scale: f64) -> Option<[f64; 4]> {
    regions::region_square(corners, within, scale)
}

/// Main crops; then of each box its upright corners, its part in the crop, its square, cause and rank. All flat.
#[pyfunction]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
pub fn place_boxes<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    kinds: PyReadonlyArray1<'py, u8>,
    labels: PyReadonlyArray1<'py, u32>,
    starts: PyReadonlyArray1<'py, u64>,
    sizes: PyReadonlyArray2<'py, f64>,
    scales: PyReadonlyArray2<'py, f64>,
    orientations: PyReadonlyArray1<'py, u8>,
    rules: (f64, f64, f64, f64, f64, f64, usize, usize),
) -> PyResult<(Flat<'py, f64>, Flat<'py, f64>, Flat<'py, f64>, Flat<'py, f64>, Flat<'py, u8>, Flat<'py, i32>)>
{
    let batch = Batch {
        boxes: boxes.as_slice()?.as_chunks::<4>().0,
        kinds: kinds.as_slice()?,
        labels: labels.as_slice()?,
        starts: starts.as_slice()?,
        sizes: sizes.as_slice()?.as_chunks::<2>().0,
        scales: scales.as_slice()?.as_chunks::<2>().0,
        orientations: orientations.as_slice()?,
    };
    let rules = Rules {
        min_inside_fraction: rules.0,
        crop_scale: rules.1,
        min_side_px: rules.2,
        min_area_fraction: rules.3,
        max_area_fraction: rules.4,
        duplicate_iou: rules.5,
        max_per_record: rules.6,
        max_per_label: rules.7,
    };
    let placed = py.detach(|| regions::place(&batch, &rules)).map_err(|e| errors::from_regions(py, &e))?;
    Ok((
        PyArray1::from_vec(py, placed.crops.into_flattened()),
        PyArray1::from_vec(py, placed.upright.into_flattened()),
        PyArray1::from_vec(py, placed.inside.into_flattened()),
        PyArray1::from_vec(py, placed.squares.into_flattened()),
        PyArray1::from_vec(py, placed.causes),
        PyArray1::from_vec(py, placed.ranks),
    ))
}
