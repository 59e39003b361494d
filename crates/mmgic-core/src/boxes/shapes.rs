//! Points, quads and polygons in text, where a notation has them: runs of points with a label in front.
//!
//! A shape is one or more points. Parts of one instance are joined by a separator, several instances of one label are wrapped
//! each (Florence-2: `<sep>`, `<poly>...</poly>`). Cost: some 5 ns a point; the reader is linear in the text.

use super::digits::{put_decimal, put_number};
use super::error::BoxError;
use super::finding::{Characters, Findings, status};
use super::ids::{Sizes, one_of};
use super::labels::{Labels, rendered};
use super::notation::{Notation, Shape};
use super::number::read_number;
use super::pieces::{AT_ONCE, skip_spaces};
use super::rule::Axis;
use super::write::{Out, Texts, check_starts, rows_of};

/// Shapes of a batch: points, the first point of each shape (and their number), and which instance each is part of.
#[derive(Clone, Copy, Debug)]
pub struct ShapeBatch<'a> {
    pub points: &'a [[f64; 2]],
    pub starts: &'a [i64],
    /// Neighbours of one label and one instance are its parts; none: every shape has its own label.
    pub instances: Option<&'a [i64]>,
}

/// Shapes found in texts: what holds of boxes holds of shapes, with points for corners.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShapeFindings {
    pub found: Findings,
    pub starts: Vec<i64>,
    pub instances: Vec<i64>,
}

fn shape_of(notation: &Notation) -> Result<&Shape, BoxError> {
    let missing = || BoxError::NoShape { name: notation.name.clone(), shape: "points and polygons" };
    notation.shape.as_ref().ok_or_else(missing)
}

/// Writes texts; text i holds the shapes `starts[i]..starts[i + 1]`, without starts each shape is a text.
///
/// # Errors
/// `NoShape`; `PointNotFinite` and `PointCount`, naming the first such row; what `texts_from_boxes` says of labels and starts.
pub fn texts_from_shapes<S: AsRef<str>>(
    shapes: &ShapeBatch,
    labels: &Labels<S>,
    starts: Option<&[i64]>,
    sizes: Sizes,
    notation: &Notation,
) -> Result<Texts, BoxError> {
    let shape = shape_of(notation)?;
    check_starts(shapes.starts, shapes.points.len())?;
    let count = shapes.starts.len() - 1;
    if labels.of.len() != count {
        return Err(BoxError::LabelCount { labels: labels.of.len(), boxes: count });
    }
    if shapes.instances.is_some_and(|instances| instances.len() != count) {
        return Err(BoxError::Starts { boxes: count });
    }
    if let Some(starts) = starts {
        check_starts(starts, count)?;
    }
    let texts = starts.map_or(count, |s| s.len() - 1);
    let axes = notation.axes_of(sizes, texts, "texts")?;
    let written =
        rendered(notation, labels, notation.label_open.bytes(), notation.label_close.bytes(), AT_ONCE)?;
    let mut out = Out::new(shapes.points.len() * 20);
    let mut ends = Vec::with_capacity(texts);
    for index in 0..texts {
        let rows = rows_of(starts, index);
        let axes = one_of(&axes, index)?;
        let mut row = rows.start;
        while row < rows.end {
            let group = group_end(shapes, labels, row, rows.end);
            if row > rows.start && written.is_empty.get(labels.of[row] as usize) == Some(&true) {
                return Err(BoxError::LabelEmpty { row });
            }
            let (from, to) = written.range(labels.of[row]);
            out.reserve(to - from);
            let at = out.at;
            out.bytes[at..at + to - from].copy_from_slice(written.bytes.get(from..to).unwrap_or_default());
            out.at += to - from;
            let instance = |at: usize| shapes.instances.and_then(|all| all.get(at)).copied();
            let wraps = (row + 1..group).any(|at| instance(at) != instance(row));
            for at in row..group {
                let opens = at == row || instance(at) != instance(at - 1);
                out.reserve(3 * 256);
                if !opens {
                    out.put(&shape.separator);
                } else if wraps {
                    out.put(&shape.open);
                }
                put_points(&mut out, at, shapes, axes, shape, notation)?;
                if wraps && (at + 1 == group || instance(at + 1) != instance(at)) {
                    out.reserve(256);
                    out.put(&shape.close);
                }
            }
            row = group;
        }
        ends.push(out.at);
    }
    out.bytes.truncate(out.at);
    Ok(Texts { bytes: out.bytes, ends })
}

