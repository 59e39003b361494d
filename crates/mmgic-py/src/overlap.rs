//! Faults of boxes and their overlaps. Boxes come as contiguous arrays (N, 4).

use crate::{errors, pool};
use mmgic_core::overlap;
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

/// Boxes that were checked once, for several calls.
#[pyclass(frozen, module = "mmgic._core")]
pub struct SoundBoxes(overlap::SoundBoxes);

#[pymethods]
impl SoundBoxes {
    #[new]
    fn new(py: Python<'_>, boxes: PyReadonlyArray2<'_, f64>, name: &str) -> PyResult<Self> {
        let rows = rows(&boxes)?;
        let checked = py.detach(|| overlap::SoundBoxes::new(rows));
        checked.map(Self).map_err(|e| errors::from_unsound(py, name, &e))
    }
}

/// Fills `out` (N, M) with intersections over unions.
#[pyfunction]
pub fn iou_matrix(
    py: Python<'_>,
    boxes_a: &Bound<'_, SoundBoxes>,
    boxes_b: &Bound<'_, SoundBoxes>,
    mut out: PyReadwriteArray2<'_, f64>,
    threads: usize,
) -> PyResult<()> {
    let (a, b) = (&boxes_a.get().0, &boxes_b.get().0);
    let pool = pool::pool(py, threads)?;
    let out = out.as_slice_mut()?;
    py.detach(|| overlap::iou_matrix(pool.as_deref(), a, b, out)).map_err(|e| errors::from_overlap(py, &e))
}

/// Rows, columns and values of the matrix that are at least `least`.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn iou_pairs<'py>(
    py: Python<'py>,
    boxes_a: &Bound<'py, SoundBoxes>,
    boxes_b: &Bound<'py, SoundBoxes>,
    least: f64,
    most_pairs: usize,
    threads: usize,
) -> PyResult<(Flat<'py, i64>, Flat<'py, i64>, Flat<'py, f64>)> {
    let (a, b) = (&boxes_a.get().0, &boxes_b.get().0);
    let pool = pool::pool(py, threads)?;
    let pairs = py
        .detach(|| overlap::iou_pairs(pool.as_deref(), a, b, least, most_pairs))
        .map_err(|e| errors::from_overlap(py, &e))?;
    Ok((
        PyArray1::from_vec(py, pairs.rows),
        PyArray1::from_vec(py, pairs.columns),
        PyArray1::from_vec(py, pairs.overlaps),
    ))
}
