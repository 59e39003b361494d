//! Where the parts of a file begin and end: JPEG segments, PNG and RIFF chunks, and the fields that state lengths
//! and sizes. Tolerant of damage: what cannot be walked is one last piece. Cost: linear in the file.

use std::ops::Range;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// One part of a file; the fields are empty where it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    pub all: Range<usize>,
    /// The field that states its length.
    pub length: Range<usize>,
    /// The fields that state width and height.
    pub size: Range<usize>,
}

impl Piece {
    fn plain(all: Range<usize>) -> Self {
        Self { all, ..Self::default() }
    }
}

fn be16(file: &[u8], at: usize) -> Option<usize> {
    let (bytes, _) = file.get(at..)?.split_first_chunk()?;
    Some(usize::from(u16::from_be_bytes(*bytes)))
}

fn word(file: &[u8], at: usize, order: fn([u8; 4]) -> u32) -> Option<usize> {
    let (bytes, _) = file.get(at..)?.split_first_chunk()?;
    usize::try_from(order(*bytes)).ok()
}

/// The marker at `at` with its segment, and for a scan with the coded data behind it.
fn segment(file: &[u8], at: usize) -> Option<Piece> {
    let code = *file.get(at + 1).filter(|_| file[at] == 0xff)?;
    if matches!(code, 0x01 | 0xd0..=0xd9) {
        return Some(Piece::plain(at..at + 2));
    }
    let mut end = at + 2 + be16(file, at + 2)?;
    if code == 0xda {
        let data = file.get(end..)?;
        let next = data.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xd0..=0xd7));
        end += next.unwrap_or(data.len());
    }
    let is_frame = matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc);
    let size = if is_frame { at + 5..at + 9 } else { 0..0 };
    Some(Piece { all: at..end, length: at + 2..at + 4, size })
}

fn png_chunk(file: &[u8], at: usize) -> Option<Piece> {
    let end = at + 12 + word(file, at, u32::from_be_bytes)?;
    let size = if file.get(at + 4..at + 8)? == b"IHDR" { at + 8..at + 16 } else { 0..0 };
    Some(Piece { all: at..end, length: at..at + 4, size })
}

fn riff_chunk(file: &[u8], at: usize) -> Option<Piece> {
    let content = at + 8;
    let end = content + word(file, at + 4, u32::from_le_bytes)?.next_multiple_of(2);
    let size = match file.get(at..at + 4)? {
        b"VP8X" => content + 4..content + 10,
        b"VP8 " => content + 6..content + 10,
        b"VP8L" => content + 1..content + 5,
        b"ANMF" => content + 6..content + 12,
        _ => 0..0,
    };
    Some(Piece { all: at..end, length: at + 4..content, size })
}

/// The parts of a file, one after another.
pub fn pieces(file: &[u8]) -> Vec<Piece> {
    type Walk = fn(&[u8], usize) -> Option<Piece>;
    let (first, walk): (Piece, Walk) = if file.starts_with(PNG) {
        (Piece::plain(0..PNG.len()), png_chunk)
    } else if file.starts_with(b"RIFF") && file.len() >= 12 {
        (Piece { all: 0..12, length: 4..8, size: 0..0 }, riff_chunk)
    } else {
        (Piece::plain(0..0), segment)
    };
    let mut at = first.all.end;
    let mut out = vec![first];
    while let Some(piece) = walk(file, at).filter(|piece| piece.all.end <= file.len()) {
        at = piece.all.end;
        out.push(piece);
    }
    if at < file.len() {
        out.push(Piece::plain(at..file.len()));
    }
    out.retain(|piece| !piece.all.is_empty());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// Makes the checksums of PNG chunks and the total of a RIFF file right, so that damage gets past them.
pub fn reseal(file: &mut [u8]) {
    if file.starts_with(PNG) {
        for Piece { all, length, .. } in pieces(file) {
            if !length.is_empty() && all.len() >= 12 {
                let sum = crc32(&file[all.start + 4..all.end - 4]);
                file[all.end - 4..all.end].copy_from_slice(&sum.to_be_bytes());
            }
        }
    } else if file.starts_with(b"RIFF") && file.len() >= 12 {
        let total = u32::try_from(file.len() - 8).unwrap_or(u32::MAX);
        file[4..8].copy_from_slice(&total.to_le_bytes());
    }
}

#[test]
fn files_are_their_pieces_and_sound_ones_are_sealed_already() {
    for (name, file) in super::seeds() {
        let pieces = pieces(&file);
        assert!(pieces.len() >= 2, "{name}: {pieces:?}");
        let joined: Vec<u8> = pieces.iter().flat_map(|piece| file[piece.all.clone()].to_vec()).collect();
        assert_eq!(joined, file, "{name}");
        assert!(pieces.iter().any(|piece| !piece.size.is_empty()), "{name} states no size");
        let mut sealed = file.clone();
        reseal(&mut sealed);
        assert_eq!(sealed, file, "{name}");
    }
}