/// The end of the shapes that share the label of the one at `row`.
fn group_end<S: AsRef<str>>(shapes: &ShapeBatch, labels: &Labels<S>, row: usize, limit: usize) -> usize {
    let mut end = row + 1;
    while shapes.instances.is_some() && end < limit && labels.equal(end - 1, end) {
        end += 1;
    }
    end
}

fn put_points(
    out: &mut Out,
    row: usize,
    shapes: &ShapeBatch,
    axes: [Axis; 2],
    shape: &Shape,
    notation: &Notation,
) -> Result<(), BoxError> {
    let range = rows_of(Some(shapes.starts), row);
    if range.is_empty() {
        return Err(BoxError::PointCount { row, points: 0, wanted: "at least one is needed" });
    }
    let places = notation.rule.places();
    for point in range {
        let values = shapes.points[point];
        if !values.iter().all(|v| v.is_finite()) {
            return Err(BoxError::PointNotFinite { row: point, values });
        }
        out.reserve(3 * 256);
        for (piece, id) in shape.point.iter().zip(notation.rule.point(values, axes)) {
            out.put(piece);
            out.at = if places > 0 {
                put_decimal(&mut out.bytes, out.at, id, places)
            } else {
                put_number(&mut out.bytes, out.at, id, notation.digits)
            };
        }
        if let Some(last) = shape.point.last() {
            out.put(last);
        }
    }
    Ok(())
}

/// Reads every shape out of texts.
///
/// # Errors
/// `NoShape`, and faults of the sizes, one a text: any text can be read.
pub fn shapes_from_texts<S: AsRef<str>>(
    texts: &[S],
    sizes: Sizes,
    notation: &Notation,
) -> Result<ShapeFindings, BoxError> {
    let shape = shape_of(notation)?;
    let axes = notation.axes_of(sizes, texts.len(), "texts")?;
    let mut out = ShapeFindings { found: Findings::new(), starts: vec![0], instances: Vec::new() };
    for (row, text) in texts.iter().enumerate() {
        let text = text.as_ref();
        let mut scan = Scan {
            text,
            index: i64::try_from(row).unwrap_or(i64::MAX),
            shape,
            notation,
            axes: one_of(&axes, row)?,
            characters: Characters::new(text),
            out: &mut out,
            numbers: Vec::new(),
            span: (0, 0),
            label: 0,
            instance: 0,
            flags: 0,
            opened_at: None,
        };
        scan.run();
    }
    Ok(out)
}

struct Scan<'a> {
    text: &'a str,
    index: i64,
    shape: &'a Shape,
    notation: &'a Notation,
    axes: [Axis; 2],
    characters: Characters<'a>,
    out: &'a mut ShapeFindings,
    numbers: Vec<f64>,
    span: (usize, usize),
    label: u32,
    instance: i64,
    flags: u8,
    /// The first shape of a wrapping that is still open.
    opened_at: Option<usize>,
}

/// What stands at a place.
enum Mark {
    Number,
    Separator,
    Open,
    Close,
}

