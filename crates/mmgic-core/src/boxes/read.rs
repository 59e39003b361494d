//! Boxes found in text that a model wrote.
//!
//! 1. Find what stands before a first number (the anchor).
//! 2. Read numbers and the literals between them; spaces and missing closers are passed over.
//! 3. Go on with boxes of the same phrase.
//! 4. Take the label from before or after, as the notation has it.
//!
//! What makes no box is passed over; nothing fails. Linear in the text: every search goes on where the last one ended.
//! Cost: some 50 ns a box.

use super::error::BoxError;
use super::finding::{Characters, Findings, Numbers, corners, status};
use super::ids::{Sizes, one_of};
use super::json;
use super::notation::{Notation, Start};
use super::number::read_number;
use super::pieces::skip_spaces;
use super::rule::Axis;
use std::borrow::Cow;

/// Reads every box out of texts.
///
/// # Errors
/// Faults of the sizes alone, one a text: any text can be read.
pub fn boxes_from_texts<S: AsRef<str>>(
    texts: &[S],
    sizes: Sizes,
    notation: &Notation,
) -> Result<Findings, BoxError> {
    let axes = notation.axes_of(sizes, texts.len(), "texts")?;
    // Few boxes are written in less than 32 bytes; what is too much is never touched.
    let expected = texts.iter().map(|text| text.as_ref().len()).sum::<usize>() / 32;
    let mut found = Findings::with_room(expected);
    for (row, text) in texts.iter().enumerate() {
        let index = i64::try_from(row).unwrap_or(i64::MAX);
        read_one(text.as_ref(), index, notation, one_of(&axes, row)?, &mut found);
    }
    Ok(found)
}

fn read_one(text: &str, index: i64, notation: &Notation, axes: [Axis; 2], found: &mut Findings) {
    if notation.keys.is_some() {
        json::read(text, index, notation, axes, found);
    } else {
        Reader::new(text, index, notation, axes, found).run();
    }
}

/// Whether a label alone holds no box.
pub(super) fn finds_nothing(notation: &Notation, label: &str) -> bool {
    let mut found = Findings::new();
    let one = Axis { scale: 1.0, last: 1.0, offset: 0.0 };
    Reader::new(label, 0, notation, [one, one], &mut found).run();
    found.status.is_empty()
}

/// One box as read: its numbers, where it ends, whether something was missing. Filled in place, never copied.
#[derive(Default)]
pub(super) struct Run {
    pub numbers: Numbers,
    pub end: usize,
    pub is_closed: bool,
}

/// Reads the numbers of a box whose first number stands at `at`; false where none does.
#[inline(always)]
pub(super) fn read_run(text: &[u8], at: usize, notation: &Notation, run: &mut Run) -> bool {
    run.numbers.count = 0;
    run.numbers.has_point = false;
    run.end = at;
    run.is_closed = true;
    let glues = notation.reading.glue.as_slice();
    for (place, glue) in glues.iter().enumerate() {
        let mut number = read_number(text, run.end);
        if number.is_none() {
            number = read_number(text, skip_spaces(text, run.end));
        }
        let Some(number) = number else { break };
        run.numbers.values[place & 3] = number.value;
        run.numbers.count = place + 1;
        run.numbers.has_point |= number.has_point;
        let literal = glue.read(text, number.end);
        if place + 1 < glues.len() && !literal.is_enough {
            // Numbers are missing; what closes a box closes this one too.
            let close = glues[glues.len() - 1].read(text, number.end);
            run.is_closed &= close.is_whole;
            run.end = if close.is_whole { close.end } else { number.end };
            break;
        }
        run.is_closed &= literal.is_whole;
        run.end = literal.end;
    }
    run.numbers.count > 0
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    index: i64,
    notation: &'a Notation,
    axes: [Axis; 2],
    found: &'a mut Findings,
    characters: Characters<'a>,
    /// Boxes of this text that wait for the label after them.
    waiting: usize,
    /// Label of the phrase before, for a phrase without one.
    label: Option<u32>,
    /// End of what was read.
    done: usize,
    /// The box that is being read.
    run: Run,
}

