//! Documents that are too long for a row: dropped, cut at their end, or split at the borders of their parts.
//!
//! A document is a list of parts: stretches of text, and what must stay whole (a picture's tokens). A piece is a
//! stretch of its tokens that fits a row. Nothing is put in: the pieces of a split document, one after another, are
//! the document.

use super::error::PackError;
use super::search::Size;

/// Must stay whole: a picture's tokens.
pub const WHOLE: u8 = 1;
/// Belongs to what comes next, and does not stand at the end of a piece: words before a concept.
pub const LEADS: u8 = 2;
/// Belongs to what came before, and does not begin a piece: the end marker.
pub const TRAILS: u8 = 4;
/// Pieces that one call may make.
pub const MAX_PIECES: u64 = 1 << 26;

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
        let cut = Size { length: room, second: part.size.second };
        if part.flags == 0 && room > 0 && fits(size, cut, capacity) {
            size = sum(size, cut);
            kept.push(Part { size: cut, flags: 0 });
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
        match total(unit, capacity) {
            Some(size) => open.add(size),
            None => open.add_large(unit)?,
        }
    }
    open.close();
    Some(open.pieces)
}

/// What parts take together, where it fits a row.
fn total(parts: &[Part], capacity: Size) -> Option<Size> {
    parts
        .iter()
        .try_fold(Size::NONE, |size, part| fits(size, part.size, capacity).then(|| sum(size, part.size)))
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

    /// A unit that is larger than a row: what leads its first text, the text in stretches, what trails it with the last one;
    /// then what is left of it likewise. None where a part that must stay whole is larger than a row.
    fn add_large(&mut self, unit: &[Part]) -> Option<()> {
        self.close();
        let is_text = |part: &Part| !part.is(WHOLE) && !part.is(LEADS) && !part.is(TRAILS);
        let Some(at) = unit.iter().position(is_text) else { return self.add_each(unit) };
        let rest = unit[at + 1..].iter().position(|part| !part.is(TRAILS)).map_or(unit.len(), |n| at + 1 + n);
        let (leads, text, trails) = (&unit[..at], unit[at], &unit[at + 1..rest]);
        match (total(leads, self.capacity), total(trails, self.capacity)) {
            (Some(before), Some(after)) if self.has_room_for_text(before, text, after) => {
                self.size = before;
                self.add_text(text.size, after);
            }
            _ => self.add_each(&unit[..rest])?,
        }
        self.add_each(&unit[rest..])
    }

    /// Whether a token of the text fits beside what leads it, and one beside what trails it.
    fn has_room_for_text(&self, before: Size, text: Part, after: Size) -> bool {
        let first = Size { length: 1, second: text.size.second };
        fits(before, first, self.capacity) && fits(after, Size { length: 1, second: 0 }, self.capacity)
    }

    /// Text in stretches, the last of which leaves room for what comes after it, and has a token at least.
    fn add_text(&mut self, text: Size, after: Size) {
        self.size.second += text.second;
        let mut left = text.length;
        while left > 0 {
            if self.size.length == self.capacity.length {
                self.close();
            }
            let mut taken = left.min(self.capacity.length - self.size.length);
            let end = Size { length: self.size.length + taken, second: self.size.second };
            if taken == left && !fits(end, after, self.capacity) {
                // All of it fits here, but not what trails it: a token goes on to the next piece with that.
                taken = (left - 1).max(1);
                self.size.length += taken;
                left -= taken;
                self.close();
                continue;
            }
            self.size.length += taken;
            left -= taken;
        }
        self.add(after);
    }

    /// Parts one by one, where they cannot be kept together.
    fn add_each(&mut self, parts: &[Part]) -> Option<()> {
        for part in parts {
            if fits(Size::NONE, part.size, self.capacity) {
                self.add(part.size);
            } else if part.is(WHOLE) || part.size.second > self.capacity.second {
                return None;
            } else {
                self.close();
                self.add_text(part.size, Size::NONE);
            }
        }
        Some(())
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
/// `Order` where the starts do not ascend to the end of the parts; `CapacityOutOfRange` for a row without room;
/// `TooManyPieces`.
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
    if capacity.length == 0 {
        return Err(PackError::CapacityOutOfRange(0));
    }
    // A part gives one piece more than full rows at the most.
    let most: u64 = parts.iter().map(|part| u64::from(part.size.length / capacity.length) + 1).sum();
    if policy == Policy::Split && most > MAX_PIECES + parts.len() as u64 {
        return Err(PackError::TooManyPieces(most));
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

    #[test]
    fn words_stay_with_their_text_and_the_end_with_what_it_ends() {
        let unit = [part(3, 0, LEADS), part(18, 0, 0), part(1, 0, TRAILS)];
        assert_eq!(
            cut(&[&[part(10, 0, WHOLE)], &unit[..]].concat(), Policy::Split),
            [(0, 10), (10, 20), (30, 2)]
        );
        assert_eq!(cut(&[part(40, 0, 0), part(1, 0, TRAILS)], Policy::Split), [(0, 20), (20, 19), (39, 2)]);
        assert_eq!(cut(&[part(20, 0, 0), part(20, 0, TRAILS)], Policy::Split), [(0, 20), (20, 20)]);
        assert_eq!(cut(&[part(3, 0, LEADS), part(18, 1, WHOLE)], Policy::Split), [(0, 3), (3, 18)]);
    }

    #[test]
    fn a_row_without_room_and_pieces_without_end_are_refused() {
        let one = [part(u32::MAX, 0, 0)];
        let of = |capacity| {
            pieces_of_documents(&one, &[0, 1], Size { length: capacity, second: 0 }, Policy::Split)
        };
        assert_eq!(of(0), Err(PackError::CapacityOutOfRange(0)));
        assert_eq!(of(1), Err(PackError::TooManyPieces(1 << 32)));
        assert_eq!(of(1 << 24).map(|p| p.pieces.len()), Ok(256));
    }

    proptest! {
        #[test]
        fn split_pieces_are_the_document_and_keep_what_is_whole(
            list in prop::collection::vec((1u32..30, 0u32..2, 0u8..8), 1..20),
        ) {
            let parts: Vec<Part> = list.into_iter().map(|(l, s, flags)| part(l, s, if s > 0 { flags | WHOLE } else { flags })).collect();
            let all: u64 = parts.iter().map(|p| u64::from(p.size.length)).sum();
            let found = pieces(&parts, CAPACITY, Policy::Split);
            let impossible = parts.iter().any(|p| p.is(WHOLE) && p.size.length > CAPACITY.length);
            prop_assert!(impossible || !found.is_empty());
            if found.is_empty() {
                return Ok(());
            }
            let mut at = 0;
            for piece in &found {
                prop_assert_eq!(piece.start, at);
                prop_assert!(piece.size.length > 0);
                prop_assert!(fits(Size::NONE, piece.size, CAPACITY));
                at += u64::from(piece.size.length);
            }
            prop_assert_eq!(at, all);
            let mut start = 0;
            for p in &parts {
                let end = start + u64::from(p.size.length);
                let is_cut = found.iter().any(|piece| start < piece.start && piece.start < end);
                prop_assert!(!(is_cut && p.is(WHOLE)));
                start = end;
            }
        }

        #[test]
        fn no_piece_ends_with_words_alone_or_begins_with_an_end(
            list in prop::collection::vec((1u32..5, 1u32..60, 1u32..4, 0u8..3), 1..8),
        ) {
            // Units as documents have them: words, text or a picture that fits beside them, an end.
            let unit = |(lead, core, trail, kind): (u32, u32, u32, u8)| match kind {
                0 => vec![part(lead, 0, LEADS), part(core, 0, 0), part(trail, 0, TRAILS)],
                1 => vec![part(lead, 0, LEADS), part(core.min(12), 1, WHOLE), part(trail, 0, TRAILS)],
                _ => vec![part(core, 0, 0)],
            };
            let parts: Vec<Part> = list.into_iter().flat_map(unit).collect();
            let found = pieces(&parts, CAPACITY, Policy::Split);
            let mut borders = Vec::new();
            let mut end = 0;
            for (before, after) in parts.iter().zip(&parts[1..]) {
                end += u64::from(before.size.length);
                if before.is(LEADS) || after.is(TRAILS) {
                    borders.push(end);
                }
            }
            prop_assert!(!found.is_empty());
            prop_assert!(found.iter().all(|piece| !borders.contains(&piece.start)));
        }
    }
}
