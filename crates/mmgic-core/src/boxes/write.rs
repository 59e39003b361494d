//! Boxes written as text, a batch at a time.
//!
//! 1. Every box becomes whole numbers (`rule`).
//! 2. Every different label is checked and put between its literals once.
//! 3. Each text is joined from pieces that are copied 32 bytes at a time into one buffer for the whole batch.
//!
//! Cost: some 20 ns a box.

use super::digits::{LONGEST, put_decimal, put_number};
use super::error::BoxError;
use super::ids::{Sizes, one_of};
use super::labels::{Labels, Rendered, rendered};
use super::notation::Notation;
use super::pieces::{AT_ONCE, Piece};
use std::ops::Range;

/// Texts of a batch, one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    pub bytes: Vec<u8>,
    /// End of each text.
    pub ends: Vec<usize>,
}

/// Checks that starts are 0, ..., `count`, ascending.
pub(super) fn check_starts(starts: &[i64], count: usize) -> Result<(), BoxError> {
    let last = i64::try_from(count).unwrap_or(i64::MAX);
    let sound = starts.first() == Some(&0) && starts.last() == Some(&last) && starts.is_sorted();
    if sound { Ok(()) } else { Err(BoxError::Starts { boxes: count }) }
}

/// The rows of text `index`; without starts each row is a text. The starts were checked.
pub(super) fn rows_of(starts: Option<&[i64]>, index: usize) -> Range<usize> {
    let at = |i: usize| starts.and_then(|s| s.get(i)).and_then(|&v| usize::try_from(v).ok()).unwrap_or(i);
    at(index)..at(index + 1)
}

/// A buffer of zeros that grows in front of the writer.
pub(super) struct Out {
    pub bytes: Vec<u8>,
    pub at: usize,
}

impl Out {
    pub(super) fn new(expected: usize) -> Self {
        Self { bytes: Vec::with_capacity(expected + 4 * AT_ONCE), at: 0 }
    }

    /// Makes sure that `more` bytes and one whole copy fit.
    pub(super) fn reserve(&mut self, more: usize) {
        let needed = self.at + more + AT_ONCE + LONGEST;
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }

    pub(super) fn put(&mut self, piece: &Piece) {
        self.at = piece.put(&mut self.bytes, self.at);
    }

    fn put_label(&mut self, labels: &Rendered, label: u32) {
        let (start, end) = labels.range(label);
        let length = end - start;
        let copied = if length <= AT_ONCE { AT_ONCE } else { length };
        if let Some(from) = labels.bytes.get(start..start + copied) {
            if copied == AT_ONCE {
                self.bytes[self.at..self.at + AT_ONCE].copy_from_slice(from);
            } else {
                self.bytes[self.at..self.at + length].copy_from_slice(from);
            }
            self.at += length;
        }
    }
}

/// Writes texts; text i holds the boxes `starts[i]..starts[i + 1]`, without starts each box is a text.
///
/// # Errors
/// As `ids_from_boxes`, with one size a text; `LabelCount`; `Starts`; `LabelWithToken` and `LabelEmpty` when a label
/// would be read back as something else.
pub fn texts_from_boxes<S: AsRef<str>>(
    boxes: &[[f64; 4]],
    labels: &Labels<S>,
    starts: Option<&[i64]>,
    sizes: Sizes,
    notation: &Notation,
) -> Result<Texts, BoxError> {
    if labels.of.len() != boxes.len() {
        return Err(BoxError::LabelCount { labels: labels.of.len(), boxes: boxes.len() });
    }
    if let Some(starts) = starts {
        check_starts(starts, boxes.len())?;
    }
    let count = starts.map_or(boxes.len(), |s| s.len() - 1);
    let ids = ids_of(boxes, starts, count, sizes, notation)?;
    let (open, close) = object_literals(notation);
    let labels_written = rendered(notation, labels, &open, &close, AT_ONCE)?;
    let per_box = notation.box_pieces.iter().map(|p| p.bytes().len() + LONGEST).sum::<usize>()
        + [&notation.object_separator, &notation.box_separator, &notation.boxes_open, &notation.boxes_close]
            .iter()
            .map(|p| p.bytes().len())
            .sum::<usize>();
    let around = notation.text_open.bytes().len() + notation.text_close.bytes().len();
    let mut out = Out::new(boxes.len() * (per_box + open.len() + close.len()) / 2);
    let mut ends = Vec::with_capacity(count);
    for index in 0..count {
        let rows = rows_of(starts, index);
        let label_bytes: usize =
            labels.of[rows.clone()].iter().map(|&l| labels_written.range(l)).map(|(s, e)| e - s).sum();
        out.reserve(around + rows.len() * per_box + label_bytes);
        out.put(&notation.text_open);
        put_objects(&mut out, rows, &ids, labels, &labels_written, notation)?;
        out.put(&notation.text_close);
        ends.push(out.at);
    }
    out.bytes.truncate(out.at);
    Ok(Texts { bytes: out.bytes, ends })
}

