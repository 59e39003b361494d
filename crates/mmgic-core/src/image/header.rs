//! The header of a picture: format, upright size, turn. No pixel is decoded.

use super::error::ImageError;
use super::{jpeg, png};

/// The file formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
}

impl Format {
    /// The format's name in Python.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
        }
    }

    /// The format by the file's first bytes.
    #[must_use]
    pub fn of(file: &[u8]) -> Option<Self> {
        if file.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else if file.starts_with(png::SIGNATURE) {
            Some(Self::Png)
        } else {
            None
        }
    }
}

/// Size as stored in the file, and the EXIF turn that makes it upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub format: Format,
    pub stored_width: u32,
    pub stored_height: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
}

impl Header {
    /// Width and height after the EXIF turn.
    #[must_use]
    pub const fn upright_size(&self) -> (u32, u32) {
        if self.orientation >= 5 {
            (self.stored_height, self.stored_width)
        } else {
            (self.stored_width, self.stored_height)
        }
    }

    /// Refuses more pixels than `limit`.
    pub(super) fn check(self, limit: u64) -> Result<Self, ImageError> {
        let (width, height) = self.upright_size();
        if u64::from(width) * u64::from(height) > limit {
            return Err(ImageError::TooManyPixels { width, height, limit });
        }
        Ok(self)
    }
}

/// Reads the header of a JPEG or PNG file.
///
/// # Errors
/// Every [`ImageError`] but `BadCrop`; a file whose header is sound may still fail to decode.
pub fn probe(file: &[u8], max_pixels: u64) -> Result<Header, ImageError> {
    match Format::of(file).ok_or(ImageError::UnknownFormat)? {
        Format::Jpeg => jpeg::header(file)?.check(max_pixels),
        Format::Png => png::header(file)?.check(max_pixels),
    }
}
