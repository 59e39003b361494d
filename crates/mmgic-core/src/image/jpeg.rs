//! JPEG to RGB through libjpeg-turbo, with the settings that Pillow uses: accurate integer DCT, smooth chroma
//! upsampling. So the pixels are Pillow's, bit for bit, at full size and at the reduced sizes of its `draft`.
//!
//! A part of a picture is decoded with [`CONTEXT`] pixels around it and from the MCU on its left (or some more:
//! [`SMOOTHED`]), so that its pixels are those of a full decode. What lies above is entropy-decoded only, what lies below is not read.
//!
//! A new decoder for each file: tables of one picture cannot leak into the next, and a failed file leaves
//! nothing behind (making one takes microseconds).

use super::error::ImageError;
use super::header::{Format, Header};
use super::jpeg_markers::{self, Body, Frame};
use super::picture::Picture;
use super::reading::{Outcome, Reading};
use super::resize::Region;
use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;
use turbojpeg_sys as tj;

/// How far smooth chroma upsampling looks beyond a pixel.
const CONTEXT: usize = 2;

/// How many MCUs to the left a progressive file that lacks scans looks, whose blocks libjpeg smooths by their
/// neighbours; to the other sides it sees past the part.
const SMOOTHED: usize = 2;

/// Beginnings of what libjpeg says as a warning; whatever else it says is fatal. (Its error code does not
/// tell: it stays "warning" when a fatal error follows one.)
const WARNINGS: [&str; 7] = [
    "Unknown Adobe color transform code",
    "Inconsistent progression sequence",
    "Corrupt JPEG data:",
    "Warning:",
    "Premature end of JPEG file",
    "Invalid SOS parameters for sequential JPEG",
    "Application transferred too many scanlines",
];

/// Parts of what libjpeg says of a sound file of a kind that it does not read.
const UNSUPPORTED: [&str; 4] =
    ["Unsupported", "colorspace", "not implemented", "Maximum supported image dimension"];

/// A part of a picture in stored order, at one over `den` (1, 2, 4 or 8) of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub den: usize,
    pub region: Region,
}

/// A layout of decoded pixels, and its bytes a pixel.
#[derive(Clone, Copy)]
struct Layout(tj::TJPF, usize);

const RGB: Layout = Layout(tj::TJPF_TJPF_RGB, 3);
const CMYK: Layout = Layout(tj::TJPF_TJPF_CMYK, 4);

/// A slice's length in C's type.
fn length(file: &[u8]) -> tj::size_t {
    file.len() as tj::size_t
}

fn int(value: usize) -> c_int {
    c_int::try_from(value).unwrap_or(c_int::MAX)
}

struct Decoder(NonNull<c_void>);

impl Drop for Decoder {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the handle came from `tj3Init` and is destroyed only here.
        unsafe { tj::tj3Destroy(self.0.as_ptr()) }
    }
}

#[allow(unsafe_code)]
impl Decoder {
    fn new(max_scans: u32) -> Result<Self, ImageError> {
        // SAFETY: takes no pointer; a null result is refused below.
        let handle = unsafe { tj::tj3Init(tj::TJINIT_TJINIT_DECOMPRESS.cast_signed()) };
        let decoder = Self(NonNull::new(handle).ok_or(ImageError::OutOfMemory { width: 0, height: 0 })?);
        let scans = c_int::try_from(max_scans).unwrap_or(c_int::MAX);
        for (param, value) in [(tj::TJPARAM_TJPARAM_SCANLIMIT, scans), (tj::TJPARAM_TJPARAM_SAVEMARKERS, 0)] {
            // SAFETY: the handle is live.
            if unsafe { tj::tj3Set(decoder.0.as_ptr(), param.cast_signed(), value) } != 0 {
                return Err(ImageError::Unsupported(decoder.message()));
            }
        }
        Ok(decoder)
    }

    fn message(&self) -> String {
        // SAFETY: the handle is live; the text is the library's own and ends in a zero byte.
        let text = unsafe { CStr::from_ptr(tj::tj3GetErrorStr(self.0.as_ptr())) };
        text.to_string_lossy().into_owned()
    }

    fn get(&self, param: tj::TJPARAM) -> c_int {
        // SAFETY: the handle is live.
        unsafe { tj::tj3Get(self.0.as_ptr(), param.cast_signed()) }
    }

    fn read_header(&self, file: &[u8]) -> c_int {
        // SAFETY: the handle is live, pointer and length are those of one slice.
        unsafe { tj::tj3DecompressHeader(self.0.as_ptr(), file.as_ptr(), length(file)) }
    }

    fn scale(&self, den: usize) -> c_int {
        let factor = tj::tjscalingfactor { num: 1, denom: int(den) };
        // SAFETY: the handle is live.
        unsafe { tj::tj3SetScalingFactor(self.0.as_ptr(), factor) }
    }

    fn crop(&self, region: Region) -> c_int {
        let (w, h) = (region.x1 - region.x0, region.y1 - region.y0);
        let region = tj::tjregion { x: int(region.x0), y: int(region.y0), w: int(w), h: int(h) };
        // SAFETY: the handle is live; the library checks the region against the header that it read.
        unsafe { tj::tj3SetCroppingRegion(self.0.as_ptr(), region) }
    }

