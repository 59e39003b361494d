//! One row of the table of notations, compiled: the literal pieces that the writer copies and the reader looks for.
//!
//! A text is `text` with its objects joined by `object_separator`; an object is `object` with one `$label` and one
//! `$boxes`, each in its own wrapping; boxes are joined by `box_separator`; a box is `box` with its numbers by name.

use super::error::BoxError;
use super::pieces::{Glue, Mark, Piece, units};
use super::rule::Rule;
use memchr::memmem::Finder;

/// A row as it stands in the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub text: String,
    pub object: String,
    pub object_separator: String,
    pub label: String,
    pub boxes: String,
    pub box_separator: String,
    pub box_template: String,
    /// Numbers are padded with zeros to so many digits.
    pub digits: u32,
    /// Labels are JSON strings and the text is read as JSON.
    pub json: bool,
    /// Neighbours of one label share it.
    pub several: bool,
    /// Tokens that are no part of a label; `<seg*>` stands for all that begin with `<seg`.
    pub ignored: Vec<String>,
    /// Template of a point, `$x` before `$y`; empty: the notation has no points and polygons.
    pub point: String,
    /// Wrapping of one of several instances of a label, `$polygons`.
    pub polygons: String,
    /// Stands between two parts of an instance.
    pub polygon_separator: String,
    pub rule: Rule,
}

/// Where the label and the boxes of a JSON object stand.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    pub boxes: String,
    pub label: String,
}

/// A row, compiled.
#[derive(Debug)]
pub struct Notation {
    pub(super) name: String,
    pub(super) rule: Rule,
    pub(super) digits: usize,
    pub(super) several: bool,
    pub(super) label_first: bool,
    pub(super) text_open: Piece,
    pub(super) text_close: Piece,
    pub(super) object_separator: Piece,
    pub(super) box_separator: Piece,
    /// Literals around the numbers of a box: one more than numbers.
    pub(super) box_pieces: Vec<Piece>,
    /// Which of x0, y0, x1, y1 stands at each place.
    pub(super) order: Vec<usize>,
    /// Where each of x0, y0, x1, y1 stands (cells: nothing that is used).
    pub(super) places: [usize; 4],
    /// Before and after the unit of an object that is not the label: its boxes.
    pub(super) boxes_open: Piece,
    pub(super) boxes_close: Piece,
    /// What stands before and after each label.
    pub(super) label_open: Piece,
    pub(super) label_close: Piece,
    pub(super) keys: Option<Keys>,
    /// JSON of one object without others inside, boxes first: what is read to the letter where it can be.
    pub(super) is_flat: bool,
    pub(super) shape: Option<Shape>,
    pub(super) reading: Reading,
    pub(super) ignored: Vec<String>,
}

/// How points and polygons are written.
#[derive(Debug)]
pub(super) struct Shape {
    /// Literals around x and y.
    pub point: [Piece; 3],
    pub open: Piece,
    pub close: Piece,
    pub separator: Piece,
    /// First byte of every mark.
    pub first: u8,
    /// What stands before and after a number.
    pub anchor: Vec<u8>,
    pub closer: Vec<u8>,
}

/// Where a box begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    /// The anchor is all that stands before the first number.
    Anchor,
    /// Nothing of the box does: the anchor opens the boxes.
    Number,
    /// More than the anchor does.
    Before,
}

/// What the reader looks for.
#[derive(Debug)]
pub(super) struct Reading {
    pub anchor: Finder<'static>,
    pub anchor_length: usize,
    pub start: Start,
    /// Literals between the numbers and after the last.
    pub glue: Vec<Glue>,
    /// The box's own beginning, which may be empty.
    pub box_open: Glue,
    pub separator: Glue,
    pub boxes_open: Glue,
    pub boxes_close: Glue,
    /// The anchor is a tag, so that one number is enough to tell a box.
    pub is_tag: bool,
    pub label_open: Option<Mark>,
    pub label_close: Option<Mark>,
    /// Ends a label that has no closing of its own.
    pub label_end: Option<Mark>,
    /// What a label must not hold.
    pub forbidden: Vec<Finder<'static>>,
    /// No mark is made of letters, digits and spaces alone.
    pub letters_are_safe: bool,
}

