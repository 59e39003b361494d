//! Documents that are too long for a row: dropped, cut at their end, or split at the borders of their parts.
//!
//! A document is a list of parts: stretches of text, and what must stay whole (a picture's tokens). A piece is a
//! stretch of its tokens that fits a row. Nothing is put in: the pieces of a split document, one after another, are
//! the document.

use super::error::PackError;
use super::search::Size;

/// Must stay whole: a picture's tokens.
pub const WHOLE: u8 = 1;
/// Belongs to what comes next, and says nothing at the end of a piece: words before a concept.
pub const LEADS: u8 = 2;
/// Belongs to what came before: the end marker.
pub const TRAILS: u8 = 4;

/// A stretch of a document's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub size: Size,
    pub flags: u8,
}

impl Part {
    fn is(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What becomes of a document that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Drop,
    /// Whole parts fall off the end; the first one that does not fit is cut where it is text.
    Truncate,
    /// Pieces that end at borders of parts; text longer than a row is cut.
    Split,
}

/// A stretch of a document: its first token, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub start: u64,
    pub size: Size,
}

/// The pieces of a document for rows of `capacity`. None where nothing of it can be kept: it is dropped, or a part that
/// must stay whole is larger than a row. A document that fits is one piece.
#[must_use]
pub fn pieces(parts: &[Part], capacity: Size, policy: Policy) -> Vec<Piece> {
    let total =
        parts.iter().fold((0, 0), |(l, s), p| (l + u64::from(p.size.length), s + u64::from(p.size.second)));
    if total.0 <= u64::from(capacity.length) && total.1 <= u64::from(capacity.second) {
        let size = |total| u32::try_from(total).unwrap_or(u32::MAX);
        return vec![Piece { start: 0, size: Size { length: size(total.0), second: size(total.1) } }];
    }
    match policy {
        Policy::Drop => Vec::new(),
        Policy::Truncate => truncated(parts, capacity).into_iter().collect(),
        Policy::Split => split(parts, capacity).unwrap_or_default(),
    }
}

fn fits(used: Size, part: Size, capacity: Size) -> bool {
    let within = |a: u32, b: u32, most: u32| u64::from(a) + u64::from(b) <= u64::from(most);
    within(used.length, part.length, capacity.length) && within(used.second, part.second, capacity.second)
}

fn sum(a: Size, b: Size) -> Size {
    Size { length: a.length + b.length, second: a.second + b.second }
}

/// The first parts that fit, and the beginning of the next one where it is text that says something.
fn truncated(parts: &[Part], capacity: Size) -> Option<Piece> {
    let mut size = Size::NONE;
    let mut kept = Vec::new();
    for part in parts {
        let room = capacity.length - size.length;
        if fits(size, part.size, capacity) {
            size = sum(size, part.size);
            kept.push(*part);
            continue;
        }
        if part.flags == 0 && part.size.second == 0 && room > 0 {
            size.length += room;
            kept.push(Part { size: Size { length: room, second: 0 }, flags: 0 });
        }
        break;
    }
    while let Some(last) = kept.pop_if(|part| part.is(LEADS)) {
        size = size.less(last.size);
    }
    (size.length > 0).then_some(Piece { start: 0, size })
}

/// Pieces of units that fit together; a unit is a part with what leads it and trails it.
fn split(parts: &[Part], capacity: Size) -> Option<Vec<Piece>> {
    let mut open = Open { capacity, pieces: Vec::new(), start: 0, size: Size::NONE };
    for unit in parts.chunk_by(|before, after| before.is(LEADS) || after.is(TRAILS)) {
        let size = unit
            .iter()
            .try_fold(Size::NONE, |size, part| fits(size, part.size, capacity).then(|| sum(size, part.size)));
        match size {
            Some(size) => open.add(size),
            // Larger than a row: its parts one by one, text in stretches.
            None => unit.iter().try_for_each(|part| open.add_cut(*part))?,
        }
    }
    Some(open.closed())
}

/// The pieces that are done, and the one that is being filled.
struct Open {
    capacity: Size,
    pieces: Vec<Piece>,
    start: u64,
    size: Size,
}

impl Open {
    fn close(&mut self) {
        if self.size.length > 0 {
            self.pieces.push(Piece { start: self.start, size: self.size });
            self.start += u64::from(self.size.length);
            self.size = Size::NONE;
        }
    }

    fn add(&mut self, size: Size) {
        if !fits(self.size, size, self.capacity) {
            self.close();
        }
        self.size = sum(self.size, size);
    }

    /// A part of a unit that is larger than a row; none where it must stay whole and is larger than a row itself.
    fn add_cut(&mut self, part: Part) -> Option<()> {
        if fits(Size::NONE, part.size, self.capacity) {
            self.add(part.size);
            return Some(());
        }
        if part.is(WHOLE) || part.size.second > 0 {
            return None;
        }
        let mut left = part.size.length;
        while left > 0 {
            if self.size.length == self.capacity.length {
                self.close();
            }
            let taken = left.min(self.capacity.length - self.size.length);
            self.size.length += taken;
            left -= taken;
        }
        Some(())
    }

