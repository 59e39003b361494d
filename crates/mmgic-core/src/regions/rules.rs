//! The rules, picture by picture.

use super::cause::{Cause, Kind};
use super::square::{main_square, region_square};
use super::turn::upright;
use crate::overlap::{DEGENERATE, OUTSIDE, UNSOUND, fault};
use std::ops::Range;
use thiserror::Error;

/// Which boxes become regions.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Of a box's area, inside the main crop; below it the box is dropped.
    pub min_inside_fraction: f64,
    /// Side of a region's square crop, in long sides of its box.
    pub crop_scale: f64,
    /// Of the longer side of a box.
    pub min_side_px: f64,
    /// Of the main crop.
    pub min_area_fraction: f64,
    pub max_area_fraction: f64,
    /// Boxes of one label that overlap more are one region.
    pub duplicate_iou: f64,
    pub max_per_record: usize,
    pub max_per_label: usize,
}

/// The boxes of some pictures.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Corners as the annotation has them.
    pub boxes: &'a [[f64; 4]],
    pub kinds: &'a [u8],
    /// A number for each label.
    pub labels: &'a [u32],
    /// Where each picture's boxes begin, and the end.
    pub starts: &'a [u64],
    /// Width and height of the stored pixels.
    pub sizes: &'a [[f64; 2]],
    /// Stored pixels over the annotation's unit.
    pub scales: &'a [[f64; 2]],
    /// EXIF, 1 to 8.
    pub orientations: &'a [u8],
}

/// What became of each box and picture.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// The main crop of each picture.
    pub crops: Vec<[f64; 4]>,
    /// Each box in upright pixels; as it came, without what is no number, where it is not sound.
    pub upright: Vec<[f64; 4]>,
    /// Each box's part in the main crop.
    pub inside: Vec<[f64; 4]>,
    /// The square crop of each region; zeros of other boxes.
    pub squares: Vec<[f64; 4]>,
    pub causes: Vec<u8>,
    /// Place of each region among those of its picture, from 0; -1 of other boxes.
    pub ranks: Vec<i32>,
}

/// A batch that does not fit together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RegionError {
    #[error("{what}: {found} values for {wanted}")]
    Shape { what: &'static str, found: usize, wanted: usize },
    #[error("the starts are not 0 to {0}, ascending")]
    Starts(usize),
    #[error("box {row} is of kind {kind}")]
    Kind { row: usize, kind: u8 },
    #[error("picture {row}: orientation {orientation}, size {size}")]
    Picture { row: usize, orientation: u8, size: String },
}

impl Batch<'_> {
    fn kind(&self, row: usize) -> Kind {
        Kind::of(self.kinds[row]).unwrap_or(Kind::Lost)
    }

    fn check(&self) -> Result<(), RegionError> {
        let (boxes, pictures) = (self.boxes.len(), self.sizes.len());
        for (what, found, wanted) in [
            ("kinds", self.kinds.len(), boxes),
            ("labels", self.labels.len(), boxes),
            ("starts", self.starts.len(), pictures + 1),
            ("scales", self.scales.len(), pictures),
            ("orientations", self.orientations.len(), pictures),
        ] {
            if found != wanted {
                return Err(RegionError::Shape { what, found, wanted });
            }
        }
        let is_whole =
            self.starts.first() == Some(&0) && self.starts.last().is_some_and(|&end| end == boxes as u64);
        if !is_whole || !self.starts.is_sorted() {
            return Err(RegionError::Starts(boxes));
        }
        if let Some(row) = self.kinds.iter().position(|&kind| Kind::of(kind).is_none()) {
            return Err(RegionError::Kind { row, kind: self.kinds[row] });
        }
        for (row, (&size, &orientation)) in self.sizes.iter().zip(self.orientations).enumerate() {
            let is_side = |side: f64| (1.0..=1e9).contains(&side) && side.fract() == 0.0;
            let is_scale = self.scales[row].iter().all(|scale| scale.is_finite() && *scale > 0.0);
            if !(1..=8).contains(&orientation) || !size.iter().all(|&side| is_side(side)) || !is_scale {
                return Err(RegionError::Picture { row, orientation, size: format!("{size:?}") });
            }
        }
        Ok(())
    }
}

/// Places the boxes of each picture.
///
/// # Errors
/// `RegionError` where the arrays do not fit together, or a picture has no whole size of at least 1.
pub fn place(batch: &Batch<'_>, rules: &Rules) -> Result<Placed, RegionError> {
    batch.check()?;
    let mut placed = Placed::default();
    let mut start = 0;
    for picture in 0..batch.sizes.len() {
        // Checked: within the boxes, which fit into memory.
        let end = usize::try_from(batch.starts[picture + 1]).unwrap_or(usize::MAX).min(batch.boxes.len());
        place_one(batch, picture, start..end, rules, &mut placed);
        start = end;
    }
    Ok(placed)
}