impl Scan<'_> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut done = 0;
        let mut at = 0;
        while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memchr(self.shape.first, rest)) {
            at += offset;
            let Some((mark, end)) = self.mark(at) else {
                at += 1;
                continue;
            };
            self.text_before(done, at);
            match mark {
                Mark::Number => {
                    if self.numbers.is_empty() {
                        self.span.0 = at;
                    }
                    done = self.number(end);
                }
                Mark::Separator => {
                    self.finish();
                    done = end;
                }
                Mark::Open | Mark::Close => {
                    self.finish();
                    self.instance += 1;
                    let is_open = matches!(mark, Mark::Open);
                    self.unclosed(is_open);
                    self.opened_at = is_open.then_some(self.out.instances.len());
                    done = end;
                }
            }
            at = done;
        }
        self.text_before(done, bytes.len());
        self.finish();
        self.unclosed(true);
    }

    /// The mark at `at` and its end.
    fn mark(&self, at: usize) -> Option<(Mark, usize)> {
        let rest = &self.text.as_bytes()[at..];
        let literal = |bytes: &[u8]| (!bytes.is_empty() && rest.starts_with(bytes)).then(|| at + bytes.len());
        let number = literal(&self.shape.anchor).map(|end| skip_spaces(self.text.as_bytes(), end));
        if let Some(end) = number.filter(|&end| read_number(self.text.as_bytes(), end).is_some()) {
            return Some((Mark::Number, end));
        }
        let others = [
            (&self.shape.separator, Mark::Separator),
            (&self.shape.open, Mark::Open),
            (&self.shape.close, Mark::Close),
        ];
        others
            .into_iter()
            .find_map(|(piece, mark)| literal(piece.bytes().trim_ascii()).map(|end| (mark, end)))
    }

    /// One number, whose digits stand at `at`; returns its end.
    fn number(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let Some(number) = read_number(bytes, at) else { return at };
        let axis = self.axes[self.numbers.len() & 1];
        let value = number.value;
        if !(0.0..=axis.last).contains(&value) {
            self.flags |= status::OUT_OF_RANGE;
        }
        if number.has_point {
            self.flags |= status::NOT_WHOLE;
        }
        self.numbers.push(axis.value(value.clamp(0.0, axis.last)));
        let closing = skip_spaces(bytes, number.end);
        self.span.1 = if bytes.get(closing..).is_some_and(|rest| rest.starts_with(&self.shape.closer)) {
            closing + self.shape.closer.len()
        } else {
            self.flags |= status::UNCLOSED;
            number.end
        };
        self.span.1
    }

    /// What stands between two marks: a label, if anything.
    fn text_before(&mut self, from: usize, to: usize) {
        let raw = self.text.get(from..to).unwrap_or("");
        if raw.trim_ascii().is_empty() {
            return;
        }
        let label = self.notation.clean(raw);
        if label.is_empty() {
            return;
        }
        self.finish();
        self.unclosed(true);
        self.opened_at = None;
        self.instance += 1;
        self.label = self.out.found.label(&label);
    }

    /// Shapes of a wrapping that was not closed.
    fn unclosed(&mut self, is_missing: bool) {
        if let Some(first) = self.opened_at.filter(|_| is_missing) {
            for flag in &mut self.out.found.status[first..] {
                *flag |= status::UNCLOSED;
            }
        }
    }

    /// Ends a shape.
    fn finish(&mut self) {
        if self.numbers.is_empty() {
            return;
        }
        let mut flags = self.flags;
        if self.numbers.len() % 2 == 1 {
            flags |= status::INCOMPLETE;
            self.numbers.pop();
        }
        if self.label == 0 {
            flags |= status::NO_LABEL;
        }
        let found = &mut self.out.found;
        found.boxes.append(&mut self.numbers);
        found.status.push(flags);
        found.text_index.push(self.index);
        found.label_of.push(self.label);
        found.spans.push(self.characters.before(self.span.0));
        found.spans.push(self.characters.before(self.span.1));
        self.out.starts.push(i64::try_from(found.boxes.len() / 2).unwrap_or(i64::MAX));
        self.out.instances.push(self.instance);
        self.flags = 0;
    }
}
