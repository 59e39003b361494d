//! PNG to RGB: all colour types and depths, by the crate `png`.
//!
//! 16-bit samples keep their high byte, small grey depths are scaled to 0..255; of an animated file the picture
//! that stands in IDAT is read. Rows go straight into the picture, others over one row of working memory. Damage
//! is found by the checksums of the chunks and of the pixel stream. Cost: inflating, unfiltering, at most one
//! pass over each row while it is in the cache.

use super::alpha;
use super::error::ImageError;
use super::header::{Format, Header};
use super::picture::{Picture, fit};
pub(super) use super::png_chunks::SIGNATURE;
use super::png_chunks::notes;
use super::reading::{FILL, Outcome, Reading};
use png::{
    ColorType, DecodeOptions, Decoder, DecodingError, InterlaceInfo, Limits, Reader, Transformations,
    expand_interlaced_row,
};
use std::io::{Cursor, ErrorKind};

/// Memory the decoder may take for chunks other than pixels.
const CHUNK_BYTES: usize = 16 << 20;

type Source<'a> = Cursor<&'a [u8]>;

fn fault(error: DecodingError) -> ImageError {
    match error {
        DecodingError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => ImageError::Truncated,
        DecodingError::LimitsExceeded => ImageError::Unsupported("rows or chunks too large".to_owned()),
        other => ImageError::Corrupt(other.to_string()),
    }
}

fn decoder(file: &[u8]) -> Decoder<Source<'_>> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    options.set_ignore_adler32(false);
    let mut decoder = Decoder::new_with_options(Cursor::new(file), options);
    // A row of the widest picture must fit as well.
    decoder.set_limits(Limits { bytes: CHUNK_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder
}

/// Reads the header chunk, and beside it the turn and the profile.
pub(super) fn header(file: &[u8]) -> Result<Header, ImageError> {
    let mut decoder = decoder(file);
    let info = decoder.read_header_info().map_err(fault)?;
    let notes = notes(file)?;
    let channels = match (info.color_type, notes.transparent) {
        (ColorType::Grayscale, false) => 1,
        (ColorType::Grayscale, true) | (ColorType::GrayscaleAlpha, _) => 2,
        (ColorType::Rgb | ColorType::Indexed, false) => 3,
        (ColorType::Rgb | ColorType::Indexed, true) | (ColorType::Rgba, _) => 4,
    };
    Ok(Header {
        format: Format::Png,
        stored_width: info.width,
        stored_height: info.height,
        orientation: notes.orientation,
        channels,
        icc: notes.icc,
        progressive: info.interlaced,
        scalable: false,
        several_scans: false,
    })
}

/// Rows that follow each other. On a fault `done` says how many came.
fn plain_rows(
    reader: &mut Reader<Source<'_>>,
    reading: &Reading,
    picture: &mut Picture,
    row: &mut [u8],
    done: &mut usize,
) -> Result<(), DecodingError> {
    let channels = reader.output_color_type().0.samples();
    for target in picture.rgb.chunks_exact_mut(picture.width * 3) {
        if channels == 3 {
            reader.read_row(target)?;
        } else {
            reader.read_row(row)?;
            alpha::to_rgb(row, channels, reading.alpha, target);
        }
        *done += 1;
    }
    Ok(())
}

/// Rows of the seven passes, each spread over the picture. `done` counts as above.
fn interlaced_rows(
    reader: &mut Reader<Source<'_>>,
    reading: &Reading,
    picture: &mut Picture,
    rgb: &mut [u8],
    done: &mut usize,
) -> Result<(), DecodingError> {
    let channels = reader.output_color_type().0.samples();
    let mut missing = picture.width * picture.height;
    // The reader is not asked for a row past the last: it would look for the end of the file.
    while missing > 0
        && let Some(row) = reader.next_interlaced_row()?
        && let InterlaceInfo::Adam7(pass) = row.interlace()
    {
        let pixels = row.data().len() / channels;
        let rgb = &mut rgb[..pixels * 3];
        alpha::to_rgb(row.data(), channels, reading.alpha, rgb);
        expand_interlaced_row(&mut picture.rgb, picture.width * 3, rgb, pass, 24);
        missing -= pixels;
        *done += 1;
    }
    Ok(())
}

/// Decodes the picture of IDAT into `picture`, in stored order; `spare` is working memory.
pub(super) fn decode(
    file: &[u8],
    header: &Header,
    reading: &Reading,
    picture: &mut Picture,
    spare: &mut Vec<u8>,
) -> Result<Outcome, ImageError> {
    let mut reader = decoder(file).read_info().map_err(fault)?;
    let (width, height) = (header.stored_width, header.stored_height);
    if reader.info().frame_control.is_some_and(|frame| (frame.width, frame.height) != (width, height)) {
        return Err(ImageError::Corrupt("the frame is not of the size of the picture".to_owned()));
    }
    picture.reshape(width, height)?;
    let channels = reader.output_color_type().0.samples();
    let interlaced = reader.info().interlaced;
    let row_bytes = picture.width * if interlaced { 3 } else { channels };
    fit(spare, row_bytes).map_err(|()| ImageError::OutOfMemory { width, height })?;
    let mut done = 0;
    let rows = if interlaced {
        picture.rgb.fill(FILL);
        interlaced_rows(&mut reader, reading, picture, spare, &mut done)
    } else {
        plain_rows(&mut reader, reading, picture, spare, &mut done)
    };
    match rows.map_err(fault) {
        Ok(()) => {}
        Err(ImageError::Truncated) if reading.lenient && done > 0 => {
            if !interlaced {
                picture.rgb[done * picture.width * 3..].fill(FILL);
            }
            return Ok(Outcome::Filled);
        }
        Err(other) => return Err(other),
    }
    // All pixels came; what is left are checksums and the end.
    match reader.read_row(&mut []).map_err(fault) {
        Ok(_) => Ok(Outcome::Whole),
        Err(ImageError::Truncated) if !reading.reject_warnings => Ok(Outcome::Warned),
        Err(other) => Err(other),
    }
}

/// An upper bound of the memory taken while decoding, beyond the file, in bytes.
pub(super) fn bytes_needed(header: &Header) -> u64 {
    let (width, height) = (u64::from(header.stored_width), u64::from(header.stored_height));
    // Rows of up to 8 bytes a pixel: in the inflater's window (doubled when it grows), unfiltered, converted.
    width * height * 3 + width * 8 * 16 + CHUNK_BYTES as u64
}