fn place_one(batch: &Batch<'_>, picture: usize, rows: Range<usize>, rules: &Rules, placed: &mut Placed) {
    let ([width, height], [across, down]) = (batch.sizes[picture], batch.scales[picture]);
    let orientation = batch.orientations[picture];
    let size = if orientation >= 5 { [height, width] } else { [width, height] };
    let first = placed.causes.len();
    let mut drawing = Vec::new();
    for row in rows.clone() {
        let native @ [x0, y0, x1, y1] = batch.boxes[row];
        let stored = [x0 * across, y0 * down, x1 * across, y1 * down];
        let faults = fault(stored, Some([width, height]));
        let kind = batch.kind(row);
        let cause = first_cause(faults, kind);
        let is_sound = faults & UNSOUND == 0;
        let whole = if is_sound {
            upright(stored, orientation, [width, height])
        } else {
            native.map(|value| if value.is_finite() { value } else { 0.0 })
        };
        if matches!(kind, Kind::Object | Kind::Depiction) && matches!(cause, Cause::None | Cause::Depiction) {
            drawing.push(whole);
        }
        placed.upright.push(whole);
        placed.causes.push(cause as u8);
    }
    let crop = main_square(size, &drawing);
    placed.crops.push(crop);
    for row in rows.clone() {
        let at = first + (row - rows.start);
        let whole = placed.upright[at];
        let has_place = placed.causes[at] != Cause::Degenerate as u8 && batch.kind(row) != Kind::Lost;
        let inside = if has_place { clipped(whole, crop) } else { [0.0; 4] };
        if has_place && placed.causes[at] != Cause::OutsidePicture as u8 {
            placed.causes[at] = crop_cause(whole, inside, crop, (batch.kind(row), placed.causes[at]), rules);
        }
        placed.inside.push(inside);
    }
    choose(batch, rows, first, crop, rules, placed);
}

const fn first_cause(faults: u8, kind: Kind) -> Cause {
    if matches!(kind, Kind::Lost) {
        return Cause::None;
    }
    if faults & (UNSOUND | DEGENERATE) != 0 {
        return Cause::Degenerate;
    }
    if faults & OUTSIDE != 0 {
        return Cause::OutsidePicture;
    }
    match kind {
        Kind::Crowd => Cause::Crowd,
        Kind::Group => Cause::Group,
        Kind::Depiction => Cause::Depiction,
        Kind::Object | Kind::Part | Kind::Lost => Cause::None,
    }
}

fn clipped([x0, y0, x1, y1]: [f64; 4], [left, top, right, bottom]: [f64; 4]) -> [f64; 4] {
    [x0.clamp(left, right), y0.clamp(top, bottom), x1.clamp(left, right), y1.clamp(top, bottom)]
}

fn area([x0, y0, x1, y1]: [f64; 4]) -> f64 {
    (x1 - x0) * (y1 - y0)
}

/// The cause of a box of some kind and cause once the crop is known; a part needs no more than a place in it.
fn crop_cause(
    whole: [f64; 4],
    inside: [f64; 4],
    crop: [f64; 4],
    (kind, cause): (Kind, u8),
    rules: &Rules,
) -> u8 {
    let kept = area(inside);
    if kept <= 0.0 || kept < rules.min_inside_fraction * area(whole) {
        return Cause::OutsideMainCrop as u8;
    }
    if cause != Cause::None as u8 || kind == Kind::Part {
        return cause;
    }
    let found = if (inside[2] - inside[0]).max(inside[3] - inside[1]) < rules.min_side_px {
        Cause::TooSmallPx
    } else if kept < rules.min_area_fraction * area(crop) {
        Cause::TooSmallArea
    } else if kept > rules.max_area_fraction * area(crop) {
        Cause::TooLarge
    } else {
        Cause::None
    };
    found as u8
}

fn iou(a: [f64; 4], b: [f64; 4]) -> f64 {
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let shared = width * height;
    let union = area(a) + area(b) - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

/// Regions of a picture, largest first.
fn choose(
    batch: &Batch<'_>,
    rows: Range<usize>,
    first: usize,
    crop: [f64; 4],
    rules: &Rules,
    placed: &mut Placed,
) {
    let count = rows.len();
    placed.squares.resize(first + count, [0.0; 4]);
    placed.ranks.resize(first + count, -1);
    let mut order: Vec<usize> = (0..count)
        .filter(|&at| placed.causes[first + at] == 0 && batch.kind(rows.start + at) == Kind::Object)
        .collect();
    order.sort_by(|&a, &b| area(placed.inside[first + b]).total_cmp(&area(placed.inside[first + a])));
    let mut chosen: Vec<usize> = Vec::new();
    for at in order {
        let (label, inside) = (batch.labels[rows.start + at], placed.inside[first + at]);
        let same = chosen.iter().filter(|&&other| batch.labels[rows.start + other] == label);
        let is_twin = |&&other: &&usize| iou(inside, placed.inside[first + other]) > rules.duplicate_iou;
        let cause = if same.clone().any(|other| is_twin(&other)) {
            Cause::Duplicate
        } else if same.count() >= rules.max_per_label {
            Cause::OverLabelLimit
        } else if chosen.len() >= rules.max_per_record {
            Cause::OverRegionLimit
        } else {
            Cause::None
        };
        placed.causes[first + at] = cause as u8;
        if cause == Cause::None {
            placed.ranks[first + at] = i32::try_from(chosen.len()).unwrap_or(i32::MAX);
            placed.squares[first + at] = region_square(inside, crop, rules.crop_scale).unwrap_or(crop);
            chosen.push(at);
        }
    }
}
