//! PNG to RGB: all colour types and depths, by the crate `png`.
//!
//! 16-bit samples keep their high byte, alpha and transparency are dropped (the hidden colour shows), small
//! grey depths are scaled to 0..255. Cost: inflating, then at most one pass over the pixels.

use super::error::ImageError;
use super::exif;
use super::header::{Format, Header};
use super::picture::{Picture, fit};
use super::reading::{Outcome, Reading};
use png::{ColorType, DecodeOptions, Decoder, DecodingError, Limits, Transformations};
use std::io::{Cursor, ErrorKind};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Memory the decoder may take for chunks other than pixels.
const CHUNK_BYTES: usize = 64 << 20;

fn fault(error: DecodingError) -> ImageError {
    match error {
        DecodingError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => ImageError::Truncated,
        DecodingError::LimitsExceeded => ImageError::Unsupported("chunks too large".to_owned()),
        other => ImageError::Corrupt(other.to_string()),
    }
}

fn decoder(file: &[u8]) -> Decoder<Cursor<&[u8]>> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(file), options);
    decoder.set_limits(Limits { bytes: CHUNK_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder
}

/// Orientation from the first `eXIf` chunk, wherever it stands.
fn orientation(file: &[u8]) -> u8 {
    let mut rest = file.get(SIGNATURE.len()..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [l3, l2, l1, l0, kind @ ..] = *head;
        let length = u32::from_be_bytes([l3, l2, l1, l0]) as usize;
        let Some(content) = after.get(..length) else { break };
        match &kind {
            b"eXIf" => return exif::orientation(content),
            b"IEND" => break,
            _ => {}
        }
        // Four bytes of checksum close a chunk.
        rest = after.get(length + 4..).unwrap_or_default();
    }
    1
}

/// Reads the header chunk and the turn.
pub(super) fn header(file: &[u8]) -> Result<Header, ImageError> {
    let mut decoder = decoder(file);
    let info = decoder.read_header_info().map_err(fault)?;
    let channels = match info.color_type {
        ColorType::Indexed => 3,
        other => u8::try_from(other.samples()).unwrap_or(4),
    };
    Ok(Header {
        format: Format::Png,
        stored_width: info.width,
        stored_height: info.height,
        orientation: orientation(file),
        channels,
        icc: false,
        progressive: info.interlaced,
        scalable: false,
        several_scans: false,
    })
}

fn spread(samples: &[u8], per_pixel: usize, rgb: &mut [u8]) {
    let pixels = rgb.as_chunks_mut::<3>().0;
    for (pixel, sample) in pixels.iter_mut().zip(samples.chunks_exact(per_pixel)) {
        *pixel = match *sample {
            [r, g, b, ..] => [r, g, b],
            [grey, ..] => [grey; 3],
            [] => [0; 3],
        };
    }
}

/// Decodes the first frame into `picture`, in stored order; `spare` is working memory.
pub(super) fn decode(
    file: &[u8],
    header: &Header,
    _reading: &Reading,
    picture: &mut Picture,
    spare: &mut Vec<u8>,
) -> Result<Outcome, ImageError> {
    let mut reader = decoder(file).read_info().map_err(fault)?;
    let (width, height) = (header.stored_width, header.stored_height);
    let too_large = || ImageError::OutOfMemory { width, height };
    let needed = reader.output_buffer_size().ok_or_else(too_large)?;
    let pixels = width as usize * height as usize;
    let (color, _) = reader.output_color_type();
    let per_pixel = color.samples();
    if needed != pixels * per_pixel {
        return Err(ImageError::Corrupt("the frame is not of the size of the picture".to_owned()));
    }
    picture.reshape(width, height)?;
    if color == ColorType::Rgb {
        reader.next_frame(&mut picture.rgb).map_err(fault)?;
    } else {
        fit(spare, needed).map_err(|()| too_large())?;
        reader.next_frame(spare).map_err(fault)?;
        spread(spare, per_pixel, &mut picture.rgb);
    }
    Ok(Outcome::Whole)
}

/// An upper bound of the memory taken while decoding, beyond the file, in bytes.
pub(super) fn bytes_needed(header: &Header) -> u64 {
    let pixels = u64::from(header.stored_width) * u64::from(header.stored_height);
    let spare = if header.channels == 3 { 0 } else { 4 };
    pixels * (3 + spare) + CHUNK_BYTES as u64
}
