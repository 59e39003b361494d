//! The header of a picture: format, upright size, turn. No pixel is decoded.

use super::error::ImageError;
use super::reading::Limits;
use super::{jpeg, png, webp};

/// The file formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
}

impl Format {
    /// The format's name in Python.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::WebP => "webp",
        }
    }

    /// The format by the file's first bytes.
    #[must_use]
    pub fn of(file: &[u8]) -> Option<Self> {
        if file.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else if file.starts_with(png::SIGNATURE) {
            Some(Self::Png)
        } else if webp::is_webp(file) {
            Some(Self::WebP)
        } else {
            None
        }
    }
}

/// Size as stored in the file, and the EXIF turn that makes it upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
// Four facts that do not depend on each other.
#[allow(clippy::struct_excessive_bools)]
pub struct Header {
    pub format: Format,
    pub stored_width: u32,
    pub stored_height: u32,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha or CMYK; a palette counts as its colours.
    pub channels: u8,
    /// Whether an ICC profile is embedded.
    pub icc: bool,
    /// Progressive JPEG or interlaced PNG.
    pub progressive: bool,
    /// Whether it can be decoded at a half, a quarter or an eighth of its size.
    pub scalable: bool,
    /// Whether its decoder must hold all of it before the first pixel is known.
    pub several_scans: bool,
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
}

/// Reads the header of a JPEG, PNG or WebP file.
///
/// # Errors
/// Every [`ImageError`] but `BadCrop`; a file whose header is sound may still fail to decode.
pub fn probe(file: &[u8], limits: &Limits) -> Result<Header, ImageError> {
    limits.check_file(file)?;
    let header = match Format::of(file).ok_or(ImageError::UnknownFormat)? {
        Format::Jpeg => jpeg::header(file)?,
        Format::Png => png::header(file)?,
        Format::WebP => webp::header(file)?,
    };
    limits.check_size(header.upright_size())?;
    Ok(header)
}
