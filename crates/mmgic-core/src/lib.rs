//! The three hot things of `MMGiC`, without Python: pictures, boxes and packing.
//!
//! * [`image`] decodes JPEG, PNG and WebP and resizes crops, value for value as Pillow does.
//! * [`boxes`] turns boxes into location tokens and back.
//! * [`overlap`] finds what is wrong with boxes, and their intersections over union.
//! * [`regions`] places boxes in the main crop of their picture, and chooses which become regions.
//! * [`pack`] packs documents into rows of one capacity.

pub mod boxes;
pub mod image;
pub mod overlap;
pub mod pack;
pub mod regions;

/// Version of this crate; the Python package refuses a library of another one.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether the JPEG decoder was built with its SIMD parts.
pub const HAS_SIMD: bool = cfg!(jpeg_simd);
