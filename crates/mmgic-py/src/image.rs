//! Pictures: headers, full decoding, crops resized into an array that the caller made.

use crate::{errors, pool};
use mmgic_core::image::{
    CropBatch, Header, ImageError, PictureStatus, decode_all, decode_crops as fill_crops, probe_all,
};
use numpy::ndarray::Array3;
use numpy::{PyArray3, PyReadonlyArray1, PyReadonlyArray2, PyReadwriteArray1, PyReadwriteArray4};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyList;

type HeaderRow = (u8, &'static str, u32, u32, u8);

fn slices(pictures: &[PyBackedBytes]) -> Vec<&[u8]> {
    pictures.iter().map(|p| &**p).collect()
}

/// Every status with its number.
#[pyfunction]
pub fn picture_statuses() -> Vec<(&'static str, u8)> {
    PictureStatus::NAMES.iter().map(|(status, name)| (*name, status.code())).collect()
}

/// Status, format, upright width and height, orientation of each picture.
#[pyfunction]
#[pyo3(signature = (pictures, max_pixels, threads))]
pub fn probe(
    py: Python<'_>,
    pictures: Vec<PyBackedBytes>,
    max_pixels: u64,
    threads: usize,
) -> PyResult<Vec<HeaderRow>> {
    let pool = pool::pool(py, threads)?;
    let headers = py.detach(|| probe_all(&pool, &slices(&pictures), max_pixels));
    let row = |header: Result<Header, ImageError>| match header {
        Ok(h) => {
            let (width, height) = h.upright_size();
            (PictureStatus::Ok.code(), h.format.name(), width, height, h.orientation)
        }
        Err(e) => (e.status().code(), "", 0, 0, 1),
    };
    Ok(headers.into_iter().map(row).collect())
}

/// Upright RGB of each picture, or the number of its status.
#[pyfunction]
#[pyo3(signature = (pictures, max_pixels, threads))]
pub fn decode(
    py: Python<'_>,
    pictures: Vec<PyBackedBytes>,
    max_pixels: u64,
    threads: usize,
) -> PyResult<Bound<'_, PyList>> {
    let pool = pool::pool(py, threads)?;
    let decoded = py.detach(|| decode_all(&pool, &slices(&pictures), max_pixels));
    let out = PyList::empty(py);
    for picture in decoded {
        let shaped = picture.map_err(|e| e.status()).and_then(|p| {
            Array3::from_shape_vec((p.height, p.width, 3), p.rgb).map_err(|_| PictureStatus::Corrupt)
        });
        match shaped {
            Ok(pixels) => out.append(PyArray3::from_owned_array(py, pixels))?,
            Err(status) => out.append(status.code())?,
        }
    }
    Ok(out)
}

/// Fills `out` (crops, side, side, 3; zeroed) and `status` (crops).
#[pyfunction]
#[pyo3(signature = (pictures, starts, crops, max_pixels, threads, out, status))]
#[allow(clippy::too_many_arguments)]
pub fn decode_crops(
    py: Python<'_>,
    pictures: Vec<PyBackedBytes>,
    starts: PyReadonlyArray1<'_, usize>,
    crops: PyReadonlyArray2<'_, f64>,
    max_pixels: u64,
    threads: usize,
    mut out: PyReadwriteArray4<'_, u8>,
    mut status: PyReadwriteArray1<'_, u8>,
) -> PyResult<()> {
    let pool = pool::pool(py, threads)?;
    let side = out.as_array().shape()[1];
    let (starts, (crops, _)) = (starts.as_slice()?, crops.as_slice()?.as_chunks::<4>());
    let (out, status) = (out.as_slice_mut()?, status.as_slice_mut()?);
    py.detach(|| {
        let pictures = slices(&pictures);
        let batch = CropBatch { pictures: &pictures, starts, crops, side, max_pixels };
        fill_crops(&pool, batch, out, status)
    })
    .map_err(|e| errors::from_batch(py, &e))
}
