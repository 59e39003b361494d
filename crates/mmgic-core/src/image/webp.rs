//! WebP to RGB through libwebp, Pillow's own decoder: smooth chroma upsampling, so equal pixels.
//!
//! The container is read first ([`riff`]), then the first frame is decoded straight into the picture; of an
//! animation, what the frame leaves free of the canvas is transparent black. A cut file gives the rows that
//! came, if it may. A lossless stream made to take memory is refused before libwebp sees it ([`vp8l`]).
//! libwebp keeps no state between calls, and of its SIMD only what every CPU of the kind has is built in (SSE2,
//! NEON): its other files would be compiled so that nothing else runs without them, for 1 % of the time.
//! Cost: the decoding, and with `Alpha::Blend` one pass.

use super::alpha;
use super::error::ImageError;
use super::exif;
use super::header::{Format, Header};
use super::picture::{Picture, fit};
use super::reading::{Alpha, FILL, Outcome, Reading};
use super::riff::{self, Frame};
use super::vp8l;
use libwebp_sys as webp;
use libwebp_sys::VP8StatusCode as Status;
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

/// Whether a file begins as a WebP file does.
pub(super) fn is_webp(file: &[u8]) -> bool {
    file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP")
}

/// Reads size, turn and kind from the container; no pixel is decoded.
pub(super) fn header(file: &[u8]) -> Result<Header, ImageError> {
    let found = riff::container(file)?;
    Ok(Header {
        format: Format::WebP,
        stored_width: found.width,
        stored_height: found.height,
        orientation: exif::orientation_of(found.exif, found.xmp),
        channels: if found.alpha { 4 } else { 3 },
        icc: found.icc,
        progressive: false,
        scalable: false,
        several_scans: false,
    })
}

fn verdict(status: Status, frame: &Frame<'_>) -> Result<(), ImageError> {
    match status {
        Status::VP8_STATUS_OK => Ok(()),
        Status::VP8_STATUS_SUSPENDED | Status::VP8_STATUS_NOT_ENOUGH_DATA => Err(ImageError::Truncated),
        // Its word for damaged alpha as well, which is far likelier.
        Status::VP8_STATUS_OUT_OF_MEMORY if frame.stream.starts_with(b"ALPH") => {
            Err(ImageError::Corrupt("the alpha cannot be decoded".to_owned()))
        }
        Status::VP8_STATUS_OUT_OF_MEMORY => {
            Err(ImageError::OutOfMemory { width: frame.width, height: frame.height })
        }
        Status::VP8_STATUS_UNSUPPORTED_FEATURE => Err(ImageError::Unsupported("a WebP feature".to_owned())),
        other => Err(ImageError::Corrupt(format!("libwebp says {other:?}"))),
    }
}

/// Refuses a frame whose lossless stream would take far more memory than its pixels.
fn check_groups(frame: &Frame<'_>) -> Result<(), ImageError> {
    let Some((head, content)) = frame.stream.split_first_chunk::<8>() else { return Ok(()) };
    // A lossless picture states its size before the stream; of an alpha chunk's first byte two bits name it.
    let stream = match (&head[..4], content) {
        (b"VP8L", [_, _, _, _, _, stream @ ..]) => stream,
        (b"ALPH", [method, stream @ ..]) if method & 3 == 1 => stream,
        _ => return Ok(()),
    };
    match vp8l::groups(stream, frame.width, frame.height) {
        Some(groups) if groups > vp8l::MAX_GROUPS => {
            Err(ImageError::Unsupported(format!("{groups} code groups in a lossless stream")))
        }
        _ => Ok(()),
    }
}

/// A rectangle of pixels for libwebp to write, never to read: rows `stride` bytes apart, `channels` bytes a pixel.
struct Target<'a> {
    pixels: &'a mut [MaybeUninit<u8>],
    stride: usize,
    channels: usize,
}

struct Incremental(NonNull<webp::WebPIDecoder>);

