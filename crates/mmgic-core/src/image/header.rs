//! What the header of a picture says: format, upright size, turn.

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