const NAMES: [&str; 4] = ["$x0", "$y0", "$x1", "$y1"];
const CELLS: [&str; 2] = ["$first", "$last"];
/// Longest literal: bounds what a row can make the writer copy.
const LONGEST: usize = 256;

fn bad(row: &Row, why: impl Into<String>) -> BoxError {
    BoxError::BadNotation { name: row.name.clone(), why: why.into() }
}

/// A template cut at its one placeholder.
fn cut<'a>(row: &Row, field: &str, template: &'a str, mark: &str) -> Result<(&'a str, &'a str), BoxError> {
    match template.split_once(mark) {
        Some((before, after)) if !after.contains(mark) => Ok((before, after)),
        _ => Err(bad(row, format!("{field} must hold {mark} once, is {template:?}"))),
    }
}

/// The literals of a box and the place of each number.
fn numbers(row: &Row) -> Result<(Vec<&str>, Vec<usize>), BoxError> {
    let names: &[&str] = if row.rule.numbers() == 2 { &CELLS } else { &NAMES };
    let mut found: Vec<(usize, usize)> = Vec::with_capacity(names.len());
    for (which, name) in names.iter().enumerate() {
        cut(row, "box", &row.box_template, name)?;
        found.extend(row.box_template.find(name).map(|at| (at, which)));
    }
    found.sort_unstable();
    let mut literals = Vec::with_capacity(names.len() + 1);
    let mut from = 0;
    for &(at, which) in &found {
        literals.push(&row.box_template[from..at]);
        from = at + names[which].len();
    }
    literals.push(&row.box_template[from..]);
    if literals.iter().any(|literal| literal.contains('$')) {
        return Err(bad(row, format!("box holds a $ that is none of {}", names.join(", "))));
    }
    let is_number =
        |literal: &str| literal == "." || literal.bytes().next().is_none_or(|b| b.is_ascii_digit());
    if literals[1..names.len()].iter().any(|literal| is_number(literal)) {
        return Err(bad(row, "two numbers of a box need something between them that is no number"));
    }
    Ok((literals, found.into_iter().map(|(_, which)| which).collect()))
}

/// The key whose value a template's placeholder is.
fn key(row: &Row, before: &str) -> Result<String, BoxError> {
    let mut parts = before.rsplit('"');
    match (parts.next().map(str::trim), parts.next()) {
        (Some(":"), Some(key)) if !key.is_empty() => Ok(key.to_owned()),
        _ => Err(bad(row, "object must be JSON with a key before $label and before $boxes")),
    }
}

fn check(row: &Row) -> Result<(), BoxError> {
    let within =
        |what: &str, ok: bool| if ok { Ok(()) } else { Err(bad(row, format!("{what} is out of range"))) };
    match row.rule {
        Rule::Floor { bins } => within("bins", (1..=1_000_000).contains(&bins))?,
        Rule::Round { bins, scale } => {
            within("bins", (2..=1_000_000).contains(&bins))?;
            within("scale", scale >= f64::from(bins - 1) && scale <= f64::from(bins))?;
        }
        Rule::Decimals { places } => within("decimals", (1..=6).contains(&places))?,
        // Other sides are no exact divisors: a box would move when it is written again.
        Rule::Cells { side } => within("bins", side <= 1024 && side.is_power_of_two())?,
        Rule::Pixels { resize } => {
            within("factor", (1..=4096).contains(&resize.factor))?;
            within("max_pixels", resize.min_pixels <= resize.max_pixels && resize.max_pixels <= 1 << 32)?;
        }
    }
    within("digits", row.digits <= 9)?;
    if !row.ignored.iter().all(|token| token.starts_with('<') && token.len() <= LONGEST) {
        return Err(bad(row, "ignored tokens must begin with <"));
    }
    let literals =
        [&row.text, &row.object, &row.object_separator, &row.label, &row.boxes, &row.box_separator];
    within(
        "a template",
        literals.iter().all(|text| text.len() <= LONGEST) && row.box_template.len() <= LONGEST,
    )
}

