//! What can be wrong with one picture, and with a whole batch.

use thiserror::Error;

/// What came of one picture, or of one crop; the numbers are part of the Python interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PictureStatus {
    Ok = 0,
    UnknownFormat = 1,
    Truncated = 2,
    Corrupt = 3,
    TooManyPixels = 4,
    Unsupported = 5,
    BadCrop = 6,
    TooManyBytes = 7,
    TooLongSide = 8,
    TooManyScans = 9,
    TooMuchMemory = 10,
    Damaged = 11,
    Warned = 12,
    Filled = 13,
}

impl PictureStatus {
    /// Every status with the name that Python uses, in the order of their numbers.
    pub const NAMES: [(Self, &'static str); 14] = [
        (Self::Ok, "OK"),
        (Self::UnknownFormat, "UNKNOWN_FORMAT"),
        (Self::Truncated, "TRUNCATED"),
        (Self::Corrupt, "CORRUPT"),
        (Self::TooManyPixels, "TOO_MANY_PIXELS"),
        (Self::Unsupported, "UNSUPPORTED"),
        (Self::BadCrop, "BAD_CROP"),
        (Self::TooManyBytes, "TOO_MANY_BYTES"),
        (Self::TooLongSide, "TOO_LONG_SIDE"),
        (Self::TooManyScans, "TOO_MANY_SCANS"),
        (Self::TooMuchMemory, "TOO_MUCH_MEMORY"),
        (Self::Damaged, "DAMAGED"),
        (Self::Warned, "WARNED"),
        (Self::Filled, "FILLED"),
    ];

    /// The number that Python sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// A fault of one picture or of one crop of it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    #[error("not a JPEG, PNG or WebP file")]
    UnknownFormat,
    #[error("the file ends early")]
    Truncated,
    #[error("the file is damaged: {0}")]
    Corrupt(String),
    #[error("{width} x {height} pixels, more than the {limit} allowed")]
    TooManyPixels { width: u32, height: u32, limit: u64 },
    #[error("{width} x {height} pixels, a side over the {limit} allowed")]
    TooLongSide { width: u32, height: u32, limit: u32 },
    #[error("a file of {bytes} bytes, more than the {limit} allowed")]
    TooManyBytes { bytes: u64, limit: u64 },
    #[error("{scans} scans, more than the {limit} allowed")]
    TooManyScans { scans: u32, limit: u32 },
    #[error("{bytes} bytes of memory needed, more than the {limit} allowed")]
    TooMuchMemory { bytes: u64, limit: u64 },
    #[error("no memory for {width} x {height} pixels")]
    OutOfMemory { width: u32, height: u32 },
    #[error("the decoder complained: {0}")]
    Damaged(String),
    #[error("a kind of picture that is not read: {0}")]
    Unsupported(String),
    #[error("the crop does not lie inside the picture, or is empty")]
    BadCrop,
}

impl ImageError {
    /// The status that stands for this fault.
    #[must_use]
    pub const fn status(&self) -> PictureStatus {
        match self {
            Self::UnknownFormat => PictureStatus::UnknownFormat,
            Self::Truncated => PictureStatus::Truncated,
            Self::Corrupt(_) => PictureStatus::Corrupt,
            Self::TooManyPixels { .. } => PictureStatus::TooManyPixels,
            Self::TooLongSide { .. } => PictureStatus::TooLongSide,
            Self::TooManyBytes { .. } => PictureStatus::TooManyBytes,
            Self::TooManyScans { .. } => PictureStatus::TooManyScans,
            Self::TooMuchMemory { .. } | Self::OutOfMemory { .. } => PictureStatus::TooMuchMemory,
            Self::Damaged(_) => PictureStatus::Damaged,
            Self::Unsupported(_) => PictureStatus::Unsupported,
            Self::BadCrop => PictureStatus::BadCrop,
        }
    }
}

/// A batch whose parts do not fit together: a fault of the caller, not of a picture.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BatchError {
    #[error("the side of a crop is {side} pixels, allowed are 1 to {most}")]
    Side { side: usize, most: usize },
    #[error("{what} has {found} entries, {expected} were expected")]
    Length { what: &'static str, found: usize, expected: usize },
    #[error("crop counts must begin at 0 and never fall")]
    Starts,
}
