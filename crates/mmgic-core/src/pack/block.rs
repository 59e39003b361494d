//! A block of packed rows as bytes: documents' tokens copied once, straight to where they stay.
//!
//! All numbers are little-endian; each section starts, and the block ends, at a multiple of 8 bytes:
//!
//! | section | values |
//! | --- | --- |
//! | head, 32 bytes | `MMRB`, u16 version, u16 bytes an id, u32 rows, u32 segments, u64 tokens, u64 bytes of keys |
//! | row segments | u32 x (rows + 1): the first segment of each row |
//! | segment starts | u32 x (segments + 1): the first token of each segment |
//! | key starts | u32 x (segments + 1): where each segment's key starts |
//! | keys | UTF-8 |
//! | ids | u16 or u32 x tokens |
//! | kinds | u8 x tokens |
//!
//! Cost: one copy of the tokens, about 1 ns a token with ids of two bytes.

use super::error::PackError;
use std::ops::Range;

/// The largest block; a reader refuses what claims to be larger.
pub const MAX_BLOCK_BYTES: u64 = 1 << 30;
/// How a block starts.
pub const MAGIC: [u8; 4] = *b"MMRB";
/// Version of the layout.
pub const VERSION: u16 = 1;
/// Bytes of the head.
pub const HEAD: usize = 32;

/// Documents end to end. `ids` holds `id_bytes` bytes a token, `kinds` one; the key of document `d` is
/// `keys[key_starts[d]..key_starts[d + 1]]`.
#[derive(Clone, Copy, Debug)]
pub struct Documents<'a> {
    pub ids: &'a [u8],
    pub id_bytes: usize,
    pub kinds: &'a [u8],
    pub keys: &'a [u8],
    pub key_starts: &'a [u64],
}

/// Stretches of documents in the order of the rows: document, first token (of all tokens), tokens. Row `r` holds
/// those from `row_starts[r]` to `row_starts[r + 1]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    pub documents: &'a [u32],
    pub starts: &'a [u64],
    pub lengths: &'a [u32],
    pub row_starts: &'a [u64],
}

/// A block whose parts fit together: its size is known, and writing it cannot fail.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    documents: Documents<'a>,
    segments: Vec<Segment<'a>>,
    row_segments: Vec<u32>,
    num_tokens: u64,
    num_key_bytes: u64,
    num_bytes: usize,
}

#[derive(Clone, Debug)]
struct Segment<'a> {
    tokens: Range<usize>,
    key: &'a [u8],
}

impl<'a> Block<'a> {
    /// Checks that everything lies within what it is part of.
    ///
    /// # Errors
    /// `IdBytes`, `Shape`, `Order`, and `BlockTooLarge`.
    pub fn new(documents: Documents<'a>, rows: Rows) -> Result<Self, PackError> {
        known_id_bytes(documents.id_bytes)?;
        expect(
            "bytes of ids",
            documents.ids.len(),
            documents.kinds.len().saturating_mul(documents.id_bytes),
        )?;
        expect("starts of stretches", rows.starts.len(), rows.documents.len())?;
        expect("lengths of stretches", rows.lengths.len(), rows.documents.len())?;
        let stretches = rows.documents.iter().zip(rows.starts).zip(rows.lengths);
        let segments: Vec<Segment> = stretches
            .map(|((&document, &start), &length)| segment(&documents, document, start, length))
            .collect::<Option<_>>()
            .ok_or(PackError::Order { what: "stretches or keys" })?;
        let is_whole = rows.row_starts.first() == Some(&0)
            && rows.row_starts.last() == Some(&(segments.len() as u64))
            && rows.row_starts.is_sorted();
        if !is_whole {
            return Err(PackError::Order { what: "row starts" });
        }
        let total = |part: fn(&Segment) -> usize| segments.iter().map(|s| part(s) as u64).sum::<u64>();
        let (num_tokens, num_key_bytes) = (total(|s| s.tokens.len()), total(|s| s.key.len()));
        let numbers = |count: usize| 4 * count as u64;
        let sections = [
            numbers(rows.row_starts.len()),
            numbers(segments.len() + 1),
            numbers(segments.len() + 1),
            num_key_bytes,
            num_tokens * documents.id_bytes as u64,
            num_tokens,
        ];
        let bytes = HEAD as u64 + sections.iter().map(|size| size.next_multiple_of(8)).sum::<u64>();
        if bytes > MAX_BLOCK_BYTES {
            return Err(PackError::BlockTooLarge(bytes));
        }
        let num_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let row_segments =
            rows.row_starts.iter().map(|&start| u32::try_from(start).unwrap_or(u32::MAX)).collect();
        Ok(Self { documents, segments, row_segments, num_tokens, num_key_bytes, num_bytes })
    }

