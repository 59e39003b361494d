//! Pictures: headers, decoding to upright RGB, crops resized to squares.
//!
//! 1. The header is read first and the pixel limit checked before any pixel memory is taken.
//! 2. JPEG goes through libjpeg-turbo (accurate DCT, smooth chroma), PNG through the crate `png`.
//! 3. The EXIF turn is applied to the pixels.
//! 4. Crops are resized by Pillow's two-pass bicubic, in its own fixed point.
//!
//! A bad picture is a [`PictureStatus`], never a panic. Cost: decoding, then about 16 multiplications a
//! source sample for each crop that covers it.

mod batch;
mod error;
mod exif;
mod header;
mod jpeg;
mod jpeg_markers;
mod picture;
mod png;
mod resize;
mod turn;

pub use batch::{CropBatch, decode_all, decode_crops, probe_all};
pub use error::{BatchError, ImageError, PictureStatus};
pub use header::{Format, Header, probe};
pub use picture::{Picture, decode};
pub use resize::{Buffers, CropBox, resize_square};
