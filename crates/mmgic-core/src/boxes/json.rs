//! Boxes in JSON that a model wrote: with talk around, code fences, single quotes, trailing commas, other keys, cut short.
//!
//! One pass with a small stack: `{` opens an object, a key sets what the next value is, a string under the label's key is the
//! label, numbers under the boxes' key are boxes, `}` gives the object's boxes their label. Linear in the text.

use super::finding::{Characters, Findings, Numbers, corners, status};
use super::notation::Notation;
use super::number::read_number;
use super::pieces::{same, skip_spaces};
use super::read::{Run, read_run, trimmed};
use super::rule::Axis;
use memchr::memchr2;

/// Objects within objects that are told apart; boxes of deeper ones have no label.
const DEPTH: usize = 64;

/// An object that is open.
#[derive(Clone, Copy, Default)]
struct Frame {
    first_box: usize,
    label: Option<u32>,
}

/// What the value that comes is.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Other,
    Boxes,
    Label,
}

/// Reads one text.
pub(super) fn read(text: &str, index: i64, notation: &Notation, axes: [Axis; 2], found: &mut Findings) {
    let Some(keys) = &notation.keys else { return };
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        index,
        notation,
        axes,
        characters: Characters::new(text),
        frames: [Frame { first_box: found.status.len(), label: None }; DEPTH],
        depth: 0,
        found,
        run: Run::default(),
    };
    let bytes = scan.bytes;
    let mut at = 0;
    let mut next = Next::Other;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => {
                next = Next::Other;
                match scan.whole_object(at - 1) {
                    Some(end) => at = end,
                    None => scan.open(),
                }
            }
            b'}' => {
                scan.close(0);
                next = Next::Other;
            }
            b'[' if next == Next::Boxes => {
                at = scan.boxes(at - 1);
                next = Next::Other;
            }
            // Outside of objects quotes are talk: apostrophes would swallow what follows.
            b'"' | b'\'' if scan.depth > 0 => {
                let (end, after) = string_end(bytes, at, byte);
                if next == Next::Label {
                    scan.label(at, end);
                    next = Next::Other;
                } else {
                    next = key(text.get(at..end).unwrap_or(""), &keys.boxes, &keys.label);
                    // A string that no colon follows is a value.
                    let colon = skip_spaces(bytes, after);
                    if bytes.get(colon) != Some(&b':') {
                        next = Next::Other;
                    }
                }
                at = after;
            }
            b',' => next = Next::Other,
            _ => {}
        }
    }
    // The text was cut short inside of objects.
    while scan.depth > 0 {
        scan.close(status::UNCLOSED);
    }
}

fn key(text: &str, boxes: &str, label: &str) -> Next {
    let text = trimmed(text).as_bytes();
    if same(text, boxes.as_bytes()) {
        Next::Boxes
    } else if same(text, label.as_bytes()) {
        Next::Label
    } else {
        Next::Other
    }
}

