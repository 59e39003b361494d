//! Literal pieces of a notation: to copy fast, and to find again in what a model wrote.

/// Bytes copied at once; a longer piece is copied by its length.
pub(super) const AT_ONCE: usize = 32;

/// A literal to write.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    head: [u8; AT_ONCE],
    text: Box<[u8]>,
}

impl Piece {
    pub(super) fn new(text: &str) -> Self {
        let mut head = [0; AT_ONCE];
        let kept = text.len().min(AT_ONCE);
        head[..kept].copy_from_slice(&text.as_bytes()[..kept]);
        Self { head, text: text.as_bytes().into() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// Copies the piece to `out[at..]`, which has `AT_ONCE` bytes to spare, and returns its end.
    #[inline(always)]
    pub(super) fn put(&self, out: &mut [u8], at: usize) -> usize {
        let length = self.text.len();
        if length <= AT_ONCE {
            out[at..at + AT_ONCE].copy_from_slice(&self.head);
        } else {
            out[at..at + length].copy_from_slice(&self.text);
        }
        at + length
    }
}

/// Cuts a literal into what can be missing on its own: whole tags, the beginning of one, other characters.
pub(super) fn units(literal: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = literal.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '<' {
            rest.find('>').map_or(rest.trim_end().len(), |at| at + 1)
        } else {
            first.len_utf8()
        };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

/// A literal to read, with missing parts and other spaces than were asked for.
#[derive(Clone, Debug)]
pub(super) struct Glue {
    exact: Box<[u8]>,
    /// The first 16 bytes, and which bits of 16 bytes of text are theirs.
    head: u128,
    mask: u128,
    units: Vec<Box<[u8]>>,
}

/// How much of a literal was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// End in the text, of the last part that was there.
    pub end: usize,
    /// Every part was there.
    pub is_whole: bool,
    /// A part was there, and every tag.
    pub is_enough: bool,
}

/// The first position at or after `at` that holds no space.
pub(super) fn skip_spaces(text: &[u8], at: usize) -> usize {
    let mut at = at;
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Equal bytes. Marks are short and mostly differ early: a call to compare them would cost more.
#[inline(always)]
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x == y)
}

/// Whether a text begins with a mark.
#[inline(always)]
fn begins(text: &[u8], mark: &[u8]) -> bool {
    text.get(..mark.len()).is_some_and(|head| same(head, mark))
}

/// A mark to look for between two boxes: in so little text a searcher would cost more than it saves.
#[derive(Clone, Debug)]
pub(super) struct Mark(Box<[u8]>);

impl Mark {
    /// None for a mark of nothing but space.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.as_bytes().into()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The first place of the mark.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        memchr::memchr_iter(self.0[0], text).find(|&at| begins(&text[at..], &self.0))
    }

    /// The last place of the mark.
    pub(super) fn rfind(&self, text: &[u8]) -> Option<usize> {
        memchr::memrchr_iter(self.0[0], text).find(|&at| begins(&text[at..], &self.0))
    }
}

impl Glue {
    pub(super) fn new(literal: &str) -> Self {
        let mut head = [0; 16];
        let kept = literal.len().min(16);
        head[..kept].copy_from_slice(&literal.as_bytes()[..kept]);
        Self {
            head: u128::from_le_bytes(head),
            mask: if kept == 0 { 0 } else { u128::MAX >> (128 - 8 * kept) },
            exact: literal.as_bytes().into(),
            units: units(literal).into_iter().map(|unit| unit.as_bytes().into()).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Where the literal ends that stands at `text[at..]` to the letter.
    #[inline(always)]
    pub(super) fn end_at(&self, text: &[u8], at: usize) -> Option<usize> {
        self.is_at(text, at).then(|| at + self.exact.len())
    }

    /// The literal at `text[at..]`.
    #[inline(always)]
    pub(super) fn read(&self, text: &[u8], at: usize) -> Match {
        if self.is_at(text, at) {
            return Match { end: at + self.exact.len(), is_whole: true, is_enough: true };
        }
        self.read_parts(text, at)
    }

    /// Length of a text without the parts of the literal that stand at its end.
    pub(super) fn strip_end(&self, text: &[u8]) -> usize {
        let mut end = text.len();
        for unit in self.units.iter().rev() {
            let kept = text[..end].trim_ascii_end();
            if let Some(head) = kept.len().checked_sub(unit.len())
                && same(&kept[head..], unit)
            {
                end = head;
            }
        }
        end
    }

    /// Whether the literal as it is written stands there: one comparison of 16 bytes where a call would cost more.
    #[inline(always)]
    fn is_at(&self, text: &[u8], at: usize) -> bool {
        let rest = &text[at..];
        match rest.first_chunk::<16>() {
            Some(chunk) => {
                u128::from_le_bytes(*chunk) & self.mask == self.head
                    && (self.exact.len() <= 16 || begins(rest, &self.exact))
            }
            None => begins(rest, &self.exact),
        }
    }

    #[inline(never)]
    fn read_parts(&self, text: &[u8], at: usize) -> Match {
        let mut found = Match { end: at, is_whole: true, is_enough: false };
        let mut missing_tag = false;
        for unit in &self.units {
            let start = skip_spaces(text, found.end);
            if begins(&text[start..], unit) {
                found.end = start + unit.len();
                found.is_enough = true;
            } else {
                found.is_whole = false;
                missing_tag |= unit.starts_with(b"<");
            }
        }
        found.is_enough &= !missing_tag;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_cut_into_tags_and_characters() {
        assert_eq!(units("><patch_index_"), [">", "<patch_index_"]);
        assert_eq!(units("),("), [")", ",", "("]);
        assert_eq!(units(") </box>"), [")", "</box>"]);
        assert!(units("  ").is_empty());
    }

    #[test]
    fn missing_parts_are_told() {
        let glue = Glue::new("><loc_");
        assert_eq!(glue.read(b"><loc_7", 0), Match { end: 6, is_whole: true, is_enough: true });
        assert_eq!(glue.read(b" > <loc_7", 0), Match { end: 8, is_whole: true, is_enough: true });
        assert_eq!(glue.read(b"<loc_7", 0), Match { end: 5, is_whole: false, is_enough: true });
        assert!(!glue.read(b">7", 0).is_enough);
        assert_eq!(Glue::new("),(").read(b" , 7", 0), Match { end: 2, is_whole: false, is_enough: true });
        assert!(!Glue::new(",").read(b";", 0).is_enough);
    }
}