    /// The block's bytes, appended to memory that is taken once and never cleared.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let id_bytes = self.documents.id_bytes;
        let mut out = Vec::with_capacity(self.num_bytes);
        self.put_head(&mut out);
        put_numbers(&mut out, self.row_segments.iter().copied());
        put_numbers(&mut out, running(self.segments.iter().map(|s| s.tokens.len())));
        put_numbers(&mut out, running(self.segments.iter().map(|s| s.key.len())));
        put_all(&mut out, self.segments.iter().map(|s| s.key));
        let ids = |s: &Segment<'a>| &self.documents.ids[s.tokens.start * id_bytes..s.tokens.end * id_bytes];
        put_all(&mut out, self.segments.iter().map(ids));
        put_all(&mut out, self.segments.iter().map(|s| &self.documents.kinds[s.tokens.clone()]));
        out
    }

    fn put_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&u16::try_from(self.documents.id_bytes).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&u32::try_from(self.row_segments.len() - 1).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&u32::try_from(self.segments.len()).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.num_tokens.to_le_bytes());
        out.extend_from_slice(&self.num_key_bytes.to_le_bytes());
    }
}

/// Refuses ids that no row holds.
pub(super) fn known_id_bytes(id_bytes: usize) -> Result<(), PackError> {
    if id_bytes == 2 || id_bytes == 4 { Ok(()) } else { Err(PackError::IdBytes(id_bytes)) }
}

fn expect(what: &'static str, found: usize, wanted: usize) -> Result<(), PackError> {
    if found == wanted { Ok(()) } else { Err(PackError::Shape { what, found, wanted }) }
}

fn segment<'a>(documents: &Documents<'a>, document: u32, start: u64, length: u32) -> Option<Segment<'a>> {
    let document = document as usize;
    let start = usize::try_from(start).ok()?;
    let tokens = start..start.checked_add(length as usize)?;
    let bound = |at: usize| documents.key_starts.get(at).and_then(|&b| usize::try_from(b).ok());
    let key = documents.keys.get(bound(document)?..bound(document + 1)?)?;
    (tokens.end <= documents.kinds.len()).then_some(Segment { tokens, key })
}

/// 0, and the sum so far after each value; the block's size bounds it.
fn running(values: impl Iterator<Item = usize>) -> impl Iterator<Item = u32> {
    std::iter::once(0).chain(values.scan(0usize, |sum, value| {
        *sum += value;
        Some(u32::try_from(*sum).unwrap_or(u32::MAX))
    }))
}

fn put_numbers(out: &mut Vec<u8>, values: impl Iterator<Item = u32>) {
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
    pad(out);
}

fn put_all<'b>(out: &mut Vec<u8>, parts: impl Iterator<Item = &'b [u8]>) {
    for part in parts {
        out.extend_from_slice(part);
    }
    pad(out);
}

/// To the next multiple of 8 bytes.
fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTS: Documents<'static> = Documents {
        ids: &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0],
        id_bytes: 2,
        kinds: &[0, 1, 2, 3, 4],
        keys: b"abc",
        key_starts: &[0, 1, 3],
    };
    const ROWS: Rows<'static> =
        Rows { documents: &[1, 0, 1], starts: &[4, 0, 2], lengths: &[1, 2, 2], row_starts: &[0, 2, 3] };

    #[test]
    fn a_block_byte_by_byte() {
        let bytes = Block::new(DOCUMENTS, ROWS).map(|block| (block.num_bytes, block.to_bytes()));
        let mut expected =
            b"MMRB\x01\0\x02\0\x02\0\0\0\x03\0\0\0\x05\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0".to_vec();
        expected.extend_from_slice(b"\0\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0");
        expected.extend_from_slice(b"\0\0\0\0\x01\0\0\0\x03\0\0\0\x05\0\0\0");
        expected.extend_from_slice(b"\0\0\0\0\x02\0\0\0\x03\0\0\0\x05\0\0\0");
        expected.extend_from_slice(b"bcabc\0\0\0");
        expected.extend_from_slice(b"\x05\0\x01\0\x02\0\x03\0\x04\0\0\0\0\0\0\0");
        expected.extend_from_slice(b"\x04\0\x01\x02\x03\0\0\0");
        assert_eq!(bytes, Ok((expected.len(), expected)));
    }

    #[test]
    fn what_lies_outside_is_refused() {
        let of = |rows| Block::new(DOCUMENTS, rows).map(|_| ());
        let outside = Err(PackError::Order { what: "stretches or keys" });
        assert_eq!(of(Rows { lengths: &[9, 2, 2], ..ROWS }), outside);
        assert_eq!(of(Rows { starts: &[u64::MAX, 0, 2], ..ROWS }), outside);
        assert_eq!(of(Rows { documents: &[2, 0, 1], ..ROWS }), outside);
        for row_starts in [&[][..], &[1, 3], &[0, 2], &[0, 3, 2, 3]] {
            assert_eq!(of(Rows { row_starts, ..ROWS }), Err(PackError::Order { what: "row starts" }));
        }
        let short = Block::new(Documents { ids: &[0; 9], ..DOCUMENTS }, ROWS).map(|_| ());
        assert_eq!(short, Err(PackError::Shape { what: "bytes of ids", found: 9, wanted: 10 }));
    }
}
