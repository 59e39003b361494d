//! What reading a batch of texts finds.

use super::notation::Notation;
use super::rule::{Axis, Rule};

/// What is the matter with a box that was read; 0: nothing.
pub mod status {
    /// Corners were put in order.
    pub const SWAPPED: u8 = 1;
    /// A number outside the notation's range was held to the border.
    pub const OUT_OF_RANGE: u8 = 2;
    /// Something that closes the box, its label or its object was missing.
    pub const UNCLOSED: u8 = 4;
    /// The box has no area.
    pub const EMPTY: u8 = 8;
    /// No label belongs to the box.
    pub const NO_LABEL: u8 = 16;
    /// Numbers are missing: the box is NaN.
    pub const INCOMPLETE: u8 = 32;
    /// A number has a point where whole numbers are written.
    pub const NOT_WHOLE: u8 = 64;

    /// Every status with the name that Python knows it by.
    pub const ALL: [(&str, u8); 7] = [
        ("SWAPPED", SWAPPED),
        ("OUT_OF_RANGE", OUT_OF_RANGE),
        ("UNCLOSED", UNCLOSED),
        ("EMPTY", EMPTY),
        ("NO_LABEL", NO_LABEL),
        ("INCOMPLETE", INCOMPLETE),
        ("NOT_WHOLE", NOT_WHOLE),
    ];
}

/// Boxes found in texts, in reading order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Corners x0, y0, x1, y1, flat, as fractions.
    pub boxes: Vec<f64>,
    pub status: Vec<u8>,
    pub text_index: Vec<i64>,
    /// Start and end of each box in its text, flat, in characters.
    pub spans: Vec<i64>,
    /// Number of each box's label.
    pub label_of: Vec<u32>,
    /// Labels, one after another; the first is empty.
    pub label_text: String,
    pub label_ends: Vec<usize>,
}

impl Findings {
    pub(super) fn new() -> Self {
        Self { label_ends: vec![0], ..Self::default() }
    }

    /// Room for so many boxes.
    pub(super) fn with_room(boxes: usize) -> Self {
        let mut label_ends = Vec::with_capacity(boxes + 1);
        label_ends.push(0);
        Self {
            boxes: Vec::with_capacity(4 * boxes),
            status: Vec::with_capacity(boxes),
            text_index: Vec::with_capacity(boxes),
            spans: Vec::with_capacity(2 * boxes),
            label_of: Vec::with_capacity(boxes),
            label_text: String::with_capacity(16 * boxes),
            label_ends,
        }
    }

    /// Adds a label and returns its number.
    pub(super) fn label(&mut self, text: &str) -> u32 {
        self.label_text.push_str(text);
        self.label_ends.push(self.label_text.len());
        u32::try_from(self.label_ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// The text of a label.
    #[must_use]
    pub fn label_at(&self, number: u32) -> &str {
        let at = number as usize;
        let start = if at == 0 { 0 } else { self.label_ends.get(at - 1).copied().unwrap_or(0) };
        self.label_ends.get(at).and_then(|&end| self.label_text.get(start..end)).unwrap_or("")
    }

    pub(super) fn push(&mut self, index: i64, values: [f64; 4], flags: u8, label: u32, span: [i64; 2]) {
        self.boxes.extend_from_slice(&values);
        self.status.push(flags);
        self.text_index.push(index);
        self.spans.extend_from_slice(&span);
        self.label_of.push(label);
    }
}

/// Characters up to a byte, counted onward from the last one asked for.
pub(super) struct Characters<'a> {
    text: &'a [u8],
    is_ascii: bool,
    byte: usize,
    count: usize,
}

impl<'a> Characters<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), is_ascii: text.is_ascii(), byte: 0, count: 0 }
    }

    /// Characters before byte `at`; `at` never goes back.
    #[inline(always)]
    pub(super) fn before(&mut self, at: usize) -> i64 {
        if !self.is_ascii {
            let passed = self.text.get(self.byte..at).unwrap_or_default();
            self.count += passed.iter().filter(|&&b| b & 0xC0 != 0x80).count();
            self.byte = self.byte.max(at);
            return i64::try_from(self.count).unwrap_or(i64::MAX);
        }
        i64::try_from(at).unwrap_or(i64::MAX)
    }
}

/// Numbers of one box, as read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Numbers {
    pub values: [f64; 4],
    pub count: usize,
    pub has_point: bool,
}

/// One value held to 0..=last.
fn hold(value: f64, last: f64, flags: &mut u8) -> f64 {
    if value >= 0.0 && value <= last {
        return value;
    }
    *flags |= status::OUT_OF_RANGE;
    value.clamp(0.0, last)
}

/// Two values in order.
fn order(a: &mut f64, b: &mut f64, flags: &mut u8) {
    if *b < *a {
        std::mem::swap(a, b);
        *flags |= status::SWAPPED;
    }
}

/// Corners and flags of the numbers of one box; `axes` are those of the notation's text.
#[inline(always)]
pub(super) fn corners(numbers: &Numbers, notation: &Notation, axes: [Axis; 2]) -> ([f64; 4], u8) {
    let mut flags = 0;
    if numbers.count < notation.numbers() {
        return ([f64::NAN; 4], status::INCOMPLETE);
    }
    let places = notation.rule.places();
    if numbers.has_point && places == 0 {
        flags |= status::NOT_WHOLE;
    }
    if let Rule::Cells { side } = notation.rule {
        return cells(numbers, side, flags);
    }
    let mut values = [0.0; 4];
    for (&which, &value) in notation.order.iter().zip(&numbers.values) {
        values[which & 3] = value;
    }
    // Fractions although whole numbers were asked for, as models that know both ways write them.
    let are_fractions = numbers.has_point && values.iter().all(|v| *v <= 1.0);
    let axes =
        if places > 0 || are_fractions { [Axis { scale: 1.0, last: 1.0, offset: 0.0 }; 2] } else { axes };
    for (at, value) in values.iter_mut().enumerate() {
        let Axis { last, .. } = axes[at & 1];
        *value = axes[at & 1].value(hold(*value, last, &mut flags));
    }
    let [mut x0, mut y0, mut x1, mut y1] = values;
    order(&mut x0, &mut x1, &mut flags);
    order(&mut y0, &mut y1, &mut flags);
    if x0 >= x1 || y0 >= y1 {
        flags |= status::EMPTY;
    }
    ([x0, y0, x1, y1], flags)
}

fn cells(numbers: &Numbers, side: u32, mut flags: u8) -> ([f64; 4], u8) {
    let width = f64::from(side);
    let cell = |value: f64, flags: &mut u8| {
        let value = hold(value, width * width - 1.0, flags).floor();
        let row = (value / width).floor();
        [value - row * width, row]
    };
    let mut first = cell(numbers.values[0], &mut flags);
    let mut last = cell(numbers.values[1], &mut flags);
    for axis in 0..2 {
        order(&mut first[axis], &mut last[axis], &mut flags);
    }
    (Rule::box_of_cells(side, [first, last]), flags)
}