    fn closed(mut self) -> Vec<Piece> {
        self.close();
        self.pieces
    }
}

/// The pieces of many documents: those of document `d` are `starts[d]..starts[d + 1]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    pub piece_starts: Vec<u64>,
    pub pieces: Vec<Piece>,
}

impl Default for Piece {
    fn default() -> Self {
        Self { start: 0, size: Size::NONE }
    }
}

/// As [`pieces`], for documents whose parts stand in `parts[part_starts[d]..part_starts[d + 1]]`.
///
/// # Errors
/// `Order` where the starts do not ascend to the end of the parts.
pub fn pieces_of_documents(
    parts: &[Part],
    part_starts: &[usize],
    capacity: Size,
    policy: Policy,
) -> Result<Pieces, PackError> {
    let mut out = Pieces { piece_starts: vec![0], pieces: Vec::new() };
    if part_starts.first() != Some(&0) || part_starts.last() != Some(&parts.len()) || !part_starts.is_sorted()
    {
        return Err(PackError::Order { what: "part starts" });
    }
    for bounds in part_starts.windows(2) {
        out.pieces.extend(pieces(&parts[bounds[0]..bounds[1]], capacity, policy));
        out.piece_starts.push(out.pieces.len() as u64);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAPACITY: Size = Size { length: 20, second: 2 };

    fn part(length: u32, second: u32, flags: u8) -> Part {
        Part { size: Size { length, second }, flags }
    }

    fn cut(parts: &[Part], policy: Policy) -> Vec<(u64, u32)> {
        pieces(parts, CAPACITY, policy).iter().map(|p| (p.start, p.size.length)).collect()
    }

    /// begin marker, picture, words, caption, words, region, end marker
    fn document(caption: u32) -> Vec<Part> {
        let text = part(caption, 0, 0);
        vec![
            part(1, 0, WHOLE | LEADS),
            part(6, 1, WHOLE),
            part(2, 0, LEADS),
            text,
            part(3, 0, LEADS),
            part(6, 1, WHOLE),
            part(1, 0, WHOLE | TRAILS),
        ]
    }

    #[test]
    fn a_document_that_fits_is_one_piece() {
        for policy in [Policy::Drop, Policy::Truncate, Policy::Split] {
            assert_eq!(cut(&document(1), policy), [(0, 20)]);
        }
    }

    #[test]
    fn truncated_at_its_end() {
        // The region and its words fall off, the caption stays; a longer caption is cut.
        assert_eq!(cut(&document(5), Policy::Truncate), [(0, 14)]);
        assert_eq!(cut(&document(40), Policy::Truncate), [(0, 20)]);
        // A picture is never cut, and its words do not stay without it.
        assert_eq!(cut(&[part(4, 0, 0), part(2, 0, LEADS), part(30, 1, WHOLE)], Policy::Truncate), [(0, 4)]);
        assert_eq!(cut(&[part(1, 0, LEADS), part(30, 1, WHOLE)], Policy::Truncate), []);
        // The second capacity cuts too.
        assert_eq!(cut(&[part(4, 1, WHOLE); 3], Policy::Truncate), [(0, 8)]);
        assert_eq!(cut(&document(5), Policy::Drop), []);
    }

    #[test]
    fn split_at_borders() {
        assert_eq!(cut(&document(5), Policy::Split), [(0, 14), (14, 10)]);
        assert_eq!(cut(&[part(4, 1, WHOLE); 5], Policy::Split), [(0, 8), (8, 8), (16, 4)]);
        // Text longer than a row is cut; a picture longer than a row cannot be kept, nor its document.
        assert_eq!(cut(&[part(50, 0, 0), part(3, 0, 0)], Policy::Split), [(0, 20), (20, 20), (40, 13)]);
        assert_eq!(cut(&[part(5, 0, 0), part(21, 1, WHOLE)], Policy::Split), []);
    }

    proptest! {
        #[test]
        fn split_pieces_are_the_document_and_keep_what_is_whole(
            list in prop::collection::vec((1u32..30, 0u32..2, 0u8..8), 1..20),
        ) {
            let parts: Vec<Part> = list.into_iter().map(|(l, s, flags)| part(l, s, if s > 0 { flags | WHOLE } else { flags })).collect();
            let total: u64 = parts.iter().map(|p| u64::from(p.size.length)).sum();
            let found = pieces(&parts, CAPACITY, Policy::Split);
            let impossible = parts.iter().any(|p| p.is(WHOLE) && p.size.length > CAPACITY.length);
            prop_assert!(impossible || !found.is_empty());
            if found.is_empty() {
                return Ok(());
            }
            let mut at = 0;
            for piece in &found {
                prop_assert_eq!(piece.start, at);
                prop_assert!(piece.size.length > 0 && fits(Size::NONE, piece.size, CAPACITY));
                at += u64::from(piece.size.length);
            }
            prop_assert_eq!(at, total);
            let mut start = 0;
            for p in &parts {
                let end = start + u64::from(p.size.length);
                let is_cut = found.iter().any(|piece| start < piece.start && piece.start < end);
                prop_assert!(!(is_cut && p.is(WHOLE)));
                start = end;
            }
        }
    }
}