    /// Decodes `rows` rows `pitch` bytes apart to where `out` points.
    ///
    /// # Safety
    /// `out` must be valid for writing `rows * pitch` bytes, where `rows` rows of no more than `pitch` bytes are
    /// what the scale and the region set before make of `file`, whose header this decoder has read.
    unsafe fn decompress(&self, file: &[u8], pitch: c_int, format: tj::TJPF, out: *mut u8) -> c_int {
        // SAFETY: the handle is live, pointer and length are those of one slice; for `out` the caller vouches.
        // The library reads the header again, from the same bytes, so the size is the one it told.
        unsafe { tj::tj3Decompress8(self.0.as_ptr(), file.as_ptr(), length(file), out, pitch, format) }
    }
}

/// One file with all that is known before its pixels are decoded.
struct Opened<'a> {
    file: &'a [u8],
    frame: Frame,
    body: Body,
    decoder: Decoder,
    reading: &'a Reading,
}

impl<'a> Opened<'a> {
    fn new(file: &'a [u8], reading: &'a Reading) -> Result<Self, ImageError> {
        let frame = checked_frame(file)?;
        let body = jpeg_markers::body(file, Some(&frame));
        if !body.ends && !reading.lenient {
            return Err(ImageError::Truncated);
        }
        let pixels = u64::from(frame.width) * u64::from(frame.height);
        reading.limits.check_scans(body.scans, pixels)?;
        let opened = Self {
            file: &file[..body.usable],
            frame,
            body,
            decoder: Decoder::new(reading.limits.max_scans)?,
            reading,
        };
        let code = opened.decoder.read_header(opened.file);
        opened.verdict(code)?;
        let told =
            [tj::TJPARAM_TJPARAM_JPEGWIDTH, tj::TJPARAM_TJPARAM_JPEGHEIGHT].map(|p| opened.decoder.get(p));
        if told != [c_int::from(frame.width), c_int::from(frame.height)] {
            return Err(ImageError::Corrupt("the header does not agree with itself".to_owned()));
        }
        Ok(opened)
    }

    /// Turns a return code into a verdict; warnings pass, as with Pillow, unless they are to be refused.
    fn verdict(&self, code: c_int) -> Result<Outcome, ImageError> {
        if code == 0 {
            return Ok(if self.body.ends { Outcome::Whole } else { Outcome::Filled });
        }
        let message = self.decoder.message();
        let is_warning = WARNINGS.iter().any(|start| message.starts_with(start));
        match () {
            () if is_warning && !self.body.ends => Ok(Outcome::Filled),
            () if is_warning && self.reading.reject_warnings => Err(ImageError::Damaged(message)),
            () if is_warning => Ok(Outcome::Warned),
            () if !self.body.ends => Err(ImageError::Truncated),
            () if message.starts_with("Insufficient memory") => {
                let (width, height) = (u32::from(self.frame.width), u32::from(self.frame.height));
                Err(ImageError::OutOfMemory { width, height })
            }
            () if UNSUPPORTED.iter().any(|part| message.contains(part)) => {
                Err(ImageError::Unsupported(message))
            }
            () => Err(ImageError::Corrupt(message)),
        }
    }

    /// Sets scale and region; gives back what will be decoded, at least what is wanted.
    fn aim(&self, wanted: Wanted) -> Result<Region, ImageError> {
        let den = wanted.den;
        let width = usize::from(self.frame.width).div_ceil(den);
        let height = usize::from(self.frame.height).div_ceil(den);
        let whole = Region::whole((width, height));
        if den > 1 && self.decoder.scale(den) != 0 {
            return Err(ImageError::Unsupported(self.decoder.message()));
        }
        // Odd samplings cannot be cropped; damage below a crop is met only by decoding to the end.
        let known_sampling = self.decoder.get(tj::TJPARAM_TJPARAM_SUBSAMP) >= 0;
        if !known_sampling || self.frame.lossless || self.reading.reject_warnings {
            return Ok(whole);
        }
        let mcu = if self.frame.components == 1 { 8 } else { 8 * usize::from(self.frame.sampling.0) };
        let grid = (mcu / den).max(1);
        let smoothed = if self.frame.progressive { SMOOTHED } else { 0 };
        let Region { x0, y0, x1, y1 } = wanted.region;
        let region = Region {
            x0: (x0.saturating_sub(CONTEXT) / grid).saturating_sub(smoothed) * grid,
            y0: y0.saturating_sub(CONTEXT),
            x1: (x1 + CONTEXT).min(width),
            y1: (y1 + CONTEXT).min(height),
        };
        if region == whole || self.decoder.crop(region) != 0 {
            return Ok(whole);
        }
        Ok(region)
    }

