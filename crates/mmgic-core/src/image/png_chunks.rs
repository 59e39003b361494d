//! A walk over the chunks of a PNG file for what stands beside the pixels: turn, profile, transparency.
//!
//! As Pillow, the last EXIF block and the last XMP packet count, wherever they stand, and the text
//! `Raw profile type exif` (hexadecimal, as other programs write it) stands in for a missing block. Chunks with a
//! wrong checksum do not count. Cost: the 8 bytes before each chunk; at most 1 MiB for a compressed text.

use super::error::ImageError;
use super::exif;
use std::borrow::Cow;

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

const XMP: &[u8] = b"XML:com.adobe.xmp";
const EXIF: &[u8] = b"exif";
const RAW_EXIF: &[u8] = b"Raw profile type exif";

/// Compressed text that would grow larger is not read (Pillow refuses the file).
const TEXT_BYTES: usize = 1 << 20;

/// What the chunks say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    pub icc: bool,
    /// Whether a `tRNS` chunk makes colours transparent.
    pub transparent: bool,
}

/// One chunk with a right checksum.
struct Chunk<'a> {
    kind: [u8; 4],
    content: &'a [u8],
}

/// The chunk at the front of `rest`, with the checksum's verdict, and what follows it.
fn next(rest: &[u8]) -> Option<(Chunk<'_>, bool, &[u8])> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (summed, after) = after.split_at_checked(length.checked_add(4)?)?;
    let (kind, content) = summed.split_first_chunk::<4>()?;
    let (sum, after) = after.split_first_chunk::<4>()?;
    // The pixels' checksum is the decoder's affair.
    let sound = kind == b"IDAT" || crc32fast::hash(summed) == u32::from_be_bytes(*sum);
    Some((Chunk { kind: *kind, content }, sound, after))
}

fn split_zero(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == 0)?;
    Some((&text[..at], &text[at + 1..]))
}

fn inflated(packed: &[u8]) -> Option<Cow<'static, [u8]>> {
    fdeflate::decompress_to_vec_bounded(packed, TEXT_BYTES).ok().map(Cow::Owned)
}

/// Whether a text chunk's key is `wanted`.
fn keyed(chunk: &Chunk<'_>, wanted: &[u8]) -> bool {
    split_zero(chunk.content).is_some_and(|(key, _)| key == wanted)
}

