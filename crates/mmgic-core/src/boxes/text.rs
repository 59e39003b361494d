//! Boxes in text: `label<loc_x0><loc_y0><loc_x1><loc_y1>`, written for a batch and read back.
//!
//! The reader takes what a model may have written: every run of four location tokens is a box. Its label is
//! the text before it, after the last token; a box right after another one shares its label. Tokens that make
//! no whole box are passed over. Corners are not put in order.

use super::bins::Notation;
use super::error::BoxError;

const OPEN: &str = "<loc_";

fn push_token(out: &mut String, id: i32) {
    out.push_str(OPEN);
    // Ids are below 1,000: at most three digits.
    let digits = [id / 100, id / 10 % 10, id % 10];
    let skip = digits[..2].iter().take_while(|d| **d == 0).count();
    for digit in &digits[skip..] {
        out.push(char::from(b'0' + u8::try_from(*digit).unwrap_or(0)));
    }
    out.push('>');
}

/// A location token at the start of `text`: its id and its length in bytes.
fn token(text: &str, notation: Notation) -> Option<(i32, usize)> {
    let rest = text.strip_prefix(OPEN)?;
    let digits = rest.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let id: i32 = rest.get(..digits)?.parse().ok()?;
    (rest.as_bytes().get(digits) == Some(&b'>') && id < notation.bins())
        .then_some((id, OPEN.len() + digits + 1))
}

/// The first location token in `text`: where it starts, its id, its length.
fn next_token(text: &str, notation: Notation) -> Option<(usize, i32, usize)> {
    text.match_indices(OPEN)
        .find_map(|(at, _)| token(&text[at..], notation).map(|(id, length)| (at, id, length)))
}

/// Writes each box with its label.
///
/// # Errors
/// As `ids_from_boxes`; `LabelCount`; `LabelWithToken` when a label would read back as something else.
pub fn texts_from_boxes<S: AsRef<str>>(
    boxes: &[[f64; 4]],
    labels: &[S],
    notation: Notation,
) -> Result<Vec<String>, BoxError> {
    if labels.len() != boxes.len() {
        return Err(BoxError::LabelCount { labels: labels.len(), boxes: boxes.len() });
    }
    let mut texts = Vec::with_capacity(boxes.len());
    for (row, (&values, label)) in boxes.iter().zip(labels).enumerate() {
        let label = label.as_ref();
        if next_token(label, notation).is_some() {
            return Err(BoxError::LabelWithToken { row, label: label.to_owned() });
        }
        let mut text = String::with_capacity(label.len() + 4 * (OPEN.len() + 4));
        text.push_str(label);
        for id in notation.ids(row, values)? {
            push_token(&mut text, id);
        }
        texts.push(text);
    }
    Ok(texts)
}

/// What a batch of texts says: boxes as fractions, their labels, the text each came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoxText {
    pub boxes: Vec<f64>,
    pub labels: Vec<String>,
    pub text_index: Vec<i64>,
}

fn read(text: &str, index: i64, notation: Notation, found: &mut BoxText) {
    let mut rest = text;
    let mut label = "";
    let mut run: Vec<i32> = Vec::with_capacity(4);
    while let Some((at, id, length)) = next_token(rest, notation) {
        let before = rest[..at].trim();
        if !before.is_empty() {
            label = before;
            run.clear();
        }
        run.push(id);
        if let Ok(four) = <[i32; 4]>::try_from(run.as_slice()) {
            found.boxes.extend(notation.corners(0, four).unwrap_or_default());
            found.labels.push(label.to_owned());
            found.text_index.push(index);
            run.clear();
        }
        rest = &rest[at + length..];
    }
}

/// Reads every whole box out of texts; never fails.
pub fn boxes_from_texts<S: AsRef<str>>(texts: &[S], notation: Notation) -> BoxText {
    let mut found = BoxText::default();
    for (index, text) in (0..).zip(texts) {
        read(text.as_ref(), index, notation, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: Notation = Notation::Florence2;

    fn labels(text: &str) -> Vec<String> {
        boxes_from_texts(&[text], N).labels
    }

    #[test]
    fn writes_as_florence_does() {
        let texts = texts_from_boxes(&[[0.0, 0.0105, 0.25, 1.0]], &["a cat"], N);
        assert_eq!(texts, Ok(vec!["a cat<loc_0><loc_10><loc_250><loc_999>".to_owned()]));
    }

    #[test]
    fn reads_what_was_written() {
        let text =
            "cat<loc_1><loc_2><loc_3><loc_4><loc_5><loc_6><loc_7><loc_8> dög <loc_9><loc_9><loc_9><loc_9>";
        assert_eq!(labels(text), ["cat", "cat", "dög"]);
        let found = boxes_from_texts(&["none", text], N);
        assert_eq!(found.text_index, [1, 1, 1]);
        assert_eq!(&found.boxes[..4], &[0.0015, 0.0025, 0.0035, 0.0045]);
    }

    #[test]
    fn passes_over_broken_runs() {
        assert_eq!(labels("cat<loc_1><loc_2>dog<loc_1><loc_2><loc_3><loc_4>"), ["dog"]);
        assert_eq!(labels("cat<loc_1><loc_2><loc_3><loc_1000><loc_4>"), Vec::<String>::new());
        assert_eq!(labels("<loc_<loc_1><loc_2><loc_3><loc_4>"), ["<loc_"]);
        assert_eq!(labels("<loc_99999999999999999999><loc_+1><loc_><loc_1"), Vec::<String>::new());
    }

    #[test]
    fn a_label_with_a_token_is_refused() {
        let texts = texts_from_boxes(&[[0.0, 0.0, 1.0, 1.0]], &["a<loc_5>"], N);
        assert!(matches!(texts, Err(BoxError::LabelWithToken { row: 0, .. })));
    }
}
