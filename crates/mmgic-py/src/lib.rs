//! The Python skin of `mmgic-core`, imported as `mmgic._core` and only by `mmgic.images`, `mmgic.geometry`
//! and `mmgic.packing`. Batch calls only; the interpreter is released while the core works.

// The interpreter hands arguments over by value.
#![allow(clippy::needless_pass_by_value)]

mod boxes;
mod errors;
mod image;
mod overlap;
mod pack;
mod pool;
mod regions;

use pyo3::prelude::*;

#[pymodule]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", mmgic_core::VERSION)?;
    m.add("build_profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    m.add("has_simd", mmgic_core::HAS_SIMD)?;
    m.add_function(wrap_pyfunction!(image::picture_statuses, m)?)?;
    m.add_function(wrap_pyfunction!(image::probe, m)?)?;
    m.add_function(wrap_pyfunction!(image::decode, m)?)?;
    m.add_function(wrap_pyfunction!(image::decode_crops, m)?)?;
    m.add_function(wrap_pyfunction!(image::resize_crops, m)?)?;
    m.add_class::<boxes::BoxNotation>()?;
    m.add_function(wrap_pyfunction!(boxes::box_statuses, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::resized_sizes, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::ids_from_boxes, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::boxes_from_ids, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::text_from_boxes, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::boxes_from_text, m)?)?;
    m.add_class::<overlap::SoundBoxes>()?;
    m.add_function(wrap_pyfunction!(overlap::box_faults, m)?)?;
    m.add_function(wrap_pyfunction!(overlap::require_sound, m)?)?;
    m.add_function(wrap_pyfunction!(overlap::iou_matrix, m)?)?;
    m.add_function(wrap_pyfunction!(overlap::iou_pairs, m)?)?;
    m.add_function(wrap_pyfunction!(regions::drop_causes, m)?)?;
    m.add_function(wrap_pyfunction!(regions::main_square, m)?)?;
    m.add_function(wrap_pyfunction!(regions::region_square, m)?)?;
    m.add_function(wrap_pyfunction!(regions::place_boxes, m)?)?;
    m.add_class::<pack::Packer>()?;
    m.add_function(wrap_pyfunction!(pack::pieces, m)?)?;
    m.add_function(wrap_pyfunction!(pack::block_of_rows, m)?)?;
    m.add_function(wrap_pyfunction!(pack::training_arrays, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::text_from_shapes, m)?)?;
    m.add_function(wrap_pyfunction!(boxes::shapes_from_text, m)?)?;
    Ok(())
}