/// The text of a `tEXt`, `zTXt` or `iTXt` chunk.
fn text<'a>(chunk: &Chunk<'a>) -> Option<Cow<'a, [u8]>> {
    let (_, value) = split_zero(chunk.content)?;
    match (&chunk.kind, value) {
        (b"tEXt", value) => Some(Cow::Borrowed(value)),
        (b"zTXt", [0, packed @ ..]) => inflated(packed),
        (b"iTXt", [packed, method, rest @ ..]) => {
            let (_language, rest) = split_zero(rest)?;
            let (_translated, value) = split_zero(rest)?;
            match (packed, method) {
                (0, _) => Some(Cow::Borrowed(value)),
                (_, 0) => inflated(value),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The bytes of a raw profile: after three line ends hexadecimal digits, with blanks between bytes.
fn raw_profile(value: &[u8]) -> Option<Vec<u8>> {
    // No more than packed text may grow to.
    let digits =
        value.splitn(4, |&byte| byte == b'\n').nth(3).filter(|digits| digits.len() <= 2 * TEXT_BYTES)?;
    let digits: Vec<u8> = digits.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let nibble = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect()
}

/// Walks over all chunks; those past a cut do not count.
///
/// # Errors
/// [`ImageError::Corrupt`] where the palette is not whole.
pub(super) fn notes(file: &[u8]) -> Result<Notes, ImageError> {
    let mut found = Notes { orientation: 1, ..Notes::default() };
    let (mut block, mut raw, mut packet) = (None::<&[u8]>, None, None);
    let mut rest = file.get(SIGNATURE.len()..).unwrap_or_default();
    while let Some((chunk, sound, after)) = next(rest) {
        rest = after;
        match &chunk.kind {
            b"IEND" => break,
            // The decoder would count on it.
            b"PLTE" if chunk.content.len() % 3 != 0 => {
                return Err(ImageError::Corrupt("the palette ends inside a colour".to_owned()));
            }
            _ if !sound => {}
            b"eXIf" => block = Some(chunk.content),
            b"iCCP" => found.icc = true,
            b"tRNS" => found.transparent = true,
            b"tEXt" | b"zTXt" | b"iTXt" => {
                if &chunk.kind == b"tEXt"
                    && let Some((EXIF, value)) = split_zero(chunk.content)
                {
                    block = Some(value);
                } else if keyed(&chunk, XMP) {
                    packet = Some(chunk);
                } else if keyed(&chunk, RAW_EXIF) {
                    raw = Some(chunk);
                }
            }
            _ => {}
        }
    }
    // Only the last of each is inflated: many could take long.
    let raw = raw.and_then(|chunk| raw_profile(&text(&chunk)?));
    let packet = packet.and_then(|chunk| text(&chunk));
    found.orientation = exif::orientation_of(block.or(raw.as_deref()), packet.as_deref());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIX: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    const THREE: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0";
    const PACKET: &[u8] = b"<tiff:Orientation>6</tiff:Orientation>";

    fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
        let summed = [kind, content].concat();
        let length = u32::try_from(content.len()).unwrap_or(0).to_be_bytes();
        [&length[..], &summed, &crc32fast::hash(&summed).to_be_bytes()].concat()
    }

    fn orientation(chunks: &[(&[u8; 4], Vec<u8>)]) -> u8 {
        let chunks = chunks.iter().flat_map(|(kind, content)| chunk(*kind, content));
        let file: Vec<u8> = SIGNATURE.iter().copied().chain(chunks).collect();
        notes(&file).map_or(0, |found| found.orientation)
    }

    fn raw(prefix: &[u8]) -> Vec<u8> {
        let hex = |byte: &u8| format!("{byte:02x}\n").into_bytes();
        let digits: Vec<u8> = [prefix, SIX].concat().iter().flat_map(hex).collect();
        [RAW_EXIF, b"\0\nexif\n      26\n", &digits].concat()
    }

    #[test]
    fn the_last_block_counts_and_raw_profiles_stand_in() {
        let (three, six) = (THREE.to_vec(), SIX.to_vec());
        assert_eq!(orientation(&[(b"eXIf", six.clone())]), 6);
        assert_eq!(orientation(&[(b"eXIf", three.clone()), (b"IDAT", vec![]), (b"eXIf", six)]), 6);
        assert_eq!(orientation(&[(b"tEXt", raw(b""))]), 6);
        assert_eq!(orientation(&[(b"tEXt", raw(b"Exif\0\0"))]), 6);
        assert_eq!(orientation(&[(b"tEXt", raw(b"")), (b"eXIf", three)]), 3);
        assert_eq!(orientation(&[(b"tEXt", [EXIF, b"\0", SIX].concat())]), 6);
        assert_eq!(orientation(&[(b"tEXt", [RAW_EXIF, b"\0zz\n\n\nzz"].concat())]), 1);
    }

    #[test]
    fn packets_are_found_in_every_kind_of_text() {
        let packed = fdeflate::compress_to_vec(PACKET);
        for (kind, value) in [
            (b"tEXt", [XMP, b"\0", PACKET].concat()),
            (b"zTXt", [XMP, b"\0\0", &packed].concat()),
            (b"iTXt", [XMP, b"\0\0\0\0\0", PACKET].concat()),
            (b"iTXt", [XMP, b"\0\x01\0en\0x\0", &packed].concat()),
        ] {
            assert_eq!(orientation(&[(kind, value.clone())]), 6);
            for cut in 0..XMP.len() + 4 {
                assert_eq!(orientation(&[(kind, value[..cut].to_vec())]), 1, "cut at {cut}");
            }
        }
    }

    #[test]
    fn bombs_and_wrong_checksums_do_not_count() {
        let bomb = fdeflate::compress_to_vec(&[PACKET, &vec![b' '; TEXT_BYTES]].concat());
        assert_eq!(orientation(&[(b"zTXt", [XMP, b"\0\0", &bomb].concat())]), 1);
        let mut file = [SIGNATURE, &chunk(b"eXIf", SIX), &chunk(b"tRNS", b"\0\0")].concat();
        let expected = Notes { orientation: 6, icc: false, transparent: true };
        assert_eq!(notes(&file), Ok(expected));
        file[30] ^= 1;
        assert_eq!(notes(&file).map(|found| found.orientation), Ok(1));
        for cut in 0..file.len() {
            assert!(notes(&file[..cut]).is_ok());
        }
    }
}