impl<'a> Reader<'a> {
    fn new(
        text: &'a str,
        index: i64,
        notation: &'a Notation,
        axes: [Axis; 2],
        found: &'a mut Findings,
    ) -> Self {
        Self {
            bytes: text.as_bytes(),
            text,
            index,
            notation,
            axes,
            waiting: found.status.len(),
            found,
            characters: Characters::new(text),
            label: None,
            done: 0,
            run: Run::default(),
        }
    }

    fn run(mut self) {
        let reading = &self.notation.reading;
        let mut from = 0;
        while let Some(offset) = reading.anchor.find(&self.bytes[from..]) {
            let start = from + offset;
            from = start + reading.anchor_length;
            if !read_run(self.bytes, from, self.notation, &mut self.run) {
                continue;
            }
            let start = self.box_start(start, from);
            let is_whole = self.run.numbers.count == self.notation.numbers();
            if !is_whole && self.run.numbers.count < 2 && !reading.is_tag {
                from = self.run.end;
                continue;
            }
            if self.notation.label_first {
                let (label, is_closed) = self.label_before(start);
                self.phrase(start, label, if is_closed { 0 } else { status::UNCLOSED });
            } else {
                self.label_after(start);
                self.phrase(start, None, 0);
            }
            from = self.done;
        }
        if !self.notation.label_first {
            self.label_after(self.bytes.len());
        }
    }

    /// Where the box itself begins, whose first number stands at `number`.
    fn box_start(&self, anchor: usize, number: usize) -> usize {
        match self.notation.reading.start {
            Start::Anchor => anchor,
            Start::Number => skip_spaces(self.bytes, number),
            Start::Before => {
                self.done + self.notation.reading.box_open.strip_end(&self.bytes[self.done..number])
            }
        }
    }

    /// All boxes of one phrase, of which the first one's numbers were read.
    fn phrase(&mut self, start: usize, label: Option<u32>, flags: u8) {
        let (notation, reading) = (self.notation, &self.notation.reading);
        let mut start = start;
        let first_box = self.found.status.len();
        loop {
            let end = self.run.end;
            let (values, mut flag) = corners(&self.run.numbers, notation, self.axes);
            flag |= flags;
            flag |= if self.run.is_closed { 0 } else { status::UNCLOSED };
            flag |= if label.is_some() || !notation.label_first { 0 } else { status::NO_LABEL };
            let span = [self.characters.before(start), self.characters.before(end)];
            self.found.push(self.index, values, flag, label.unwrap_or(0), span);
            self.done = end;
            if self.run.numbers.count < notation.numbers() {
                break;
            }
            let separator = reading.separator.read(self.bytes, end);
            // Boxes that nothing separates are told by their own beginning.
            if !(separator.is_enough || reading.separator.is_empty())
                || reading.separator.is_empty() && reading.box_open.is_empty()
            {
                break;
            }
            let begin = skip_spaces(self.bytes, separator.end);
            let open = reading.box_open.read(self.bytes, begin);
            if !(open.is_enough || reading.box_open.is_empty()) {
                break;
            }
            if !read_run(self.bytes, open.end, notation, &mut self.run) {
                break;
            }
            start = begin;
        }
        let close = reading.boxes_close.read(self.bytes, self.done);
        if !close.is_whole {
            for flag in &mut self.found.status[first_box..] {
                *flag |= status::UNCLOSED;
            }
        }
        self.done = close.end;
    }

