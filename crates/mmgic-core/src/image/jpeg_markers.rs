//! A walk over the markers of a JPEG file, for what must be known before libjpeg takes memory: size, sampling,
//! turn, and whether the file has an end. Cost: linear in the bytes walked, at the speed of `memchr`; no memory.

use super::exif;
use memchr::memchr;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;

/// What stands before the first scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub width: u16,
    pub height: u16,
    pub precision: u8,
    pub components: u8,
    /// Largest sampling factors of the components: an MCU is `8 * h` by `8 * v` pixels.
    pub sampling: (u8, u8),
    pub progressive: bool,
    pub lossless: bool,
    /// Components of the first scan; 0 without one.
    pub first_scan: u8,
    pub icc: bool,
    pub orientation: u8,
}

impl Frame {
    /// Whether its first scan has all of every component.
    pub fn is_single_scan(&self) -> bool {
        !self.progressive && self.first_scan > 0 && self.first_scan >= self.components
    }
}

/// What stands behind the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub scans: u32,
    /// Whether an end marker stands where a reader that follows the segments meets it.
    pub ends: bool,
    /// Bytes up to the end, or to a segment that the file ends in.
    pub usable: usize,
}

/// The next marker at or after `at` (which may sit on fill bytes or garbage), and where its segment starts.
fn next_marker(file: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += memchr(0xff, file.get(at..)?)?;
        let code = *file.get(at + 1)?;
        match code {
            0xff => at += 1,
            0x00 => at += 2,
            _ => return Some((code, at + 2)),
        }
    }
}

/// Whether a marker stands alone, without a length.
fn is_bare(code: u8) -> bool {
    matches!(code, 0x01 | 0xd0..=SOI)
}

/// A segment's content and where the next one starts; none if it runs past the end.
fn segment(file: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let length = usize::from(u16::from_be_bytes([*file.get(at)?, *file.get(at + 1)?]));
    let end = at.checked_add(length)?;
    Some((file.get(at + 2..end)?, end))
}

/// Reads a frame header; the rest of the fields is filled in by the walk.
fn frame_header(code: u8, content: &[u8]) -> Option<Frame> {
    let [precision, h1, h0, w1, w0, components, ref table @ ..] = *content else { return None };
    // Each component: its name, its two sampling factors in one byte, its quantisation table.
    let (entries, _) = table.as_chunks::<3>();
    let factors = entries.iter().take(usize::from(components)).map(|entry| (entry[1] >> 4, entry[1] & 15));
    Some(Frame {
        width: u16::from_be_bytes([w1, w0]),
        height: u16::from_be_bytes([h1, h0]),
        precision,
        components,
        sampling: factors.fold((1, 1), |(h, v), (own_h, own_v)| (h.max(own_h), v.max(own_v))),
        progressive: code & 3 == 2,
        lossless: code & 3 == 3,
        first_scan: 0,
        icc: false,
        orientation: 1,
    })
}

/// Reads the segments up to the first scan; none without a frame header.
pub(super) fn frame(file: &[u8]) -> Option<Frame> {
    let mut at = 0;
    let (mut found, mut exif, mut xmp, mut icc, mut first_scan) = (None, None, None, false, 0);
    while let Some((code, start)) = next_marker(file, at) {
        if code == EOI {
            break;
        }
        if is_bare(code) {
            at = start;
            continue;
        }
        let Some((content, end)) = segment(file, start) else { break };
        match code {
            SOS => {
                first_scan = content.first().copied().unwrap_or(0);
                break;
            }
            // DHT, JPG and DAC share the range of the frame headers.
            0xc0..=0xcf if !matches!(code, 0xc4 | 0xc8 | 0xcc) => {
                found = found.or_else(|| frame_header(code, content));
            }
            APP1 => {
                // Pillow joins the EXIF segments, so the first that is not empty counts; of XMP packets the last.
                let block = content.strip_prefix(b"Exif\0\0").filter(|block| !block.is_empty());
                exif = exif.or(block);
                xmp = content.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0").or(xmp);
            }
            APP2 => icc |= content.starts_with(b"ICC_PROFILE\0"),
            _ => {}
        }
        at = end;
    }
    found.map(|frame| Frame { first_scan, icc, orientation: exif::orientation_of(exif, xmp), ..frame })
}

/// Counts the scans and looks for the end. Where one scan holds all, an end marker as the last bytes is that end: coded
/// data never look like one.
pub(super) fn body(file: &[u8], frame: Option<&Frame>) -> Body {
    if frame.is_some_and(Frame::is_single_scan) && file.ends_with(&[0xff, EOI]) {
        return Body { scans: 1, ends: true, usable: file.len() };
    }
    let (mut at, mut scans) = (0, 0);
    while let Some((code, start)) = next_marker(file, at) {
        if code == EOI {
            return Body { scans, ends: true, usable: file.len() };
        }
        scans += u32::from(code == SOS);
        at = if is_bare(code) {
            start
        } else {
            match segment(file, start) {
                Some((_, end)) => end,
                None => return Body { scans, ends: false, usable: start - 2 },
            }
        };
    }
    Body { scans, ends: false, usable: file.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = &[
        0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 14, 8, 0, 5, 0, 7, 2, 1, 0x21, 0, 2, 0x12,
        0, 0xff, 0xda, 0, 3, 2, 9, 0xff, 0, 9, 0xff, 0xd0, 9, 0xff, 0xd9,
    ];

    #[test]
    fn size_is_read_past_fill_bytes() {
        let expected = Frame {
            width: 7,
            height: 5,
            precision: 8,
            components: 2,
            sampling: (2, 2),
            progressive: true,
            lossless: false,
            first_scan: 2,
            icc: false,
            orientation: 1,
        };
        assert_eq!(frame(FILE), Some(expected));
    }

    #[test]
    fn the_end_is_found_past_stuffed_bytes_and_restarts() {
        assert_eq!(body(FILE, None), Body { scans: 1, ends: true, usable: FILE.len() });
        for cut in 0..FILE.len() {
            assert!(!body(&FILE[..cut], None).ends, "cut at {cut}");
        }
    }

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        assert!(!body(&[0xff, 0xd8, 0xff, 0xe0, 0, 6, 0xff, 0xd9, 0xff, 0xd9], None).ends);
    }
}
