//! Boxes in text, in the notations of a table: quantising, writing and reading.

use crate::errors;
use mmgic_core::boxes::{self, BoxError, Labels, Notation, Resize, Row, Rule, ShapeBatch};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyDict, PyList, PyString};

type Flat<'py, T> = Bound<'py, PyArray1<T>>;
type Sizes<'py> = Option<PyReadonlyArray2<'py, u32>>;

/// One notation, compiled.
///
/// Boxed: its searchers hold vectors of 32 bytes, which must lie on 32 bytes; Python's objects lie on 16.
#[pyclass(frozen, module = "mmgic._core")]
pub struct BoxNotation(Box<Notation>);

/// A field of a row.
fn field<'py, T>(row: &Bound<'py, PyDict>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    match row.get_item(name)? {
        Some(value) => value.extract(),
        None => Err(pyo3::exceptions::PyKeyError::new_err(name.to_owned())),
    }
}

const RULES: [&str; 5] = ["floor", "round", "decimals", "cells", "pixels"];

fn rule_of(row: &Bound<'_, PyDict>) -> PyResult<Rule> {
    let kind: String = field(row, "rule")?;
    let bins: u32 = field(row, "bins")?;
    Ok(match kind.as_str() {
        "floor" => Rule::Floor { bins },
        "decimals" => Rule::Decimals { places: field(row, "decimals")? },
        "cells" => Rule::Cells { side: bins },
        "pixels" => Rule::Pixels {
            resize: Resize {
                factor: field(row, "factor")?,
                min_pixels: field(row, "min_pixels")?,
                max_pixels: field(row, "max_pixels")?,
            },
        },
        "round" => Rule::Round { bins, scale: field(row, "scale")? },
        other => return Err(errors::unknown_name(row.py(), "rule", other, &RULES)),
    })
}

#[pymethods]
impl BoxNotation {
    /// Compiles the fields of a row, as `mmgic.geometry.notations` has them.
    #[new]
    fn new(py: Python<'_>, row: &Bound<'_, PyDict>) -> PyResult<Self> {
        let row = Row {
            name: field(row, "name")?,
            text: field(row, "text")?,
            object: field(row, "object")?,
            object_separator: field(row, "object_separator")?,
            label: field(row, "label")?,
            boxes: field(row, "boxes")?,
            box_separator: field(row, "box_separator")?,
            box_template: field(row, "box")?,
            digits: field(row, "digits")?,
            json: field(row, "json")?,
            several: field(row, "several")?,
            ignored: field(row, "ignored")?,
            point: field(row, "point")?,
            polygons: field(row, "polygons")?,
            polygon_separator: field(row, "polygon_separator")?,
            rule: rule_of(row)?,
        };
        Notation::new(&row).map(|notation| Self(Box::new(notation))).map_err(|e| errors::from_box(py, &e))
    }
}

/// Sizes as pairs of width and height.
fn pairs<'a>(sizes: Option<&'a PyReadonlyArray2<'_, u32>>) -> PyResult<boxes::Sizes<'a>> {
    Ok(match sizes {
        Some(array) => Some(array.as_slice()?.as_chunks::<2>().0),
        None => None,
    })
}

/// The statuses of a box that was read: name and bit.
#[pyfunction]
pub fn box_statuses() -> Vec<(&'static str, u8)> {
    boxes::status::ALL.to_vec()
}

/// Width and height of pictures as a model resizes them, flat.
#[pyfunction]
pub fn resized_sizes<'py>(
    py: Python<'py>,
    sizes: PyReadonlyArray2<'py, u32>,
    factor: u32,
    min_pixels: u64,
    max_pixels: u64,
) -> PyResult<Flat<'py, u32>> {
    let resize = Resize { factor: factor.max(1), min_pixels, max_pixels };
    let pairs = sizes.as_slice()?.as_chunks::<2>().0;
    let resized: Result<Vec<[u32; 2]>, BoxError> = py.detach(|| {
        pairs
            .iter()
            .enumerate()
            .map(|(row, &[width, height])| {
                resize.size(width, height).map_err(|why| BoxError::Size { row, width, height, why })
            })
            .collect()
    });
    let resized = resized.map_err(|e| errors::from_box(py, &e))?;
    Ok(PyArray1::from_vec(py, resized.into_flattened()))
}