    /// The label in front of an anchor, and whether it was closed.
    fn label_before(&mut self, anchor: usize) -> (Option<u32>, bool) {
        let reading = &self.notation.reading;
        let region = &self.bytes[self.done..anchor];
        let mut end = region.len();
        // What opens the boxes is no part of the label.
        let open = reading.boxes_open.strip_end(region);
        end = end.min(open);
        let Some(opening) = &reading.label_open else {
            let raw = self.text.get(self.done..self.done + end).unwrap_or("");
            return (self.named(raw).or(self.label), true);
        };
        let region = &region[..end];
        let Some(at) = opening.rfind(region) else {
            // Only separators between: another box of the same phrase.
            let is_same = self.text.get(self.done..self.done + end).is_some_and(|raw| raw.trim().is_empty());
            return (self.label.filter(|_| is_same), true);
        };
        let start = at + opening.len();
        let inner = &region[start..];
        let close = reading.label_close.as_ref().and_then(|close| close.find(inner));
        let stop = start + close.unwrap_or(inner.len());
        let raw = self.text.get(self.done + start..self.done + stop).unwrap_or("");
        (self.named(raw), close.is_some() || reading.label_close.is_none())
    }

    /// Gives the boxes that wait the label that stands before `limit`.
    fn label_after(&mut self, limit: usize) {
        let last = self.found.status.len();
        if self.waiting == last {
            return;
        }
        let reading = &self.notation.reading;
        let region = self.bytes.get(self.done..limit).unwrap_or_default();
        let end = reading.label_end.as_ref().and_then(|mark| mark.find(region));
        let mut raw = self.text.get(self.done..self.done + end.unwrap_or(region.len())).unwrap_or("");
        if let Some(opening) = &reading.label_open {
            raw = opening.find(raw.as_bytes()).and_then(|at| raw.get(at + opening.len()..)).unwrap_or("");
        }
        let mut flags = 0;
        if let Some(closing) = &reading.label_close {
            match closing.find(raw.as_bytes()) {
                Some(at) => raw = raw.get(..at).unwrap_or(""),
                None => flags = status::UNCLOSED,
            }
        }
        let label = self.named(raw);
        if label.is_none() && end.is_none() && limit < self.bytes.len() {
            // Boxes follow at once: they share the label to come.
            return;
        }
        for row in self.waiting..last {
            self.found.label_of[row] = label.unwrap_or(0);
            self.found.status[row] |= flags | if label.is_none() { status::NO_LABEL } else { 0 };
        }
        self.waiting = last;
    }

    /// A label without outer spaces and ignored tokens; none where nothing is left.
    fn named(&mut self, raw: &str) -> Option<u32> {
        let label = self.notation.clean(raw);
        if !label.is_empty() {
            self.label = Some(self.found.label(&label));
            return self.label;
        }
        None
    }
}

impl Notation {
    /// A label without outer spaces and ignored tokens.
    pub(super) fn clean<'a>(&self, raw: &'a str) -> Cow<'a, str> {
        let raw = trimmed(raw);
        if self.ignored.is_empty() || !raw.contains('<') {
            return Cow::Borrowed(raw);
        }
        Cow::Owned(trimmed(&without(raw, &self.ignored)).to_owned())
    }
}

/// `trim`, which most labels do not need.
pub(super) fn trimmed(raw: &str) -> &str {
    let raw = raw.trim_ascii();
    let is_bare = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_bare(raw.as_bytes().first()) && is_bare(raw.as_bytes().last()) { raw } else { raw.trim() }
}

/// A text without some tokens; `<seg*>` is every token that begins with `<seg`.
fn without(raw: &str, ignored: &[String]) -> String {
    let mut kept = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('<') {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = ignored.iter().find_map(|token| token_length(rest, token)).unwrap_or(0);
        if length == 0 {
            kept.push('<');
            rest = &rest[1..];
        } else {
            rest = &rest[length..];
        }
    }
    kept.push_str(rest);
    kept
}

/// Length of a token at the start of a text. A wildcard stands for digits.
fn token_length(text: &str, token: &str) -> Option<usize> {
    let Some((head, tail)) = token.split_once('*') else {
        return text.starts_with(token).then_some(token.len());
    };
    let rest = text.strip_prefix(head)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[digits..].starts_with(tail).then_some(head.len() + digits + tail.len())
}
