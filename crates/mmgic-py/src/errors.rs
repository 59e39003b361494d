//! Each error of the core becomes one exception class of `mmgic.errors`.

use mmgic_core::boxes::BoxError;
use mmgic_core::image::BatchError;
use mmgic_core::overlap::{OverlapError, Unsound};
use mmgic_core::pack::PackError;
use mmgic_core::regions::RegionError;
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
    let row_of = |row: &usize| format!("row {row}");
    let (class, place, hint) = match error {
        BoxError::NotFinite { row, .. } => {
            ("InvalidBox", row_of(row), "all four corners must be finite numbers")
        }
        BoxError::Inverted { row, .. } => {
            ("InvalidBox", row_of(row), "corners are x0, y0, x1, y1 with x0 <= x1, y0 <= y1")
        }
        BoxError::Outside { row, .. } => {
            ("InvalidBox", row_of(row), "boxes are fractions of the picture's sides: norm_from_px makes them")
        }
        BoxError::Degenerate { row, .. } => {
            ("InvalidBox", row_of(row), "this notation names cells that a box covers; drop the box")
        }
        BoxError::IdOutOfRange { row, .. } => {
            ("InvalidBox", row_of(row), "these are no ids of this notation, or not in its order")
        }
        BoxError::IdsInverted { row, .. } => {
            ("InvalidBox", row_of(row), "boxes_from_text puts the corners of a model's output in order")
        }
        BoxError::LabelWithToken { row, .. } => {
            ("InvalidBox", row_of(row), "take the notation's own marks out of the label")
        }
        BoxError::LabelEmpty { row } => {
            ("InvalidBox", row_of(row), "give the box a label, or a text of its own")
        }
        BoxError::LabelCount { .. } => ("InvalidBox", "labels".to_owned(), "give one label for each box"),
        BoxError::Starts { .. } => {
            ("InvalidBox", "starts".to_owned(), "give the first row of each text, and the number of rows")
        }
        BoxError::SizeCount { .. } => {
            ("InvalidBox", "sizes_px".to_owned(), "give one size for all, or one for each")
        }
        BoxError::SizesMissing => ("ParamsError", "sizes_px".to_owned(), "give sizes_px, width and height"),
        BoxError::Size { row, .. } => {
            ("InputError", row_of(row), "leave the picture out, or see smart_resize")
        }
        BoxError::BadNotation { .. } => {
            ("ParamsError", "notation".to_owned(), "help(mmgic.geometry.Notation) says what a row holds")
        }
        BoxError::NoShape { .. } => {
            ("ParamsError", "notation".to_owned(), "florence-2 has polygons and points")
        }
        BoxError::PointNotFinite { row, .. } => ("InvalidBox", row_of(row), "points must be finite numbers"),
        BoxError::PointCount { row, .. } => ("InvalidBox", row_of(row), "leave the shape out"),
    };
    exception(py, class, &what, &place, hint)
}

/// The exception for a label that is no Unicode text.
pub fn unwritable_label(py: Python<'_>, row: usize) -> PyErr {
    let what = format!("the label of box {row} holds half of a surrogate pair");
    exception(py, "InvalidBox", &what, &format!("row {row}"), "decode the label with its own encoding")
}

/// The exception for boxes of which one is not sound; `name` is what the caller calls them.
pub fn from_unsound(py: Python<'_>, name: &str, error: &Unsound) -> PyErr {
    let place = format!("{name}, row {}", error.row);
    exception(py, "InvalidBox", &error.to_string(), &place, &error.hint())
}

/// The exception for a request of overlaps.
pub fn from_overlap(py: Python<'_>, error: &OverlapError) -> PyErr {
    let what = error.to_string();
    match error {
        OverlapError::Room { .. } => exception(py, "ParamsError", &what, "out", ""),
        OverlapError::TooManyPairs(_) => {
            exception(py, "InputError", &what, "max_pairs", "raise min_iou or max_pairs, or give fewer boxes")
        }
    }
}

/// The exception for a fault of a packing request.
pub fn from_pack(py: Python<'_>, error: &PackError) -> PyErr {
    let what = error.to_string();
    let (class, place, hint) = match error {
        PackError::LengthOutOfRange { index, length, .. } if *length < 1 => {
            ("LengthOutOfRange", format!("index {index}"), "leave the document out")
        }
        PackError::SecondOutOfRange { index, count, .. } if *count < 0 => {
            ("LengthOutOfRange", format!("index {index}"), "counts are 0 or more")
        }
        PackError::LengthOutOfRange { index, .. } | PackError::SecondOutOfRange { index, .. } => (
            "LengthOutOfRange",
            format!("index {index}"),
            "choose the policy drop, truncate or split, or raise the capacity",
        ),
        PackError::PartOutOfRange { part, .. } => {
            ("LengthOutOfRange", format!("part {part}"), "a part has 1 to 4,294,967,295 tokens")
        }
        PackError::CapacityOutOfRange(_) => ("ParamsError", "capacity".to_owned(), "give 1 to 16,777,216"),
        PackError::TooManyDocuments(_) => ("InputError", "lengths".to_owned(), "pack in parts"),
        PackError::TooManyPieces(_) => {
            ("ParamsError", "capacity".to_owned(), "raise it, or drop or truncate")
        }
        PackError::IdBytes(_) => ("InputError", "ids".to_owned(), "give uint16 or uint32"),
        PackError::Shape { what, .. } => ("InputError", (*what).to_owned(), "give one value for each"),
        PackError::Order { what } => ("InputError", (*what).to_owned(), "starts ascend, from 0 to the end"),
        PackError::BlockTooLarge(_) => {
            ("ParamsError", "tokenize.rows_per_block".to_owned(), "put fewer rows into a block")
        }
        PackError::RowTooLong { row, .. } => {
            ("InputError", format!("row {row}"), "give the row length that the rows were packed with")
        }
    };
    exception(py, class, &what, &place, hint)
}

/// The exception for boxes of pictures whose arrays do not fit together.
pub fn from_regions(py: Python<'_>, error: &RegionError) -> PyErr {
    let what = error.to_string();
    match error {
        RegionError::Kind { .. } => exception(py, "InputError", &what, "kinds", ""),
        RegionError::Starts(_) => {
            exception(py, "InputError", &what, "starts", "starts ascend, from 0 to the end")
        }
        RegionError::Shape { what: name, .. } => {
            exception(py, "InputError", &what, name, "give one value for each")
        }
        RegionError::Picture { .. } => exception(
            py,
            "ParamsError",
            &what,
            "sizes_px",
            "sides are whole, at least 1; orientations 1 to 8",
        ),
    }
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
