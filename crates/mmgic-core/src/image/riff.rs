//! The container of a WebP file: canvas, first frame, profile and turn, by the rules of libwebp's demuxer.
//!
//! Chunks are walked to the end that the file states; nothing is decoded and no memory is taken. Cost: some
//! bytes of each chunk.

use super::error::ImageError;

/// Bits of the `VP8X` flags.
const ANIMATION: u8 = 0x02;
const XMP: u8 = 0x04;
const EXIF: u8 = 0x08;
const ALPHA: u8 = 0x10;
const ICC: u8 = 0x20;
const KNOWN: u8 = ANIMATION | XMP | EXIF | ALPHA | ICC;

/// The first picture of the file, and where it lies on the canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
    /// The alpha chunk, if it counts, and the picture chunk, with their headers.
    pub stream: &'a [u8],
}

/// What the container says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Container<'a> {
    pub width: u32,
    pub height: u32,
    pub alpha: bool,
    pub icc: bool,
    pub exif: Option<&'a [u8]>,
    pub xmp: Option<&'a [u8]>,
    /// None where the file ends before the frame says its size.
    pub frame: Option<Frame<'a>>,
    /// Whether the file is as long as it says.
    pub whole: bool,
}

fn corrupt(what: &str) -> ImageError {
    ImageError::Corrupt(what.to_owned())
}

fn number24(raw: &[u8], at: usize) -> Option<u32> {
    let raw: [u8; 3] = raw.get(at..at + 3)?.try_into().ok()?;
    Some(u32::from_le_bytes([raw[0], raw[1], raw[2], 0]))
}

fn number32(raw: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(raw.get(at..at + 4)?.try_into().ok()?))
}

/// One chunk: its name, its content (cut where the file is), and all of it with header and padding.
struct Chunk<'a> {
    name: [u8; 4],
    content: &'a [u8],
    all: &'a [u8],
    whole: bool,
}

/// The chunk at the front of `rest` and what follows it; none inside a cut header. `whole` says that `rest`
/// is not cut: then a chunk must not reach past its end.
fn next(rest: &[u8], whole: bool) -> Result<Option<(Chunk<'_>, &[u8])>, ImageError> {
    let Some((head, after)) = rest.split_first_chunk::<8>() else {
        let sound = rest.is_empty() || !whole;
        return if sound { Ok(None) } else { Err(corrupt("a chunk is cut short")) };
    };
    let [n0, n1, n2, n3, size @ ..] = *head;
    let size = u32::from_le_bytes(size) as usize;
    let padded = size.saturating_add(size & 1);
    let here = padded <= after.len();
    if whole && !here {
        return Err(corrupt("a chunk reaches past the end that the file states"));
    }
    let (all, rest) = rest.split_at(8 + padded.min(after.len()));
    let content = after.get(..size).unwrap_or(after);
    Ok(Some((Chunk { name: [n0, n1, n2, n3], content, all, whole: here }, rest)))
}

/// Width, height and alpha as the bit stream of a picture chunk states them; none where it is cut.
fn stated(chunk: &Chunk<'_>) -> Result<Option<(u32, u32, bool)>, ImageError> {
    let content = chunk.content;
    let lossless = &chunk.name == b"VP8L";
    let Some(head) = content.get(..if lossless { 5 } else { 10 }) else {
        return if chunk.whole { Err(corrupt("no bit stream")) } else { Ok(None) };
    };
    let (width, height, alpha) = if lossless {
        let bits = number32(head, 1).unwrap_or(0);
        if head[0] != 0x2f || bits >> 29 != 0 {
            return Err(corrupt("no lossless bit stream"));
        }
        ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1, bits >> 28 & 1 == 1)
    } else {
        if head[3..6] != [0x9d, 0x01, 0x2a] {
            return Err(corrupt("no lossy bit stream"));
        }
        let side = |at: usize| u32::from(u16::from_le_bytes([head[at], head[at + 1]]) & 0x3fff);
        (side(6), side(8), false)
    };
    if width == 0 || height == 0 {
        return Err(corrupt("a side of 0 pixels"));
    }
    Ok(Some((width, height, alpha)))
}

/// A frame, if its size is known, and whether its bit stream has alpha.
type Found<'a> = Option<(Frame<'a>, bool)>;

/// A frame's chunks at the front of `rest`, and what follows.
fn frame(rest: &[u8], whole: bool, with_alpha: bool) -> Result<(Found<'_>, &[u8]), ImageError> {
    let Some((first, after)) = next(rest, whole)? else { return Ok((None, rest)) };
    let (picture, after) = if &first.name == b"ALPH" {
        let Some((picture, after)) = next(after, whole)? else { return Ok((None, after)) };
        if &picture.name != b"VP8 " {
            return Err(corrupt("an alpha chunk without a lossy picture"));
        }
        (picture, after)
    } else {
        (first, after)
    };
    if !matches!(&picture.name, b"VP8 " | b"VP8L") {
        return Err(corrupt("a frame without a picture"));
    }
    let Some((width, height, alpha)) = stated(&picture)? else { return Ok((None, after)) };
    let stream = if with_alpha { &rest[..rest.len() - after.len()] } else { picture.all };
    Ok((Some((Frame { x: 0, y: 0, width, height, stream }, alpha)), after))
}

