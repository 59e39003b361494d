//! Which decoder reads which file: headers, and upright pixels of whole pictures or parts.

use super::error::ImageError;
use super::header::{Format, Header};
use super::jpeg::{self, Wanted};
use super::picture::Picture;
use super::reading::{Limits, Outcome, Reading};
use super::resize::Region;
use super::{png, turn, webp};

/// The format by the file's first bytes.
#[must_use]
pub fn format_of(file: &[u8]) -> Option<Format> {
    if file.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(Format::Jpeg)
    } else if file.starts_with(png::SIGNATURE) {
        Some(Format::Png)
    } else if webp::is_webp(file) {
        Some(Format::WebP)
    } else {
        None
    }
}

/// Reads the header of a JPEG, PNG or WebP file.
///
/// # Errors
/// Every [`ImageError`] but `BadCrop`; a file whose header is sound may still fail to decode.
pub fn probe(file: &[u8], limits: &Limits) -> Result<Header, ImageError> {
    limits.check_file(file)?;
    let header = match format_of(file).ok_or(ImageError::UnknownFormat)? {
        Format::Jpeg => jpeg::header(file)?,
        Format::Png => png::header(file)?,
        Format::WebP => webp::header(file)?,
    };
    limits.check_size(header.upright_size())?;
    Ok(header)
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