    /// Decodes `region`, which is what was aimed at for `wanted`, into `out`, which is re-used or grown.
    #[allow(unsafe_code)]
    fn pixels(
        &self,
        wanted: Wanted,
        region: Region,
        Layout(format, bytes_a_pixel): Layout,
        out: &mut Vec<u8>,
    ) -> Result<Outcome, ImageError> {
        let (columns, rows) = (region.x1 - region.x0, region.y1 - region.y0);
        let pitch = columns * bytes_a_pixel;
        let (bytes, pitch) = (pitch * rows, int(pitch));
        let (width, height) = (u32::from(self.frame.width), u32::from(self.frame.height));
        out.clear();
        out.try_reserve_exact(bytes).map_err(|_| ImageError::OutOfMemory { width, height })?;
        let mut again = None;
        // Clearing is nothing beside several scans, and saves to decode them again.
        if self.body.ends && self.frame.is_single_scan() {
            // SAFETY: `bytes` bytes are reserved, for the rows and columns that scale and region leave.
            let code = unsafe { self.decoder.decompress(self.file, pitch, format, out.as_mut_ptr()) };
            if code == 0 {
                // SAFETY: without an error or a warning every row was written.
                unsafe { out.set_len(bytes) };
                return self.verdict(code);
            }
            self.verdict(code)?;
            // This decoder keeps the tables that stand behind the first scan: they would change the result.
            let fresh = Self::new(self.file, self.reading)?;
            if fresh.aim(wanted)? != region {
                return Err(ImageError::Corrupt("the header does not agree with itself".to_owned()));
            }
            again = Some(fresh);
        }
        // A file that warns might leave bytes unwritten: it is decoded (again) to cleared memory.
        out.resize(bytes, 0);
        let opened = again.as_ref().unwrap_or(self);
        // SAFETY: `out` holds `bytes` bytes, as above: both decoders read one file and aim at one region.
        let code = unsafe { opened.decoder.decompress(self.file, pitch, format, out.as_mut_ptr()) };
        opened.verdict(code)
    }
}

fn checked_frame(file: &[u8]) -> Result<Frame, ImageError> {
    let Some(frame) = jpeg_markers::frame(file) else {
        return Err(if jpeg_markers::body(file, None).ends {
            ImageError::Corrupt("no frame header".to_owned())
        } else {
            ImageError::Truncated
        });
    };
    if frame.precision != 8 {
        return Err(ImageError::Unsupported(format!("{} bits a sample", frame.precision)));
    }
    if !matches!(frame.components, 1 | 3 | 4) {
        return Err(ImageError::Unsupported(format!("{} components", frame.components)));
    }
    if frame.width == 0 || frame.height == 0 {
        return Err(ImageError::Corrupt("a side of 0 pixels".to_owned()));
    }
    Ok(frame)
}

/// Reads what stands before the first scan.
pub(super) fn header(file: &[u8]) -> Result<Header, ImageError> {
    let frame = checked_frame(file)?;
    Ok(Header {
        format: Format::Jpeg,
        stored_width: u32::from(frame.width),
        stored_height: u32::from(frame.height),
        orientation: frame.orientation,
        channels: frame.components,
        icc: frame.icc,
        progressive: frame.progressive,
        scalable: !frame.lossless,
        several_scans: !frame.is_single_scan(),
    })
}

/// Memory for decoding `pixels` of a file at full size, beyond the file.
pub(super) fn bytes_needed(header: &Header, pixels: u64) -> u64 {
    let stored = u64::from(header.stored_width.next_multiple_of(32))
        * u64::from(header.stored_height.next_multiple_of(32));
    let channels = u64::from(header.channels);
    // Several scans: all coefficients, two bytes each, are held until the last one.
    let coefficients = if header.several_scans { 2 * channels * stored } else { 0 };
    let rows = 128 * channels * u64::from(header.stored_width);
    let inks = if channels == 4 { 4 * pixels } else { 0 };
    coefficients + rows + inks + 3 * pixels
}

/// `a * b / 255`, rounded, as Pillow's `MULDIV255`.
fn product(a: u8, b: u8) -> u8 {
    let sum = u32::from(a) * u32::from(b) + 128;
    u8::try_from(((sum >> 8) + sum) >> 8).unwrap_or(u8::MAX)
}

/// Pillow's `convert("RGB")` of a CMYK file in Adobe's inverted form.
fn rgb_from_inverted_cmyk([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    [c, m, y].map(|ink| k - product(255 - ink, k))
}

/// Decodes what is wanted into `picture`, in stored order, and says which part that was: at least the wanted
/// one. `spare` is working memory.
pub(super) fn decode(
    file: &[u8],
    wanted: Wanted,
    reading: &Reading,
    picture: &mut Picture,
    spare: &mut Vec<u8>,
) -> Result<(Outcome, Region), ImageError> {
    let opened = Opened::new(file, reading)?;
    let region = opened.aim(wanted)?;
    (picture.width, picture.height) = (region.x1 - region.x0, region.y1 - region.y0);
    if opened.frame.components != 4 {
        return Ok((opened.pixels(wanted, region, RGB, &mut picture.rgb)?, region));
    }
    let outcome = opened.pixels(wanted, region, CMYK, spare)?;
    picture.rgb.clear();
    let (inks, _) = spare.as_chunks::<4>();
    picture.rgb.extend(inks.iter().flat_map(|&ink| rgb_from_inverted_cmyk(ink)));
    Ok((outcome, region))
}