/// The part of a literal that stands right before a number: `(` of `<box>(`.
fn anchor_of(literal: &str) -> &str {
    let literal = literal.trim();
    match literal.rfind('>') {
        Some(at) if at + 1 < literal.len() => literal[at + 1..].trim_start(),
        _ => literal,
    }
}

/// Points and polygons of a row that has them.
fn shape(row: &Row) -> Result<Option<Shape>, BoxError> {
    if row.point.is_empty() {
        return Ok(None);
    }
    let (before, rest) = cut(row, "point", &row.point, "$x")?;
    let (between, after) = cut(row, "point", rest, "$y")?;
    let (open, close) = cut(row, "polygons", &row.polygons, "$polygons")?;
    // Each number is a token of its own: that is how a reader tells it from text.
    let closer = between.strip_suffix(before).unwrap_or_default();
    let marks = [before, open.trim(), close.trim(), row.polygon_separator.trim()];
    let first = before.bytes().next().unwrap_or(0);
    if closer.trim().is_empty()
        || closer != after
        || !marks.iter().all(|mark| mark.bytes().next() == Some(first))
    {
        return Err(bad(row, "point must be two tokens alike, and polygons must be made of tokens"));
    }
    let too_long =
        [&row.point, &row.polygons, &row.polygon_separator].iter().any(|text| text.len() > LONGEST);
    if too_long || matches!(row.rule, Rule::Cells { .. } | Rule::Decimals { .. }) {
        return Err(bad(row, "point must be short, and its numbers neither cells nor decimals"));
    }
    Ok(Some(Shape {
        point: [before, between, after].map(Piece::new),
        open: Piece::new(open),
        close: Piece::new(close),
        separator: Piece::new(&row.polygon_separator),
        first,
        anchor: before.as_bytes().to_vec(),
        closer: closer.trim().as_bytes().to_vec(),
    }))
}

/// Whether an object, boxes first, holds no other one.
fn is_flat(boxes_open: &str, label_open: &str, label_close: &str) -> bool {
    boxes_open.matches('{').count() == 1
        && !label_open.contains(['{', '}'])
        && label_close.matches('}').count() == 1
}

/// Whether a mark is made of letters, digits and spaces alone.
#[allow(clippy::trivially_copy_pass_by_ref)] // as iterators give it
fn is_spelled(mark: &&str) -> bool {
    mark.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ')
}