/// Location ids, 2 or 4 a box, in one flat array.
#[pyfunction]
#[pyo3(signature = (boxes, notation, sizes))]
pub fn ids_from_boxes<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    notation: &BoxNotation,
    sizes: Sizes<'py>,
) -> PyResult<Flat<'py, i32>> {
    let (rows, _) = boxes.as_slice()?.as_chunks::<4>();
    let pairs = pairs(sizes.as_ref())?;
    let ids = py.detach(|| boxes::ids_from_boxes(rows, &notation.0, pairs));
    Ok(PyArray1::from_vec(py, ids.map_err(|e| errors::from_box(py, &e))?))
}

/// Corners, four a box, in one flat array.
#[pyfunction]
#[pyo3(signature = (ids, notation, sizes))]
pub fn boxes_from_ids<'py>(
    py: Python<'py>,
    ids: PyReadonlyArray2<'py, i32>,
    notation: &BoxNotation,
    sizes: Sizes<'py>,
) -> PyResult<Flat<'py, f64>> {
    let ids = ids.as_slice()?;
    let pairs = pairs(sizes.as_ref())?;
    let boxes = py.detach(|| boxes::boxes_from_ids(ids, &notation.0, pairs));
    Ok(PyArray1::from_vec(py, boxes.map_err(|e| errors::from_box(py, &e))?))
}

/// Slots of the table of labels: most batches have fewer different ones.
const SLOTS: usize = 512;

/// The different labels of a list, by identity, and which each place has.
///
/// Taking each object's text costs 20 ns, finding its address again 2.
fn different(py: Python<'_>, labels: &Bound<'_, PyList>) -> PyResult<(Vec<PyBackedStr>, Vec<u32>)> {
    let mut texts: Vec<PyBackedStr> = Vec::new();
    let mut of = Vec::with_capacity(labels.len());
    let mut slots = [(0_usize, 0_u32); SLOTS];
    for label in labels.iter() {
        // Objects lie on 16 bytes. The texts hold references, so that no address is used again meanwhile.
        let address = label.as_ptr() as usize;
        let slot = &mut slots[((address >> 4) ^ (address >> 13)) % SLOTS];
        if slot.0 != address {
            *slot = (address, u32::try_from(texts.len()).unwrap_or(u32::MAX));
            let text = label.cast::<PyString>()?.clone();
            texts.push(PyBackedStr::try_from(text).map_err(|_| errors::unwritable_label(py, of.len()))?);
        }
        of.push(slot.1);
    }
    Ok((texts, of))
}

/// Texts of boxes with labels.
#[pyfunction]
#[pyo3(signature = (boxes, labels, starts, notation, sizes))]
pub fn text_from_boxes<'py>(
    py: Python<'py>,
    boxes: PyReadonlyArray2<'py, f64>,
    labels: &Bound<'py, PyList>,
    starts: Option<PyReadonlyArray1<'py, i64>>,
    notation: &BoxNotation,
    sizes: Sizes<'py>,
) -> PyResult<Bound<'py, PyList>> {
    let (rows, _) = boxes.as_slice()?.as_chunks::<4>();
    let (texts, of) = different(py, labels)?;
    let starts = starts.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
    let pairs = pairs(sizes.as_ref())?;
    let written = py.detach(|| {
        boxes::texts_from_boxes(rows, &Labels { texts: &texts, of: &of }, starts, pairs, &notation.0)
    });
    strings(py, &written.map_err(|e| errors::from_box(py, &e))?)
}

/// One str a text.
fn strings<'py>(py: Python<'py>, written: &boxes::Texts) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    let mut start = 0;
    for &end in &written.ends {
        list.append(PyString::from_bytes(py, written.bytes.get(start..end).unwrap_or_default())?)?;
        start = end;
    }
    Ok(list)
}

/// Texts that are read; half of a surrogate pair becomes a question mark, so that places stay what they are.
fn backed(texts: &Bound<'_, PyAny>) -> PyResult<Vec<PyBackedStr>> {
    let mut all = Vec::with_capacity(texts.len()?);
    for text in texts.try_iter()? {
        let text = text?.cast_into::<PyString>()?;
        all.push(match PyBackedStr::try_from(text.clone()) {
            Ok(sound) => sound,
            Err(_) => text.call_method1("encode", ("utf-8", "replace"))?.call_method0("decode")?.extract()?,
        });
    }
    Ok(all)
}