impl Drop for Incremental {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the decoder came from `WebPINewDecoder` and is deleted only here.
        unsafe { webp::WebPIDelete(self.0.as_ptr()) }
    }
}

impl Target<'_> {
    /// A decoder's settings that point into this target.
    #[allow(unsafe_code)]
    fn config(&mut self, frame: &Frame<'_>) -> Result<webp::WebPDecoderConfig, ImageError> {
        let refused = || ImageError::OutOfMemory { width: frame.width, height: frame.height };
        let (width, height) = (frame.width as usize, frame.height as usize);
        let last = (height - 1) * self.stride + width * self.channels;
        if width * self.channels > self.stride || self.pixels.len() < last {
            return Err(refused());
        }
        let mut config = webp::WebPDecoderConfig::new().map_err(|()| refused())?;
        config.output.colorspace = match self.channels {
            4 => webp::WEBP_CSP_MODE::MODE_RGBA,
            _ => webp::WEBP_CSP_MODE::MODE_RGB,
        };
        config.output.is_external_memory = 1;
        config.output.u.RGBA = webp::WebPRGBABuffer {
            rgba: self.pixels.as_mut_ptr().cast(),
            stride: c_int::try_from(self.stride).map_err(|_| refused())?,
            size: self.pixels.len(),
        };
        Ok(config)
    }

    #[allow(unsafe_code)]
    fn decode(&mut self, frame: &Frame<'_>) -> Result<(), ImageError> {
        let mut config = self.config(frame)?;
        // SAFETY: pointer and length of the stream are those of one slice. The library writes within the
        // external memory that `config` names (this target's, exclusively borrowed) and checks its size and
        // stride against the stream's before it writes.
        let status = unsafe { webp::WebPDecode(frame.stream.as_ptr(), frame.stream.len(), &raw mut config) };
        verdict(status, frame)?;
        let told = [config.output.width, config.output.height].map(u32::try_from);
        if told == [Ok(frame.width), Ok(frame.height)] {
            return Ok(());
        }
        Err(ImageError::Corrupt("the stream is of another size than its frame".to_owned()))
    }

    /// Decodes a cut stream; gives the count of whole rows.
    #[allow(unsafe_code)]
    fn decode_cut(&mut self, frame: &Frame<'_>) -> Result<usize, ImageError> {
        let mut config = self.config(frame)?;
        // SAFETY: `config.output` outlives the decoder, which is dropped first, and the memory it names
        // belongs to this target, exclusively borrowed.
        let decoder = unsafe { webp::WebPINewDecoder(&raw mut config.output) };
        let decoder = Incremental(NonNull::new(decoder).ok_or(ImageError::Truncated)?);
        // SAFETY: the decoder is live; pointer and length are those of one slice that outlives it.
        let status =
            unsafe { webp::WebPIUpdate(decoder.0.as_ptr(), frame.stream.as_ptr(), frame.stream.len()) };
        match verdict(status, frame) {
            Ok(()) => return Ok(frame.height as usize),
            Err(ImageError::Truncated) => {}
            Err(other) => return Err(other),
        }
        let mut rows: c_int = 0;
        let none = std::ptr::null_mut();
        // SAFETY: the decoder is live, `rows` is a place to write, and the others may be null.
        let pixels = unsafe { webp::WebPIDecGetRGB(decoder.0.as_ptr(), &raw mut rows, none, none, none) };
        let rows = usize::try_from(rows).unwrap_or(0).min(frame.height as usize);
        if pixels.is_null() || rows == 0 { Err(ImageError::Truncated) } else { Ok(rows) }
    }

    /// Decodes the frame and gives the count of whole rows.
    fn rows(&mut self, frame: &Frame<'_>, cut: bool) -> Result<usize, ImageError> {
        if cut { self.decode_cut(frame) } else { self.decode(frame).map(|()| frame.height as usize) }
    }
}

/// Memory that has been written, as memory to write.
#[allow(unsafe_code)]
fn to_write(pixels: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the same bytes under a type with fewer promises; `Target` lets only libwebp write them, which writes bytes.
    unsafe { std::slice::from_raw_parts_mut(pixels.as_mut_ptr().cast(), pixels.len()) }
}

