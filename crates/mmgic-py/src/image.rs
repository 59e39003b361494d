//! Pictures: headers, full decoding, crops resized into an array that the caller made.

use crate::{errors, pool};
use mmgic_core::image::{
    Alpha, Buffers, CropBatch, CropBox, Filter, Header, ImageError, Limits, Mode, Part, PictureStatus,
    Reading, Region, Resize, Squares, Tables, decode_all, decode_crops as fill_crops, probe_all, status_of,
};
use numpy::ndarray::Array3;
use numpy::{
    PyArray3, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3, PyReadwriteArray1, PyReadwriteArray4,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

type HeaderRow = (u8, &'static str, u32, u32, u8, u8, bool, bool);
type DecodedRow<'py> = (u8, Option<Bound<'py, PyArray3<u8>>>);
type MeanAndStd = ([f32; 3], [f32; 3]);

/// The fields of `mmgic.images.Reading`.
#[derive(FromPyObject)]
pub struct ReadingFields {
    max_pixels: u64,
    max_side_px: u32,
    max_bytes: u64,
    max_scans: u32,
    max_memory_bytes: u64,
    alpha: Option<[u8; 3]>,
    lenient: bool,
    warnings: String,
}

impl From<ReadingFields> for Reading {
    fn from(fields: ReadingFields) -> Self {
        Self {
            limits: Limits {
                max_pixels: fields.max_pixels,
                max_side: fields.max_side_px,
                max_bytes: fields.max_bytes,
                max_scans: fields.max_scans,
                max_memory: fields.max_memory_bytes,
            },
            alpha: fields.alpha.map_or(Alpha::Drop, Alpha::Blend),
            lenient: fields.lenient,
            reject_warnings: fields.warnings == "reject",
        }
    }
}

/// An array (crops, ...) of one of the kinds that squares come in.
#[derive(FromPyObject)]
pub enum SquareArray<'py> {
    Bytes(PyReadwriteArray4<'py, u8>),
    F32(PyReadwriteArray4<'py, f32>),
    Bf16(PyReadwriteArray4<'py, u16>),
}

impl SquareArray<'_> {
    fn squares(&mut self) -> PyResult<Squares<'_>> {
        Ok(match self {
            Self::Bytes(array) => Squares::Bytes(array.as_slice_mut()?),
            Self::F32(array) => Squares::F32(array.as_slice_mut()?),
            Self::Bf16(array) => Squares::Bf16(array.as_slice_mut()?),
        })
    }

    /// The last axis but one is a side in both layouts.
    fn side(&self) -> usize {
        match self {
            Self::Bytes(array) => array.as_array().shape()[2],
            Self::F32(array) => array.as_array().shape()[2],
            Self::Bf16(array) => array.as_array().shape()[2],
        }
    }
}

fn slices(pictures: &[PyBackedBytes]) -> Vec<&[u8]> {
    pictures.iter().map(|p| &**p).collect()
}

fn named<T: Copy>(py: Python<'_>, known: &[(T, &str)], what: &'static str, name: &str) -> PyResult<T> {
    let found = known.iter().find(|(_, own)| *own == name).map(|(value, _)| *value);
    found.ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(_, own)| *own).collect();
        errors::unknown_name(py, what, name, &names)
    })
}

/// Every status with its number.
#[pyfunction]
pub fn picture_statuses() -> Vec<(&'static str, u8)> {
    PictureStatus::NAMES.iter().map(|(status, name)| (*name, status.code())).collect()
}

/// Status, format, upright width and height, orientation, channels, profile, progressive of each picture.
#[pyfunction]
#[pyo3(signature = (pictures, reading, threads))]
pub fn probe(
    py: Python<'_>,
    pictures: Vec<PyBackedBytes>,
    reading: ReadingFields,
    threads: usize,
) -> PyResult<Vec<HeaderRow>> {
    let pool = pool::pool(py, threads)?;
    let headers = py.detach(|| probe_all(pool.as_deref(), &slices(&pictures), &reading.into()));
    let row = |header: Result<Header, ImageError>| match header {
        Ok(h) => {
            let (width, height) = h.upright_size();
            let status = PictureStatus::Ok.code();
            (status, h.format.name(), width, height, h.orientation, h.channels, h.icc, h.progressive)
        }
        Err(e) => (e.status().code(), "", 0, 0, 1, 0, false, false),
    };
    Ok(headers.into_iter().map(row).collect())
}