/// Corners (flat), labels, text numbers, statuses and spans (flat) of every box in the texts.
#[pyfunction]
#[pyo3(signature = (texts, notation, sizes))]
#[allow(clippy::type_complexity)]
pub fn boxes_from_text<'py>(
    py: Python<'py>,
    texts: &Bound<'py, PyAny>,
    notation: &BoxNotation,
    sizes: Sizes<'py>,
) -> PyResult<(Flat<'py, f64>, Bound<'py, PyList>, Flat<'py, i64>, Flat<'py, u8>, Flat<'py, i64>)> {
    let texts = backed(texts)?;
    let pairs = pairs(sizes.as_ref())?;
    let found = py
        .detach(|| boxes::boxes_from_texts(&texts, pairs, &notation.0))
        .map_err(|e| errors::from_box(py, &e))?;
    let labels = label_list(py, &found)?;
    Ok((
        PyArray1::from_vec(py, found.boxes),
        labels,
        PyArray1::from_vec(py, found.text_index),
        PyArray1::from_vec(py, found.status),
        PyArray1::from_vec(py, found.spans),
    ))
}

/// Texts of points, quads and polygons with labels.
#[pyfunction]
#[pyo3(signature = (points, shape_starts, labels, instances, starts, notation, sizes))]
#[allow(clippy::too_many_arguments)]
pub fn text_from_shapes<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    shape_starts: PyReadonlyArray1<'py, i64>,
    labels: &Bound<'py, PyList>,
    instances: Option<PyReadonlyArray1<'py, i64>>,
    starts: Option<PyReadonlyArray1<'py, i64>>,
    notation: &BoxNotation,
    sizes: Sizes<'py>,
) -> PyResult<Bound<'py, PyList>> {
    let (texts, of) = different(py, labels)?;
    let shapes = ShapeBatch {
        points: points.as_slice()?.as_chunks::<2>().0,
        starts: shape_starts.as_slice()?,
        instances: instances.as_ref().map(PyReadonlyArray1::as_slice).transpose()?,
    };
    let starts = starts.as_ref().map(PyReadonlyArray1::as_slice).transpose()?;
    let pairs = pairs(sizes.as_ref())?;
    let written = py.detach(|| {
        boxes::texts_from_shapes(&shapes, &Labels { texts: &texts, of: &of }, starts, pairs, &notation.0)
    });
    strings(py, &written.map_err(|e| errors::from_box(py, &e))?)
}

/// Points (flat), first points, labels, instances, text numbers, statuses and spans (flat) of every shape in the texts.
#[pyfunction]
#[pyo3(signature = (texts, notation, sizes))]
#[allow(clippy::type_complexity)]
pub fn shapes_from_text<'py>(
    py: Python<'py>,
    texts: &Bound<'py, PyAny>,
    notation: &BoxNotation,
    sizes: Sizes<'py>,
) -> PyResult<(
    Flat<'py, f64>,
    Flat<'py, i64>,
    Bound<'py, PyList>,
    Flat<'py, i64>,
    Flat<'py, i64>,
    Flat<'py, u8>,
    Flat<'py, i64>,
)> {
    let texts = backed(texts)?;
    let pairs = pairs(sizes.as_ref())?;
    let shapes = py
        .detach(|| boxes::shapes_from_texts(&texts, pairs, &notation.0))
        .map_err(|e| errors::from_box(py, &e))?;
    let labels = label_list(py, &shapes.found)?;
    Ok((
        PyArray1::from_vec(py, shapes.found.boxes),
        PyArray1::from_vec(py, shapes.starts),
        labels,
        PyArray1::from_vec(py, shapes.instances),
        PyArray1::from_vec(py, shapes.found.text_index),
        PyArray1::from_vec(py, shapes.found.status),
        PyArray1::from_vec(py, shapes.found.spans),
    ))
}

/// A str for each box, made once for each different label.
fn label_list<'py>(py: Python<'py>, found: &boxes::Findings) -> PyResult<Bound<'py, PyList>> {
    let count = u32::try_from(found.label_ends.len()).unwrap_or(u32::MAX);
    let strings: Vec<_> = (0..count).map(|number| PyString::new(py, found.label_at(number))).collect();
    let empty = PyString::new(py, "");
    PyList::new(py, found.label_of.iter().map(|&number| strings.get(number as usize).unwrap_or(&empty)))
}
