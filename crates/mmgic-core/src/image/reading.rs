//! How files are read: limits, and what to do with alpha, missing ends and complaints of a decoder.

use super::error::ImageError;

/// What one picture, or one call, may take. Checked on the header, before memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_pixels: u64,
    /// Of either side, in pixels.
    pub max_side: u32,
    /// Of the file.
    pub max_bytes: u64,
    /// Of a progressive JPEG: each costs a pass over the picture. And all of them together may not go over more than
    /// [`SCANNED`] times `max_pixels`.
    pub max_scans: u32,
    /// Bytes for results and working memory of one call, all threads together.
    pub max_memory: u64,
}

/// How many times the largest picture all scans of a file may go over, in pixels: some seconds of work.
const SCANNED: u64 = 16;

impl Limits {
    pub(super) fn check_scans(&self, scans: u32, pixels: u64) -> Result<(), ImageError> {
        let by_work = self.max_pixels.saturating_mul(SCANNED) / pixels.max(1);
        let limit = self.max_scans.min(u32::try_from(by_work).unwrap_or(u32::MAX));
        if scans > limit { Err(ImageError::TooManyScans { scans, limit }) } else { Ok(()) }
    }

    pub(super) fn check_file(&self, file: &[u8]) -> Result<(), ImageError> {
        let bytes = file.len() as u64;
        if bytes > self.max_bytes {
            return Err(ImageError::TooManyBytes { bytes, limit: self.max_bytes });
        }
        Ok(())
    }

    pub(super) fn check_size(&self, (width, height): (u32, u32)) -> Result<(), ImageError> {
        if width.max(height) > self.max_side {
            return Err(ImageError::TooLongSide { width, height, limit: self.max_side });
        }
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(ImageError::TooManyPixels { width, height, limit: self.max_pixels });
        }
        Ok(())
    }
}

impl Default for Limits {
    /// Pixels as Pillow's limit for warnings, sides as the longest that JPEG can state.
    fn default() -> Self {
        Self {
            max_pixels: 89_478_485,
            max_side: 65_535,
            max_bytes: 1 << 30,
            max_scans: 100,
            max_memory: 8 << 30,
        }
    }
}

/// How alpha becomes RGB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Alpha {
    /// The hidden colour shows, as with Pillow's `convert("RGB")`.
    #[default]
    Drop,
    /// Laid over a colour.
    Blend([u8; 3]),
}

/// How files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub limits: Limits,
    pub alpha: Alpha,
    /// A file that ends early is filled with grey instead of refused.
    pub lenient: bool,
    /// What a decoder complains of, but decodes, is refused.
    pub reject_warnings: bool,
}

/// What came of a decoding that gave pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Whole,
    /// The decoder complained: some pixels may be wrong.
    Warned,
    /// The file ends early: what it lacks is grey.
    Filled,
}

/// The grey of what a file that ends early leaves open.
pub const FILL: u8 = 128;