/// End of a string's inside and where to go on, from behind its opening quote.
fn string_end(text: &[u8], from: usize, quote: u8) -> (usize, usize) {
    let mut at = from;
    while let Some(offset) = text.get(at..).and_then(|rest| memchr2(quote, b'\\', rest)) {
        at += offset;
        if text[at] == quote && is_end(text, at, quote) {
            return (at, at + 1);
        }
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    (text.len(), text.len())
}

/// An apostrophe inside of a word does not end a string.
fn is_end(text: &[u8], at: usize, quote: u8) -> bool {
    quote != b'\'' || !text.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    index: i64,
    notation: &'a Notation,
    axes: [Axis; 2],
    characters: Characters<'a>,
    frames: [Frame; DEPTH],
    depth: usize,
    found: &'a mut Findings,
    run: Run,
}

impl Scan<'_> {
    fn frame(&mut self) -> Option<&mut Frame> {
        self.frames.get_mut(self.depth)
    }

    /// An object just as the row writes it, which most are: read without the state above. Returns its end.
    #[inline(always)]
    fn whole_object(&mut self, at: usize) -> Option<usize> {
        let (bytes, notation) = (self.bytes, self.notation);
        if !notation.is_flat || self.depth + 1 >= DEPTH {
            return None;
        }
        let start = notation.reading.boxes_open.end_at(bytes, at)?;
        let first = notation.reading.box_open.end_at(bytes, start)?;
        let is_whole = read_run(bytes, first, notation, &mut self.run)
            && self.run.is_closed
            && self.run.numbers.count == notation.numbers();
        let opening = notation.label_open.bytes();
        let from = self.run.end + opening.len();
        if !is_whole || !same(bytes.get(self.run.end..from)?, opening) {
            return None;
        }
        let end = from + memchr2(b'"', b'\\', bytes.get(from..)?)?;
        let closing = notation.label_close.bytes();
        if !same(bytes.get(end..end + closing.len())?, closing) {
            return None;
        }
        let label = trimmed(self.text.get(from..end)?);
        let (number, missing) = match label {
            "" => (0, status::NO_LABEL),
            label => (self.found.label(label), 0),
        };
        let (values, flags) = corners(&self.run.numbers, notation, self.axes);
        let span = [self.characters.before(start), self.characters.before(self.run.end)];
        self.found.push(self.index, values, flags | missing, number, span);
        Some(end + closing.len())
    }

    fn open(&mut self) {
        self.depth += 1;
        let first_box = self.found.status.len();
        if let Some(frame) = self.frame() {
            *frame = Frame { first_box, label: None };
        }
    }

    fn close(&mut self, flags: u8) {
        if self.depth == 0 {
            return;
        }
        let last = self.found.status.len();
        if let Some(&Frame { first_box, label }) = self.frames.get(self.depth) {
            for row in first_box..last {
                // Boxes of an inner object have been given theirs.
                if self.found.status[row] & OPEN != 0 {
                    self.found.label_of[row] = label.unwrap_or(0);
                    let missing = if label.is_none() { status::NO_LABEL } else { 0 };
                    self.found.status[row] = self.found.status[row] & !OPEN | missing | flags;
                }
            }
        }
        self.depth -= 1;
    }

    fn label(&mut self, start: usize, end: usize) {
        let raw = self.text.get(start..end).unwrap_or("");
        let number = if raw.contains('\\') {
            let plain = unescaped(raw);
            let plain = plain.trim();
            (!plain.is_empty()).then(|| self.found.label(plain))
        } else {
            let raw = trimmed(raw);
            (!raw.is_empty()).then(|| self.found.label(raw))
        };
        if let Some(frame) = self.frame() {
            frame.label = number.or(frame.label);
        }
    }

    /// Boxes of an array, or of an array of arrays, that opens at `at`; returns where to go on.
    fn boxes(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        // As the row writes it: what most models do.
        if read_run(bytes, at + 1, self.notation, &mut self.run)
            && self.run.is_closed
            && self.run.numbers.count == self.notation.numbers()
        {
            let end = self.run.end;
            let (values, flags) = corners(&self.run.numbers, self.notation, self.axes);
            self.push(values, flags, at, end);
            return end;
        }
        let mut at = skip_spaces(bytes, at + 1);
        let is_nested = bytes.get(at) == Some(&b'[');
        if !is_nested {
            return self.numbers(at - 1);
        }
        while bytes.get(at) == Some(&b'[') {
            at = skip_spaces(bytes, self.numbers(at));
            if bytes.get(at) == Some(&b',') {
                at = skip_spaces(bytes, at + 1);
            }
        }
        at + usize::from(bytes.get(at) == Some(&b']'))
    }

    /// One box, whose numbers stand behind `at`.
    fn numbers(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let mut numbers = Numbers::default();
        let mut end = at + 1;
        loop {
            let start = skip_spaces(bytes, end);
            // Numbers in quotes.
            let quoted = usize::from(bytes.get(start).is_some_and(|b| matches!(b, b'"' | b'\'')));
            let Some(number) = read_number(bytes, start + quoted) else { break };
            if let Some(place) = numbers.values.get_mut(numbers.count) {
                *place = number.value;
            }
            numbers.count += 1;
            numbers.has_point |= number.has_point;
            end = number.end;
            end += quoted & usize::from(bytes.get(end).is_some_and(|b| matches!(b, b'"' | b'\'')));
            let comma = skip_spaces(bytes, end);
            if bytes.get(comma) != Some(&b',') {
                break;
            }
            end = comma + 1;
        }
        let closing = skip_spaces(bytes, end);
        // A fifth number is none of the box: then nothing closes it after the fourth.
        let is_closed = bytes.get(closing) == Some(&b']') && numbers.count <= numbers.values.len();
        if bytes.get(closing) == Some(&b']') {
            end = closing + 1;
        }
        if numbers.count == 0 {
            return end;
        }
        let (values, flags) = corners(&numbers, self.notation, self.axes);
        self.push(values, flags | if is_closed { 0 } else { status::UNCLOSED }, at, end);
        end
    }

    /// Adds a box whose object is still open; in objects that are too deep to be told apart it has no label.
    #[inline(always)]
    fn push(&mut self, values: [f64; 4], flags: u8, start: usize, end: usize) {
        let span = [self.characters.before(start), self.characters.before(end)];
        let open = if self.depth < DEPTH { OPEN } else { status::NO_LABEL };
        self.found.push(self.index, values, flags | open, 0, span);
    }
}

/// Marks a box whose object is still open; never leaves this file.
const OPEN: u8 = 128;

/// The text of a JSON string's inside; what is no escape stays as it is.
fn unescaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else { break };
        rest = &rest[escape.len_utf8()..];
        match escape {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let (character, used) = unicode(rest);
                out.push(character);
                rest = &rest[used..];
            }
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}

/// The character of the digits behind `\u`, with its other half where it is one of two, and the bytes that were read.
fn unicode(rest: &str) -> (char, usize) {
    let unit = |text: &str| {
        let digits = text.get(..4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        digits.and_then(|four| u16::from_str_radix(four, 16).ok())
    };
    let Some(first) = unit(rest) else { return (char::REPLACEMENT_CHARACTER, 0) };
    let second = rest.get(4..).and_then(|tail| tail.strip_prefix("\\u")).and_then(unit);
    let pair = [first, second.unwrap_or(0)];
    match char::decode_utf16(pair).next() {
        Some(Ok(character)) => (character, if (0xD800..0xDC00).contains(&first) { 10 } else { 4 }),
        _ => (char::REPLACEMENT_CHARACTER, 4),
    }
}
