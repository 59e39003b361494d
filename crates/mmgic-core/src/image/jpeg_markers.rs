//! A walk over the markers of a JPEG file, for what the decoder does not tell: the EXIF turn, the size as
//! the file states it, and whether the file has an end. Cost: linear in the bytes walked, no memory.

use super::exif;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP1: u8 = 0xe1;

/// What stands before the first scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub width: u16,
    pub height: u16,
    pub precision: u8,
    pub components: u8,
    pub orientation: u8,
}

/// The next marker at or after `at` (which may sit on fill bytes or garbage), and where its segment starts.
fn next_marker(file: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += file.get(at..)?.iter().position(|&b| b == 0xff)?;
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

/// Size and turn from the segments before the first scan; none without a frame header.
pub(super) fn frame(file: &[u8]) -> Option<Frame> {
    let mut at = 0;
    let mut orientation = 1;
    let mut found = None;
    while let Some((code, start)) = next_marker(file, at) {
        if code == EOI || code == SOS {
            break;
        }
        if is_bare(code) {
            at = start;
            continue;
        }
        let Some((content, end)) = segment(file, start) else { break };
        match code {
            // DHT, JPG and DAC share the range of the frame headers.
            0xc0..=0xcf if !matches!(code, 0xc4 | 0xc8 | 0xcc) => {
                if let [precision, h1, h0, w1, w0, components, ..] = *content {
                    let (height, width) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
                    found = found.or(Some((width, height, precision, components)));
                }
            }
            APP1 if orientation == 1 => {
                if let Some(tiff) = content.strip_prefix(b"Exif\0\0") {
                    orientation = exif::orientation(tiff);
                }
            }
            _ => {}
        }
        at = end;
    }
    found.map(|(width, height, precision, components)| Frame {
        width,
        height,
        precision,
        components,
        orientation,
    })
}

/// Whether the file has its end marker where a reader that follows the segments meets it.
pub(super) fn has_end(file: &[u8]) -> bool {
    let mut at = 0;
    while let Some((code, start)) = next_marker(file, at) {
        if code == EOI {
            return true;
        }
        at = if is_bare(code) {
            start
        } else {
            match segment(file, start) {
                Some((_, end)) => end,
                None => return false,
            }
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = &[
        0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc0, 0, 11, 8, 0, 5, 0, 7, 1, 1, 0x11, 0, 0xff,
        0xda, 0, 2, 9, 0xff, 0, 9, 0xff, 0xd0, 9, 0xff, 0xd9,
    ];

    #[test]
    fn size_is_read_past_fill_bytes() {
        let expected = Frame { width: 7, height: 5, precision: 8, components: 1, orientation: 1 };
        assert_eq!(frame(FILE), Some(expected));
    }

    #[test]
    fn the_end_is_found_past_stuffed_bytes_and_restarts() {
        assert!(has_end(FILE));
        for cut in 0..FILE.len() {
            assert!(!has_end(&FILE[..cut]), "cut at {cut}");
        }
    }

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        assert!(!has_end(&[0xff, 0xd8, 0xff, 0xe0, 0, 6, 0xff, 0xd9, 0xff, 0xd9]));
    }
}
