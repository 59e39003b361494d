//! Packing documents into rows, cutting what is too long, and writing rows as blocks.

use crate::errors;
use mmgic_core::pack::batch::{self, Batch, Filling, PackedRows};
use mmgic_core::pack::block::{Block, Documents, Rows};
use mmgic_core::pack::pieces::{Part, Policy, pieces_of_documents};
use mmgic_core::pack::{self, PackError, Size};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

type Flat<'py, T> = Bound<'py, PyArray1<T>>;
type Values<'py, T> = PyReadonlyArray1<'py, T>;

const POLICIES: [(&str, Policy); 3] =
    [("drop", Policy::Drop), ("truncate", Policy::Truncate), ("split", Policy::Split)];

/// Packs windows of documents, one call after another.
#[pyclass(module = "mmgic._core")]
pub struct Packer(pack::Packer);

#[pymethods]
impl Packer {
    #[new]
    #[pyo3(signature = (capacity, second_capacity, seed))]
    fn new(py: Python<'_>, capacity: usize, second_capacity: Option<usize>, seed: u64) -> PyResult<Self> {
        pack::Packer::new(capacity, second_capacity, seed).map(Self).map_err(|e| errors::from_pack(py, &e))
    }

    /// Document numbers row after row, and where each row starts.
    fn pack<'py>(
        &mut self,
        py: Python<'py>,
        lengths: Values<'py, i64>,
        second: Values<'py, i64>,
        window_ends: Values<'py, u64>,
        first: usize,
    ) -> PyResult<(Flat<'py, u32>, Flat<'py, u64>)> {
        let (lengths, second) = (lengths.as_slice()?, second.as_slice()?);
        let ends: Vec<usize> = window_ends.as_slice()?.iter().map(|&end| whole(end)).collect();
        let packer = &mut self.0;
        let packing = py
            .detach(|| packer.pack(lengths, second, &ends, first))
            .map_err(|e| errors::from_pack(py, &e))?;
        Ok((PyArray1::from_vec(py, packing.items), PyArray1::from_vec(py, packing.row_starts)))
    }

    /// Documents, rows, windows, tokens, second, lower bound, window bound.
    fn report(&self, py: Python<'_>) -> (u64, u64, u64, u64, u64, u64, u64) {
        let r = py.detach(|| self.0.report());
        (r.documents, r.rows, r.windows, r.tokens, r.second, r.lower_bound, r.window_bound)
    }
}

fn whole(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Pieces of documents given by their parts: where those of each document start, and of each its first token, tokens and
/// second count.
#[pyfunction]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
pub fn pieces<'py>(
    py: Python<'py>,
    lengths: Values<'py, i64>,
    second: Values<'py, i64>,
    flags: Values<'py, u8>,
    part_starts: Values<'py, u64>,
    capacity: u32,
    second_capacity: u32,
    policy: &str,
) -> PyResult<(Flat<'py, u64>, Flat<'py, u64>, Flat<'py, u32>, Flat<'py, u32>)> {
    let names = POLICIES.map(|p| p.0);
    let policy = POLICIES
        .iter()
        .find(|known| known.0 == policy)
        .ok_or_else(|| errors::unknown_name(py, "policy", policy, &names))?
        .1;
    let starts: Vec<usize> = part_starts.as_slice()?.iter().map(|&start| whole(start)).collect();
    let (lengths, second, flags) = (lengths.as_slice()?, second.as_slice()?, flags.as_slice()?);
    let capacity = Size { length: capacity, second: second_capacity };
    let found = py
        .detach(|| pieces_of_documents(&parts(lengths, second, flags)?, &starts, capacity, policy))
        .map_err(|e| errors::from_pack(py, &e))?;
    let of = |part: fn(Size) -> u32| found.pieces.iter().map(|p| part(p.size)).collect::<Vec<_>>();
    let firsts: Vec<u64> = found.pieces.iter().map(|p| p.start).collect();
    Ok((
        PyArray1::from_slice(py, &found.piece_starts),
        PyArray1::from_vec(py, firsts),
        PyArray1::from_vec(py, of(|size| size.length)),
        PyArray1::from_vec(py, of(|size| size.second)),
    ))
}

fn parts(lengths: &[i64], second: &[i64], flags: &[u8]) -> Result<Vec<Part>, PackError> {
    for (what, found) in [("second", second.len()), ("flags", flags.len())] {
        if found != lengths.len() {
            return Err(PackError::Shape { what, found, wanted: lengths.len() });
        }
    }
    let size = |part, value: i64| {
        u32::try_from(value).map_err(|_| PackError::PartOutOfRange { part, length: value })
    };
    let numbered = lengths.iter().zip(second).zip(flags).enumerate();
    numbered
        .map(|(at, ((&length, &second), &flags))| {
            Ok(Part { size: Size { length: size(at, length)?, second: size(at, second)? }, flags })
        })
        .collect()
}

/// A block of rows as bytes.
#[pyfunction]
#[allow(clippy::too_many_arguments)]
pub fn block_of_rows<'py>(
    py: Python<'py>,
    ids: Values<'py, u8>,
    id_bytes: usize,
    kinds: Values<'py, u8>,
    keys: PyBackedBytes,
    key_starts: Values<'py, u64>,
    documents: Values<'py, u32>,
    starts: Values<'py, u64>,
    lengths: Values<'py, u32>,
    row_starts: Values<'py, u64>,
) -> PyResult<Flat<'py, u8>> {
    let rows = Rows {
        documents: documents.as_slice()?,
        starts: starts.as_slice()?,
        lengths: lengths.as_slice()?,
        row_starts: row_starts.as_slice()?,
    };
    let documents = Documents {
        ids: ids.as_slice()?,
        id_bytes,
        kinds: kinds.as_slice()?,
        keys: &keys,
        key_starts: key_starts.as_slice()?,
    };
    let bytes = py
        .detach(|| Block::new(documents, rows).map(|block| block.to_bytes()))
        .map_err(|e| errors::from_pack(py, &e))?;
    Ok(PyArray1::from_vec(py, bytes))
}

/// Ids, positions and labels of a batch, `row_length` values a row.
#[pyfunction]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
pub fn training_arrays<'py>(
    py: Python<'py>,
    ids: Values<'py, u8>,
    id_bytes: usize,
    kinds: Values<'py, u8>,
    segment_lengths: Values<'py, u32>,
    row_segments: Values<'py, u32>,
    row_length: usize,
    pad_id: i64,
    masked_kinds: u64,
) -> PyResult<(Flat<'py, i64>, Flat<'py, i64>, Flat<'py, i64>)> {
    let rows = PackedRows {
        ids: ids.as_slice()?,
        id_bytes,
        kinds: kinds.as_slice()?,
        segment_lengths: segment_lengths.as_slice()?,
        row_segments: row_segments.as_slice()?,
    };
    let size = rows.row_segments.len().saturating_mul(row_length);
    let filling = Filling { row_length, pad_id, masked_kinds };
    let arrays = [(); 3].map(|()| PyArray1::<i64>::zeros(py, size, false));
    let [mut a, mut b, mut c] = arrays.each_ref().map(PyArrayMethods::readwrite);
    let mut batch = Batch { ids: a.as_slice_mut()?, positions: b.as_slice_mut()?, labels: c.as_slice_mut()? };
    py.detach(|| batch::fill(rows, filling, &mut batch)).map_err(|e| errors::from_pack(py, &e))?;
    drop((a, b, c));
    let [ids, positions, labels] = arrays;
    Ok((ids, positions, labels))
}
