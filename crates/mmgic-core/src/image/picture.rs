//! One decoded picture.

use super::error::ImageError;
use super::header::{Format, Header, probe};
use super::jpeg::{self, Wanted};
use super::reading::{Outcome, Reading};
use super::resize::Region;
use super::{png, turn, webp};

/// Upright RGB pixels, row by row, three bytes a pixel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Takes (or re-uses) memory for the pixels; refusal by the allocator is an error, not an abort.
    pub(super) fn reshape(&mut self, width: u32, height: u32) -> Result<(), ImageError> {
        (self.width, self.height) = (width as usize, height as usize);
        fit(&mut self.rgb, self.width * self.height * 3)
            .map_err(|()| ImageError::OutOfMemory { width, height })
    }
}

/// Makes `buffer` `length` bytes long without copying what it held.
pub(super) fn fit(buffer: &mut Vec<u8>, length: usize) -> Result<(), ()> {
    if buffer.capacity() < length {
        // `vec![0; n]` is lazily zeroed by the system; growing would touch every page.
        *buffer = Vec::new();
        buffer.try_reserve_exact(length).map_err(|_| ())?;
    }
    buffer.resize(length, 0);
    Ok(())
}

/// Memory that decoding `pixels` of a picture takes at most, beyond the file.
pub(super) fn bytes_needed(header: &Header, pixels: u64) -> u64 {
    let decoding = match header.format {
        Format::Jpeg => jpeg::bytes_needed(header, pixels),
        Format::Png => png::bytes_needed(header),
        Format::WebP => webp::bytes_needed(header),
    };
    let turned = if header.orientation == 1 { 0 } else { 3 * pixels };
    decoding + turned
}

/// Decodes at least `region` of the picture at one over `den` of its size into `picture` (its memory is re-used),
/// upright; says which part that was. `spare` is working memory. Both are in upright pixels of the reduced picture.
pub(super) fn decode_part(
    file: &[u8],
    header: &Header,
    (den, region): (usize, Region),
    reading: &Reading,
    picture: &mut Picture,
    spare: &mut Picture,
) -> Result<(Outcome, Region), ImageError> {
    let stored_size =
        ((header.stored_width as usize).div_ceil(den), (header.stored_height as usize).div_ceil(den));
    let whole = Region::whole(stored_size);
    let (outcome, stored) = match header.format {
        Format::Jpeg => {
            let region = turn::stored_box(region.into(), header.orientation, stored_size).into();
            jpeg::decode(file, Wanted { den, region }, reading, picture, &mut spare.rgb)?
        }
        Format::Png => (png::decode(file, header, reading, picture, &mut spare.rgb)?, whole),
        Format::WebP => (webp::decode(file, header, reading, picture, &mut spare.rgb)?, whole),
    };
    if header.orientation != 1 {
        turn::upright(picture, header.orientation, spare)?;
        std::mem::swap(picture, spare);
    }
    Ok((outcome, turn::upright_box(stored.into(), header.orientation, stored_size).into()))
}

/// Decodes a whole file to upright RGB.
///
/// # Errors
/// Every [`ImageError`] but `BadCrop`.
pub fn decode(file: &[u8], reading: &Reading) -> Result<(Picture, Outcome), ImageError> {
    let header = probe(file, &reading.limits)?;
    decode_whole(file, &header, reading)
}

/// Decodes a file whose header is known.
pub(super) fn decode_whole(
    file: &[u8],
    header: &Header,
    reading: &Reading,
) -> Result<(Picture, Outcome), ImageError> {
    let (width, height) = header.upright_size();
    let whole = Region::whole((width as usize, height as usize));
    let (mut picture, mut spare) = (Picture::default(), Picture::default());
    let (outcome, _) = decode_part(file, header, (1, whole), reading, &mut picture, &mut spare)?;
    Ok((picture, outcome))
}
