//! Packing documents into rows.

use crate::errors;
use mmgic_core::pack::pack as pack_rows;
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

type Flat<'py, T> = Bound<'py, PyArray1<T>>;

/// Document numbers row after row, and where each row starts.
#[pyfunction]
#[pyo3(signature = (lengths, capacity, window, seed))]
pub fn pack<'py>(
    py: Python<'py>,
    lengths: PyReadonlyArray1<'py, i64>,
    capacity: usize,
    window: Option<usize>,
    seed: u64,
) -> PyResult<(Flat<'py, u32>, Flat<'py, u64>)> {
    let lengths = lengths.as_slice()?;
    let packing =
        py.detach(|| pack_rows(lengths, capacity, window, seed)).map_err(|e| errors::from_pack(py, &e))?;
    Ok((PyArray1::from_vec(py, packing.items), PyArray1::from_vec(py, packing.row_starts)))
}
