//! Labels in a text: as they stand, or as JSON strings; and which of them cannot be written.

use super::error::BoxError;
use super::notation::Notation;
use super::pieces::same;
use super::read::{finds_nothing, trimmed};

/// Labels of a batch: different texts, and which of them each box has.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a, S> {
    pub texts: &'a [S],
    pub of: &'a [u32],
}

impl<S: AsRef<str>> Labels<'_, S> {
    /// The label of one box; empty where the index is wrong.
    pub(super) fn text(&self, row: usize) -> &str {
        self.of.get(row).and_then(|&label| self.texts.get(label as usize)).map_or("", AsRef::as_ref)
    }

    /// Whether two boxes have equal labels.
    pub(super) fn equal(&self, a: usize, b: usize) -> bool {
        self.of.get(a) == self.of.get(b) || same(self.text(a).as_bytes(), self.text(b).as_bytes())
    }
}

/// What of a text is written for each different label: its opening, itself, its closing.
pub(super) struct Rendered {
    pub bytes: Vec<u8>,
    pub ends: Vec<usize>,
    /// Labels that are nothing but space.
    pub is_empty: Vec<bool>,
}

impl Rendered {
    pub(super) fn range(&self, label: u32) -> (usize, usize) {
        let at = label as usize;
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or(0) };
        (start, self.ends.get(at).copied().unwrap_or(start))
    }
}

/// Renders every different label once, each between two literals, with `spare` bytes after the last.
pub(super) fn rendered<S: AsRef<str>>(
    notation: &Notation,
    labels: &Labels<S>,
    open: &[u8],
    close: &[u8],
    spare: usize,
) -> Result<Rendered, BoxError> {
    let mut out = Rendered {
        bytes: Vec::with_capacity(labels.texts.len() * (open.len() + close.len() + 16) + spare),
        ends: Vec::with_capacity(labels.texts.len()),
        is_empty: Vec::with_capacity(labels.texts.len()),
    };
    for (number, text) in labels.texts.iter().enumerate() {
        let text = text.as_ref();
        out.bytes.extend_from_slice(open);
        if notation.keys.is_some() {
            escape(text, &mut out.bytes);
        } else {
            if !is_readable(notation, text) {
                let row = labels.of.iter().position(|&of| of as usize == number).unwrap_or(0);
                return Err(BoxError::LabelWithToken { row, label: text.to_owned() });
            }
            out.bytes.extend_from_slice(text.as_bytes());
        }
        out.bytes.extend_from_slice(close);
        out.ends.push(out.bytes.len());
        out.is_empty.push(trimmed(text).is_empty());
    }
    out.bytes.resize(out.bytes.len() + spare, 0);
    Ok(out)
}

/// Whether the reader takes the label for a label.
fn is_readable(notation: &Notation, label: &str) -> bool {
    let bytes = label.as_bytes();
    let forbidden = &notation.reading.forbidden;
    // Most labels are letters and spaces, which hardly a notation uses as marks.
    (notation.reading.letters_are_safe && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b' '))
        || (forbidden.iter().all(|mark| mark.find(bytes).is_none()) && finds_nothing(notation, label))
}

/// Appends the inside of a JSON string (RFC 8259): quotes, backslashes and control characters escaped, the rest as it is.
pub(super) fn escape(text: &str, out: &mut Vec<u8>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[from..at]);
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(format!("{byte:04x}").as_bytes());
        }
        from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
}
