//! WebP to RGB through libwebp.

use super::error::ImageError;
use super::header::Header;
use super::picture::Picture;
use super::reading::{Outcome, Reading};

/// Whether a file begins as a WebP file does.
pub(super) fn is_webp(file: &[u8]) -> bool {
    file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP")
}

/// Reads size, turn and kind from the container; no pixel is decoded.
pub(super) fn header(_file: &[u8]) -> Result<Header, ImageError> {
    Err(ImageError::Unsupported("WebP".to_owned()))
}

/// Decodes the first frame into `picture`, in stored order; `spare` is working memory.
pub(super) fn decode(
    _file: &[u8],
    _header: &Header,
    _reading: &Reading,
    _picture: &mut Picture,
    _spare: &mut Vec<u8>,
) -> Result<Outcome, ImageError> {
    Err(ImageError::Unsupported("WebP".to_owned()))
}

/// An upper bound of the memory taken while decoding, beyond the file, in bytes.
pub(super) fn bytes_needed(header: &Header) -> u64 {
    u64::from(header.stored_width) * u64::from(header.stored_height) * 7
}