fn ids_of(
    boxes: &[[f64; 4]],
    starts: Option<&[i64]>,
    count: usize,
    sizes: Sizes,
    notation: &Notation,
) -> Result<Vec<[i32; 4]>, BoxError> {
    let axes = notation.axes_of(sizes, count, "texts")?;
    if let &[only] = axes.as_slice() {
        return notation.rule.ids(boxes, |_| Ok(only));
    }
    let mut text_of = Vec::with_capacity(boxes.len());
    for index in 0..count {
        text_of.resize(rows_of(starts, index).end, index);
    }
    notation.rule.ids(boxes, |row| one_of(&axes, text_of.get(row).copied().unwrap_or(0)))
}

/// What stands before and after each label within its object: with the boxes' literal that is next to it.
fn object_literals(notation: &Notation) -> (Vec<u8>, Vec<u8>) {
    let join = |a: &Piece, b: &Piece| [a.bytes(), b.bytes()].concat();
    if notation.label_first {
        (notation.label_open.bytes().to_vec(), join(&notation.label_close, &notation.boxes_open))
    } else {
        (join(&notation.boxes_close, &notation.label_open), notation.label_close.bytes().to_vec())
    }
}

/// The objects of one text.
fn put_objects<S: AsRef<str>>(
    out: &mut Out,
    rows: Range<usize>,
    ids: &[[i32; 4]],
    labels: &Labels<S>,
    written: &Rendered,
    notation: &Notation,
) -> Result<(), BoxError> {
    let bare = notation.label_first
        && notation.label_open.bytes().is_empty()
        && notation.object_separator.bytes().trim_ascii().is_empty();
    let mut row = rows.start;
    while row < rows.end {
        let label = labels.of[row];
        if row > rows.start {
            out.put(&notation.object_separator);
            if bare && written.is_empty.get(label as usize) == Some(&true) {
                return Err(BoxError::LabelEmpty { row });
            }
        }
        if notation.label_first {
            out.put_label(written, label);
        } else {
            out.put(&notation.boxes_open);
        }
        put_box(out, &ids[row], notation);
        row += 1;
        while notation.several && row < rows.end && labels.equal(row - 1, row) {
            out.put(&notation.box_separator);
            put_box(out, &ids[row], notation);
            row += 1;
        }
        if notation.label_first {
            out.put(&notation.boxes_close);
        } else {
            out.put_label(written, label);
        }
    }
    Ok(())
}

#[inline(always)]
fn put_box(out: &mut Out, ids: &[i32; 4], notation: &Notation) {
    let places = notation.rule.places();
    let (bytes, mut at) = (out.bytes.as_mut_slice(), out.at);
    let Some((last, pieces)) = notation.box_pieces.split_last() else { return };
    for (piece, &which) in pieces.iter().zip(&notation.order) {
        at = piece.put(bytes, at);
        let id = ids[which & 3];
        at = if places > 0 {
            put_decimal(bytes, at, id, places)
        } else {
            put_number(bytes, at, id, notation.digits)
        };
    }
    out.at = last.put(bytes, at);
}