/// Status and upright RGB of each picture.
#[pyfunction]
#[pyo3(signature = (pictures, reading, threads))]
pub fn decode(
    py: Python<'_>,
    pictures: Vec<PyBackedBytes>,
    reading: ReadingFields,
    threads: usize,
) -> PyResult<Vec<DecodedRow<'_>>> {
    let pool = pool::pool(py, threads)?;
    let decoded = py.detach(|| decode_all(pool.as_deref(), &slices(&pictures), &reading.into()));
    let row = |picture: Result<_, ImageError>| {
        let shaped =
            picture.map_err(|e| e.status()).and_then(|(p, outcome): (mmgic_core::image::Picture, _)| {
                let pixels = Array3::from_shape_vec((p.height, p.width, 3), p.rgb);
                pixels.map(|pixels| (pixels, status_of(outcome))).map_err(|_| PictureStatus::Corrupt)
            });
        match shaped {
            Ok((pixels, status)) => (status.code(), Some(PyArray3::from_owned_array(py, pixels))),
            Err(status) => (status.code(), None),
        }
    };
    Ok(decoded.into_iter().map(row).collect())
}

/// Fills `out` (crops, side, side, 3, or crops, 3, side, side) and `status` (crops); tells whether any is of an unknown
/// format.
#[pyfunction]
#[pyo3(signature = (pictures, starts, crops, mode, resampling, tables, reading, threads, out, status))]
#[allow(clippy::too_many_arguments)]
pub fn decode_crops(
    py: Python<'_>,
    pictures: Vec<PyBackedBytes>,
    starts: PyReadonlyArray1<'_, usize>,
    crops: PyReadonlyArray2<'_, f64>,
    mode: &str,
    resampling: &str,
    tables: Option<MeanAndStd>,
    reading: ReadingFields,
    threads: usize,
    mut out: SquareArray<'_>,
    mut status: PyReadwriteArray1<'_, u8>,
) -> PyResult<bool> {
    let pool = pool::pool(py, threads)?;
    let mode = named(py, &Mode::NAMES, "mode", mode)?;
    let filter = named(py, &Filter::NAMES, "resampling", resampling)?;
    let side = out.side();
    let (starts, (crops, _)) = (starts.as_slice()?, crops.as_slice()?.as_chunks::<4>());
    let (squares, status) = (out.squares()?, status.as_slice_mut()?);
    py.detach(|| {
        let (pictures, reading) = (slices(&pictures), reading.into());
        let tables = tables.map(|(mean, std)| Tables::new(mean, std));
        let tables = tables.as_ref();
        let batch = CropBatch { pictures: &pictures, starts, crops, side, mode, filter, reading, tables };
        fill_crops(pool.as_deref(), batch, squares, status)?;
        Ok(status.contains(&PictureStatus::UnknownFormat.code()))
    })
    .map_err(|e| errors::from_batch(py, &e))
}

/// Fills `out` and `status` with crops of one decoded picture (height, width, 3), on this thread.
#[pyfunction]
#[pyo3(signature = (pixels, crops, resampling, tables, out, status))]
pub fn resize_crops(
    py: Python<'_>,
    pixels: PyReadonlyArray3<'_, u8>,
    crops: PyReadonlyArray2<'_, f64>,
    resampling: &str,
    tables: Option<MeanAndStd>,
    mut out: SquareArray<'_>,
    mut status: PyReadwriteArray1<'_, u8>,
) -> PyResult<()> {
    let filter = named(py, &Filter::NAMES, "resampling", resampling)?;
    let whole = (pixels.as_array().shape()[1], pixels.as_array().shape()[0]);
    let side = out.side();
    let (rgb, (crops, _)) = (pixels.as_slice()?, crops.as_slice()?.as_chunks::<4>());
    let (mut squares, status) = (out.squares()?, status.as_slice_mut()?);
    py.detach(|| {
        let tables = tables.map(|(mean, std)| Tables::new(mean, std));
        let part = Part { rgb, region: Region::whole(whole), whole };
        let mut buffers = Buffers::default();
        for (number, (&crop, status)) in crops.iter().zip(status).enumerate() {
            let Some(out) = squares.square(number, side * side * 3, tables.as_ref()) else { continue };
            let done = Resize::new(whole, CropBox(crop), side, filter)
                .and_then(|resize| resize.run(&part, &mut buffers, out));
            if let Err(error) = done {
                squares.clear(number, side * side * 3);
                *status = error.status().code();
            }
        }
    });
    Ok(())
}