/// The frame of an `ANMF` chunk.
fn animated<'a>(chunk: &Chunk<'a>) -> Result<Option<Frame<'a>>, ImageError> {
    let content = chunk.content;
    let (Some(x), Some(y), Some(chunks)) = (number24(content, 0), number24(content, 3), content.get(16..))
    else {
        return if chunk.whole { Err(corrupt("a frame without its place")) } else { Ok(None) };
    };
    // The size that the chunk states is not looked at: libwebp goes by the bit stream's.
    let Some((found, _)) = frame(chunks, chunk.whole, true)?.0 else { return Ok(None) };
    Ok(Some(Frame { x: 2 * x, y: 2 * y, ..found }))
}

impl<'a> Container<'a> {
    /// Reads what follows a `VP8X` chunk.
    fn extended(&mut self, flags: u8, mut rest: &'a [u8]) -> Result<(), ImageError> {
        let still = flags & ANIMATION == 0;
        self.alpha = flags & ALPHA != 0;
        let mut begun = false;
        while let Some((chunk, after)) = next(rest, self.whole)? {
            let mut follow = after;
            let content = Some(chunk.content).filter(|_| chunk.whole);
            match &chunk.name {
                b"VP8X" => return Err(corrupt("two headers")),
                b"ALPH" | b"VP8 " | b"VP8L" => {
                    if !still || begun || self.frame.is_some() {
                        return Err(corrupt("a picture out of place"));
                    }
                    let (found, after) = frame(rest, self.whole, self.alpha)?;
                    // A lossless stream says itself whether it has alpha.
                    self.alpha |= found.is_some_and(|(_, alpha)| alpha);
                    self.frame = found.map(|(frame, _)| frame);
                    follow = after;
                }
                b"ANIM" if chunk.whole && chunk.content.len() < 6 => {
                    return Err(corrupt("an animation's header too short"));
                }
                b"ANIM" => begun = true,
                b"ANMF" if !begun => return Err(corrupt("a frame before the animation's header")),
                b"ANMF" if !still && self.frame.is_none() => self.frame = animated(&chunk)?,
                b"ICCP" => self.icc |= flags & ICC != 0,
                b"EXIF" if flags & EXIF != 0 => self.exif = self.exif.or(content),
                b"XMP " if flags & XMP != 0 => self.xmp = self.xmp.or(content),
                _ => {}
            }
            rest = follow;
        }
        let Some(frame) = self.frame else {
            return if self.whole { Err(corrupt("no picture")) } else { Ok(()) };
        };
        let (right, bottom) = (frame.x + frame.width, frame.y + frame.height);
        let exact = (right, bottom) == (self.width, self.height);
        if right > self.width || bottom > self.height || (still && !exact) {
            return Err(corrupt("the picture does not fit its canvas"));
        }
        Ok(())
    }
}

/// Reads the container.
///
/// # Errors
/// `Truncated` where the file ends before it says its size, `Corrupt` where chunks contradict each other.
pub(super) fn container(file: &[u8]) -> Result<Container<'_>, ImageError> {
    let size = number32(file, 4).ok_or(ImageError::Truncated)? as usize;
    let end = size.checked_add(8).filter(|_| size >= 12).ok_or_else(|| corrupt("a size too small"))?;
    let whole = file.len() >= end;
    let chunks = file.get(12..end.min(file.len())).ok_or(ImageError::Truncated)?;
    let mut found = Container { whole, ..Container::default() };
    let Some((first, rest)) = next(chunks, whole)? else { return Err(ImageError::Truncated) };
    if &first.name != b"VP8X" {
        if !matches!(&first.name, b"VP8 " | b"VP8L") {
            return Err(corrupt("neither a header nor a picture comes first"));
        }
        let (Some((frame, alpha)), _) = frame(chunks, whole, true)? else {
            return Err(ImageError::Truncated);
        };
        (found.width, found.height, found.alpha) = (frame.width, frame.height, alpha);
        found.frame = Some(frame);
        return Ok(found);
    }
    let content = first.content;
    let (Some(&flags), Some(width), Some(height)) =
        (content.first(), number24(content, 4), number24(content, 7))
    else {
        return Err(if first.whole { corrupt("a header too short") } else { ImageError::Truncated });
    };
    if content.len() > 10 || flags & !KNOWN != 0 {
        return Err(corrupt("a header of an unknown kind"));
    }
    (found.width, found.height) = (width + 1, height + 1);
    found.extended(flags, rest)?;
    Ok(found)
}

#[cfg(test)]
#[path = "riff_tests.rs"]
mod tests;
