//! Faults of boxes and their overlaps. Boxes come as contiguous arrays (N, 4).

use crate::{errors, pool};
use mmgic_core::overlap::{self, SoundBoxes};
use numpy::{PyArray1, PyReadonlyArray2, PyReadwriteArray2};
use pyo3::prelude::*;

type Flat<'py, T> = Bound<'py, PyArray1<T>>;

fn rows<'a>(boxes: &'a PyReadonlyArray2<'_, f64>) -> PyResult<&'a [[f64; 4]]> {
    Ok(boxes.as_slice()?.as_chunks::<4>().0)
}

/// What is wrong with each box, as flags; place is looked at where the width and height of a picture are given.
#[pyfunction]
#[pyo3(signature = (boxes, size))]
pub fn box_faults<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    size: Option<[f64; 2]>,
) -> PyResult<Flat<'py, u8>> {
    let rows = rows(&boxes)?;
    let flags = py.detach(|| overlap::faults(rows, size));
    Ok(PyArray1::from_vec(py, flags))
}

/// Refuses boxes of which one is not finite, inverted or too large; `name` is what the caller calls them.
#[pyfunction]
pub fn require_sound(py: Python<'_>, boxes: PyReadonlyArray2<'_, f64>, name: &str) -> PyResult<()> {
    let rows = rows(&boxes)?;
    py.detach(|| overlap::require_sound(rows)).map_err(|e| errors::from_unsound(py, name, &e))
}

/// Both sets of boxes, checked.
fn both(
    py: Python<'_>,
    a: &PyReadonlyArray2<'_, f64>,
    b: &PyReadonlyArray2<'_, f64>,
) -> PyResult<(SoundBoxes, SoundBoxes)> {
    let (a, b) = (rows(a)?, rows(b)?);
    let (a, b) = py.detach(|| (SoundBoxes::new(a), SoundBoxes::new(b)));
    let named = |name| move |e| errors::from_unsound(py, name, &e);
    Ok((a.map_err(named("boxes_a_xyxy"))?, b.map_err(named("boxes_b_xyxy"))?))
}

/// Fills `out` (N, M) with intersections over unions.
#[pyfunction]
pub fn iou_matrix(
    py: Python<'_>,
    boxes_a: PyReadonlyArray2<'_, f64>,
    boxes_b: PyReadonlyArray2<'_, f64>,
    mut out: PyReadwriteArray2<'_, f64>,
    threads: usize,
) -> PyResult<()> {
    let (a, b) = both(py, &boxes_a, &boxes_b)?;
    let pool = pool::pool(py, threads)?;
    let out = out.as_slice_mut()?;
    py.detach(|| overlap::iou_matrix(pool.as_deref(), &a, &b, out)).map_err(|e| errors::from_overlap(py, &e))
}

/// Rows, columns and values of the matrix that are at least `least`.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn iou_pairs<'py>(
    py: Python<'py>,
    boxes_a: PyReadonlyArray2<'py, f64>,
    boxes_b: PyReadonlyArray2<'py, f64>,
    least: f64,
    most_pairs: usize,
    threads: usize,
) -> PyResult<(Flat<'py, i64>, Flat<'py, i64>, Flat<'py, f64>)> {
    let (a, b) = both(py, &boxes_a, &boxes_b)?;
    let pool = pool::pool(py, threads)?;
    let pairs = py
        .detach(|| overlap::iou_pairs(pool.as_deref(), &a, &b, least, most_pairs))
        .map_err(|e| errors::from_overlap(py, &e))?;
    Ok((
        PyArray1::from_vec(py, pairs.rows),
        PyArray1::from_vec(py, pairs.columns),
        PyArray1::from_vec(py, pairs.overlaps),
    ))
}