impl Notation {
    /// Compiles a row.
    ///
    /// # Errors
    /// `BadNotation`, with what is wrong with the row.
    pub fn new(row: &Row) -> Result<Self, BoxError> {
        check(row)?;
        let (text_open, text_close) = cut(row, "text", &row.text, "$objects")?;
        let (before_label, after_label) = cut(row, "object", &row.object, "$label")?;
        let (before_boxes, after_boxes) = cut(row, "object", &row.object, "$boxes")?;
        let (open, close) = cut(row, "label", &row.label, "$label")?;
        let (boxes_open, boxes_close) = cut(row, "boxes", &row.boxes, "$boxes")?;
        let (literals, order) = numbers(row)?;
        let label_first = before_label.len() < before_boxes.len();
        let keys = if row.json {
            Some(Keys {
                boxes: key(row, before_boxes)?,
                label: key(row, &format!("{before_label}{}", open.trim_end_matches('"')))?,
            })
        } else {
            None
        };
        // The literal between the two belongs to the second of them.
        let (label_open, label_close, boxes_open_all, boxes_close_all);
        if label_first {
            let between = after_label.split("$boxes").next().unwrap_or_default();
            label_open = format!("{before_label}{open}");
            label_close = close.to_owned();
            boxes_open_all = format!("{between}{boxes_open}");
            boxes_close_all = format!("{boxes_close}{after_boxes}");
        } else {
            let between = after_boxes.split("$label").next().unwrap_or_default();
            boxes_open_all = format!("{before_boxes}{boxes_open}");
            boxes_close_all = boxes_close.to_owned();
            label_open = format!("{between}{open}");
            label_close = format!("{close}{after_label}");
        }
        let own = if literals[0].trim().is_empty() { boxes_open } else { literals[0] };
        let anchor = anchor_of(own);
        if anchor.is_empty() || anchor.bytes().next_back().is_some_and(|b| b.is_ascii_digit()) {
            return Err(bad(row, "something other than a digit must stand before the first number"));
        }
        let shape = shape(row)?;
        // The label's own wrapping where it has one: the object's may be missing.
        let mark_open = if open.trim().is_empty() { label_open.as_str() } else { open };
        let mark_close = if close.trim().is_empty() { label_close.as_str() } else { close };
        let delimited = !label_close.trim().is_empty();
        let separator = row.object_separator.trim();
        let wrapping = row.polygons.replace("$polygons", " ");
        let marks =
            [label_open.as_str(), &label_close, &boxes_open_all, &boxes_close_all, &row.box_separator];
        let tags = marks
            .into_iter()
            .chain([wrapping.as_str(), &row.polygon_separator])
            .flat_map(units)
            .filter(|unit| unit.starts_with('<') && unit.ends_with('>'));
        let ends = (!delimited && !label_first && !separator.is_empty()).then_some(separator);
        let tokens = row.ignored.iter().map(|token| token.split('*').next().unwrap_or_default());
        // A label's own wrapping ends it, whatever it is made of.
        let wrapped = [mark_open, mark_close].into_iter().map(str::trim).filter(|_| !row.json);
        let forbidden: Vec<&str> =
            tags.chain(ends).chain(wrapped).chain(tokens).filter(|t| !t.is_empty()).collect();
        let letters_are_safe = !forbidden.iter().any(is_spelled) && !is_spelled(&anchor);
        let is_flat = row.json && !label_first && is_flat(&boxes_open_all, &label_open, &label_close);
        let reading = Reading {
            anchor_length: anchor.len(),
            start: match literals[0].trim() {
                "" => Start::Number,
                literal if literal == anchor => Start::Anchor,
                _ => Start::Before,
            },
            is_tag: anchor.starts_with('<'),
            anchor: Finder::new(anchor).into_owned(),
            glue: literals[1..].iter().map(|literal| Glue::new(literal)).collect(),
            box_open: Glue::new(literals[0]),
            separator: Glue::new(&row.box_separator),
            boxes_open: Glue::new(&boxes_open_all),
            boxes_close: Glue::new(&boxes_close_all),
            label_open: Mark::new(mark_open),
            label_close: Mark::new(mark_close),
            label_end: ends.and_then(Mark::new),
            forbidden: forbidden.into_iter().map(|mark| Finder::new(mark).into_owned()).collect(),
            letters_are_safe,
        };
        Ok(Self {
            name: row.name.clone(),
            rule: row.rule,
            digits: row.digits as usize,
            several: row.several,
            label_first,
            text_open: Piece::new(text_open),
            text_close: Piece::new(text_close),
            object_separator: Piece::new(&row.object_separator),
            box_separator: Piece::new(&row.box_separator),
            box_pieces: literals.iter().map(|literal| Piece::new(literal)).collect(),
            places: [0, 1, 2, 3].map(|which| order.iter().position(|&at| at == which).unwrap_or(0)),
            order,
            boxes_open: Piece::new(&boxes_open_all),
            boxes_close: Piece::new(&boxes_close_all),
            label_open: Piece::new(&label_open),
            label_close: Piece::new(&label_close),
            keys,
            is_flat,
            shape,
            reading,
            ignored: row.ignored.clone(),
        })
    }

    /// Numbers a box: 2 or 4.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        self.rule.numbers()
    }

    /// Whether sizes of pictures are needed.
    #[must_use]
    pub const fn needs_sizes(&self) -> bool {
        matches!(self.rule, Rule::Pixels { .. })
    }
}
