//! JPEG to RGB through libjpeg-turbo, with the settings that Pillow uses: accurate integer DCT, smooth chroma
//! upsampling, full size. So the pixels are Pillow's, bit for bit.
//!
//! A new decoder for each file: tables of one picture cannot leak into the next, and a failed file leaves
//! nothing behind (making one takes microseconds). This file holds all unsafe code of the crate.

use super::error::ImageError;
use super::header::{Format, Header};
use super::jpeg_markers::{self, Frame};
use super::picture::{Picture, fit};
use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;
use turbojpeg_sys as tj;

/// A file with more scans than this is made to waste time.
const MAX_SCANS: c_int = 500;

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

/// A slice's length in C's type.
fn length(file: &[u8]) -> tj::size_t {
    file.len() as tj::size_t
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
    fn new() -> Result<Self, ImageError> {
        // SAFETY: takes no pointer; a null result is refused below.
        let handle = unsafe { tj::tj3Init(tj::TJINIT_TJINIT_DECOMPRESS.cast_signed()) };
        let decoder = Self(NonNull::new(handle).ok_or(ImageError::OutOfMemory { width: 0, height: 0 })?);
        for (param, value) in
            [(tj::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS), (tj::TJPARAM_TJPARAM_SAVEMARKERS, 0)]
        {
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

    /// Turns a return code into a verdict: warnings pass (as with Pillow) unless the file has no end.
    fn verdict(&self, code: c_int, file: &[u8]) -> Result<(), ImageError> {
        if code == 0 {
            return Ok(());
        }
        let message = self.message();
        if !jpeg_markers::has_end(file) {
            Err(ImageError::Truncated)
        } else if WARNINGS.iter().any(|start| message.starts_with(start)) {
            Ok(())
        } else if message.starts_with("Unsupported") || message.contains("colorspace") {
            Err(ImageError::Unsupported(message))
        } else {
            Err(ImageError::Corrupt(message))
        }
    }

    fn read_header(&self, file: &[u8]) -> Result<(), ImageError> {
        // SAFETY: the handle is live, pointer and length are those of one slice.
        let code = unsafe { tj::tj3DecompressHeader(self.0.as_ptr(), file.as_ptr(), length(file)) };
        // A cut file may still have a whole header.
        match self.verdict(code, file) {
            Err(ImageError::Truncated) if self.get(tj::TJPARAM_TJPARAM_JPEGWIDTH) > 0 => Ok(()),
            other => other,
        }
    }

    /// Decodes to `format`; `out` must hold `width * height` pixels of it.
    fn decompress(
        &self,
        file: &[u8],
        (width, height): (usize, usize),
        (format, bytes_a_pixel): (tj::TJPF, usize),
        out: &mut [u8],
    ) -> Result<(), ImageError> {
        let pitch = width * bytes_a_pixel;
        let known = usize::try_from(self.get(tj::TJPARAM_TJPARAM_JPEGWIDTH)) == Ok(width)
            && usize::try_from(self.get(tj::TJPARAM_TJPARAM_JPEGHEIGHT)) == Ok(height);
        let pitch_int = c_int::try_from(pitch);
        let (true, true, Ok(pitch_int)) = (known, out.len() == pitch * height, pitch_int) else {
            return Err(ImageError::Corrupt("the header does not agree with itself".to_owned()));
        };
        // SAFETY: the handle is live, pointer and length are those of one slice, and the library writes
        // `height` rows `pitch` apart: it reads both sides from the same bytes as `read_header` did (the
        // caller lends them immutably), and `out` was checked to hold exactly that.
        let code = unsafe {
            tj::tj3Decompress8(
                self.0.as_ptr(),
                file.as_ptr(),
                length(file),
                out.as_mut_ptr(),
                pitch_int,
                format,
            )
        };
        self.verdict(code, file)
    }
}

fn opened(file: &[u8]) -> Result<(Decoder, Frame), ImageError> {
    let Some(frame) = jpeg_markers::frame(file) else {
        return Err(if jpeg_markers::has_end(file) {
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
    let decoder = Decoder::new()?;
    decoder.read_header(file)?;
    let stated = (c_int::from(frame.width), c_int::from(frame.height));
    if stated != (decoder.get(tj::TJPARAM_TJPARAM_JPEGWIDTH), decoder.get(tj::TJPARAM_TJPARAM_JPEGHEIGHT)) {
        return Err(ImageError::Corrupt("the header does not agree with itself".to_owned()));
    }
    Ok((decoder, frame))
}

/// Reads size and turn.
pub(super) fn header(file: &[u8]) -> Result<Header, ImageError> {
    let (_, frame) = opened(file)?;
    Ok(Header {
        format: Format::Jpeg,
        stored_width: u32::from(frame.width),
        stored_height: u32::from(frame.height),
        orientation: frame.orientation,
    })
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

/// Decodes into `picture`, in stored order; `spare` is working memory.
pub(super) fn decode(
    file: &[u8],
    header: &Header,
    picture: &mut Picture,
    spare: &mut Vec<u8>,
) -> Result<(), ImageError> {
    let (decoder, frame) = opened(file)?;
    let (width, height) = (header.stored_width, header.stored_height);
    picture.reshape(width, height)?;
    let size = (picture.width, picture.height);
    if frame.components != 4 {
        return decoder.decompress(file, size, (tj::TJPF_TJPF_RGB, 3), &mut picture.rgb);
    }
    fit(spare, size.0 * size.1 * 4).map_err(|()| ImageError::OutOfMemory { width, height })?;
    decoder.decompress(file, size, (tj::TJPF_TJPF_CMYK, 4), spare)?;
    let (inks, _) = spare.as_chunks::<4>();
    for (pixel, &ink) in picture.rgb.as_chunks_mut::<3>().0.iter_mut().zip(inks) {
        *pixel = rgb_from_inverted_cmyk(ink);
    }
    Ok(())
}
