//! Each error of the core becomes one exception class of `mmgic.errors`.

use mmgic_core::boxes::BoxError;
use mmgic_core::image::BatchError;
use mmgic_core::pack::PackError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An exception of `mmgic.errors` with its three texts.
fn exception(py: Python<'_>, class: &str, what: &str, place: &str, hint: &str) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = py.import("mmgic.errors")?.getattr(class)?;
        let named = PyDict::new(py);
        named.set_item("where", place)?;
        named.set_item("hint", hint)?;
        Ok(PyErr::from_value(class.call((what,), Some(&named))?))
    };
    make().unwrap_or_else(|failure| failure)
}

/// The exception for a fault of a box.
pub fn from_box(py: Python<'_>, error: &BoxError) -> PyErr {
    let what = error.to_string();
    let (place, hint) = match error {
        BoxError::NotFinite { row, .. } => (format!("row {row}"), "all four corners must be finite numbers"),
        BoxError::Inverted { row, .. } => {
            (format!("row {row}"), "corners are x0, y0, x1, y1 with x0 <= x1, y0 <= y1")
        }
        BoxError::IdOutOfRange { row, .. } => (format!("row {row}"), ""),
        BoxError::LabelWithToken { row, .. } => {
            (format!("row {row}"), "take the location tokens out of the label")
        }
        BoxError::LabelCount { .. } => ("labels".to_owned(), "give one label for each box"),
        BoxError::UnknownNotation(_) => {
            return exception(py, "ParamsError", &what, "notation", "known notations: florence-2");
        }
    };
    exception(py, "InvalidBox", &what, &place, hint)
}

/// The exception for a fault of a packing request.
pub fn from_pack(py: Python<'_>, error: &PackError) -> PyErr {
    let what = error.to_string();
    let (class, place, hint) = match error {
        PackError::LengthOutOfRange { index, .. } | PackError::SecondOutOfRange { index, .. } => (
            "LengthOutOfRange",
            format!("index {index}"),
            "choose a policy for what is too long, or raise the capacity",
        ),
        PackError::PartOutOfRange { part, .. } => ("LengthOutOfRange", format!("part {part}"), ""),
        PackError::CapacityOutOfRange(_) => ("ParamsError", "capacity".to_owned(), ""),
        PackError::TooManyDocuments(_) => ("InputError", "lengths".to_owned(), "pack in parts"),
        PackError::Shape { what, .. } | PackError::Order { what } => ("InputError", (*what).to_owned(), ""),
        PackError::BlockTooLarge(_) => ("ParamsError", "block".to_owned(), "put fewer rows into a block"),
        PackError::RowTooLong { row, .. } => ("InputError", format!("row {row}"), ""),
    };
    exception(py, class, &what, &place, hint)
}

/// The exception for a batch of pictures whose arrays do not fit together.
pub fn from_batch(py: Python<'_>, error: &BatchError) -> PyErr {
    let what = error.to_string();
    match error {
        BatchError::Side { .. } => exception(py, "ParamsError", &what, "side", ""),
        BatchError::Length { .. } | BatchError::Starts => exception(py, "InputError", &what, "crops", ""),
    }
}

/// The exception for a name that is none of `known`.
pub fn unknown_name(py: Python<'_>, what: &str, name: &str, known: &[&str]) -> PyErr {
    exception(
        py,
        "ParamsError",
        &format!("{what} {name:?}"),
        what,
        &format!("known are {}", known.join(", ")),
    )
}

/// The exception for a thread pool that could not be made.
pub fn from_pool(py: Python<'_>, error: &rayon::ThreadPoolBuildError) -> PyErr {
    let what = format!("threads could not be started: {error}");
    exception(py, "MmgicError", &what, "threads", "ask for fewer threads")
}
