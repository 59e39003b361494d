//! Pictures: headers, decoding to upright RGB, crops resized to squares.
//!
//! 1. The header is read first and every limit checked before pixel memory is taken.
//! 2. What the crops of a picture need is planned from the header: at which scale, and which part.
//! 3. JPEG goes through libjpeg-turbo (accurate DCT, smooth chroma), PNG through the crate `png`, WebP through libwebp.
//! 4. The EXIF turn is applied to the pixels.
//! 5. Crops are resized in two passes, in Pillow's own fixed point.
//!
//! A bad picture is a [`PictureStatus`], never a panic. Cost: entropy-decoding, which is two thirds of it for a
//! photograph; then what the crops need.

mod alpha;
mod batch;
mod budget;
mod error;
mod exif;
mod formats;
mod header;
mod jpeg;
mod jpeg_markers;
mod picture;
mod plan;
mod png;
mod png_chunks;
mod reading;
mod resize;
mod riff;
mod turn;
mod vp8l;
mod webp;

pub use batch::{CropBatch, Squares, Workers, decode_all, decode_crops, probe_all, status_of};
pub use error::{BatchError, ImageError, PictureStatus};
pub use formats::{decode, format_of, probe};
pub use header::{Format, Header};
pub use picture::Picture;
pub use plan::Mode;
pub use reading::{Alpha, FILL, Limits, Outcome, Reading};
pub use resize::{Buffers, CropBox, Filter, Out, Part, Region, Resize, Tables};
