//! Location tokens: quantising, writing and reading text.

use crate::errors;
use mmgic_core::boxes::{self, Notation};
use numpy::{PyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

type Flat<'py, T> = Bound<'py, PyArray1<T>>;

fn parsed(py: Python<'_>, notation: &str) -> PyResult<Notation> {
    notation.parse().map_err(|e| errors::from_box(py, &e))
}

/// Location ids, four a box, in one flat array.
#[pyfunction]
pub fn location_ids_from_boxes<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    notation: &str,
) -> PyResult<Flat<'py, i32>> {
    let notation = parsed(py, notation)?;
    let (rows, _) = boxes.as_slice()?.as_chunks::<4>();
    let ids = py.detach(|| boxes::ids_from_boxes(rows, notation)).map_err(|e| errors::from_box(py, &e))?;
    Ok(PyArray1::from_vec(py, ids))
}

/// Corners, four a box, in one flat array.
#[pyfunction]
pub fn boxes_from_location_ids<'py>(
    py: Python<'py>,
    ids: PyReadonlyArray2<'py, i32>,
    notation: &str,
) -> PyResult<Flat<'py, f64>> {
    let notation = parsed(py, notation)?;
    let (rows, _) = ids.as_slice()?.as_chunks::<4>();
    let boxes = py.detach(|| boxes::boxes_from_ids(rows, notation)).map_err(|e| errors::from_box(py, &e))?;
    Ok(PyArray1::from_vec(py, boxes))
}

/// One text a box: label, then four location tokens.
#[pyfunction]
pub fn text_from_boxes(
    py: Python<'_>,
    boxes: PyReadonlyArray2<'_, f64>,
    labels: Vec<PyBackedStr>,
    notation: &str,
) -> PyResult<Vec<String>> {
    let notation = parsed(py, notation)?;
    let (rows, _) = boxes.as_slice()?.as_chunks::<4>();
    py.detach(|| boxes::texts_from_boxes(rows, &labels, notation)).map_err(|e| errors::from_box(py, &e))
}

/// Corners (flat), labels and text numbers of every whole box in the texts.
#[pyfunction]
#[allow(clippy::type_complexity)]
pub fn boxes_from_text<'py>(
    py: Python<'py>,
    texts: Vec<PyBackedStr>,
    notation: &str,
) -> PyResult<(Flat<'py, f64>, Vec<String>, Flat<'py, i64>)> {
    let notation = parsed(py, notation)?;
    let found = py.detach(|| boxes::boxes_from_texts(&texts, notation));
    Ok((PyArray1::from_vec(py, found.boxes), found.labels, PyArray1::from_vec(py, found.text_index)))
}