/// Decodes a whole, opaque frame that is the picture, to memory that need not be cleared before.
#[allow(unsafe_code)]
fn decode_plain(frame: &Frame<'_>, picture: &mut Picture) -> Result<Outcome, ImageError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let bytes = width * height * 3;
    (picture.width, picture.height) = (width, height);
    picture.rgb.clear();
    picture
        .rgb
        .try_reserve_exact(bytes)
        .map_err(|_| ImageError::OutOfMemory { width: frame.width, height: frame.height })?;
    let pixels = &mut picture.rgb.spare_capacity_mut()[..bytes];
    Target { pixels, stride: width * 3, channels: 3 }.decode(frame)?;
    // SAFETY: the library reports success only when it has written every pixel of the frame, and its rows fill the
    // stride.
    unsafe { picture.rgb.set_len(bytes) };
    Ok(Outcome::Whole)
}

/// Decodes the first frame into `picture`, in stored order; `spare` is working memory.
pub(super) fn decode(
    file: &[u8],
    header: &Header,
    reading: &Reading,
    picture: &mut Picture,
    spare: &mut Vec<u8>,
) -> Result<Outcome, ImageError> {
    let found = riff::container(file)?;
    let (width, height) = (header.stored_width, header.stored_height);
    if !found.whole && !reading.lenient {
        return Err(ImageError::Truncated);
    }
    let frame = found.frame.ok_or(ImageError::Truncated)?;
    check_groups(&frame)?;
    let is_opaque = reading.alpha == Alpha::Drop || !found.alpha;
    if is_opaque && found.whole && (frame.width, frame.height) == (width, height) {
        return decode_plain(&frame, picture);
    }
    picture.reshape(width, height)?;
    let stride = picture.width * 3;
    let (columns, lines) = (frame.width as usize, frame.height as usize);
    let ground = match reading.alpha {
        Alpha::Blend(ground) if found.alpha => Some(ground),
        _ => None,
    };
    if (frame.width, frame.height) != (width, height) {
        picture.rgb.as_chunks_mut::<3>().0.fill(ground.unwrap_or_default());
    }
    let place = frame.y as usize * stride + frame.x as usize * 3;
    let inside = &mut picture.rgb[place..];
    let rows = if ground.is_some() {
        fit(spare, columns * lines * 4).map_err(|()| ImageError::OutOfMemory { width, height })?;
        let rows = Target { pixels: to_write(spare), stride: columns * 4, channels: 4 }
            .rows(&frame, !found.whole)?;
        for (row, target) in spare.chunks_exact(columns * 4).zip(inside.chunks_mut(stride)) {
            alpha::to_rgb(row, 4, reading.alpha, &mut target[..columns * 3]);
        }
        rows
    } else {
        Target { pixels: to_write(inside), stride, channels: 3 }.rows(&frame, !found.whole)?
    };
    for row in inside.chunks_mut(stride).take(lines).skip(rows) {
        row[..columns * 3].fill(FILL);
    }
    match (rows < lines, found.whole) {
        (true, _) => Ok(Outcome::Filled),
        (false, true) => Ok(Outcome::Whole),
        (false, false) if reading.reject_warnings => Err(ImageError::Truncated),
        (false, false) => Ok(Outcome::Warned),
    }
}

/// An upper bound of the memory taken while decoding, beyond the file, in bytes.
pub(super) fn bytes_needed(header: &Header) -> u64 {
    let pixels = u64::from(header.stored_width) * u64::from(header.stored_height);
    // RGB; libwebp's own lossless pixels, and its transforms (three images of at most a sixteenth of them); RGBA and its
    // alpha plane, which a frame may have without telling. Code tables take some megabytes, of files made to harm 64 MiB.
    let per_pixel = 3 + 4 + 1 + if header.channels == 4 { 4 } else { 0 } + 1;
    pixels * per_pixel + u64::from(header.stored_width) * 256 + (64 << 20)
}
