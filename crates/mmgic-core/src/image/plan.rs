//! At which scales a picture is decoded, and which crops each decoding serves: planned from the header alone.
//!
//! A JPEG can be decoded at a half, a quarter or an eighth of its size for less. The rule is that of Pillow's
//! `draft`: the smallest of the four that leaves each side of a crop at least `gap` times the side of the result.
//! All crops of a picture share one decoding at the scale of the neediest; or, where that is cheaper, the needier
//! ones share one and the others a second.

use super::error::ImageError;
use super::header::Header;
use super::resize::{CropBox, Filter, Region, Resize};
use super::turn;

/// How far a picture may be reduced while it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: the result is that of decoding, cropping and resizing in Pillow.
    Exact,
    /// To no less than twice the side of the result.
    Gap2,
    /// To no less than the side of the result.
    Gap1,
}

impl Mode {
    /// Every mode with the name that Python uses.
    pub const NAMES: [(Self, &'static str); 3] =
        [(Self::Exact, "exact"), (Self::Gap2, "gap2"), (Self::Gap1, "gap1")];

    fn gap(self) -> Option<f64> {
        match self {
            Self::Exact => None,
            Self::Gap2 => Some(2.0),
            Self::Gap1 => Some(1.0),
        }
    }
}

/// One decoding of a picture and the crops that are cut from it.
pub(super) struct Pass {
    /// The picture is decoded at one over this.
    pub den: usize,
    /// What the crops need, in upright pixels of the reduced picture.
    pub region: Region,
    /// Number of the crop and how it becomes a square.
    pub crops: Vec<(usize, Resize)>,
}

/// Rough costs in nanoseconds, from profiles on one core: only their ratios matter.
mod cost {
    /// Entropy-decoding of a stored pixel, skipped or not.
    pub const ENTROPY: f64 = 3.5;
    /// All that follows it for a decoded pixel.
    pub const PIXEL: f64 = 1.6;
    /// Resizing, for a pixel that a crop covers.
    pub const RESIZE: f64 = 0.6;
}

fn area(region: &Region) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let [width, height] = [region.x1 - region.x0, region.y1 - region.y0].map(|side| side as f64);
    width * height
}

impl Pass {
    fn new(den: usize, crops: Vec<(usize, Resize)>) -> Option<Self> {
        let region = crops.iter().map(|(_, resize)| resize.needs()).reduce(|a, b| Region {
            x0: a.x0.min(b.x0),
            y0: a.y0.min(b.y0),
            x1: a.x1.max(b.x1),
            y1: a.y1.max(b.y1),
        })?;
        Some(Self { den, region, crops })
    }

    #[allow(clippy::cast_precision_loss)]
    fn cost(&self, header: &Header) -> f64 {
        let size = sizes(header, self.den).1;
        let [_, _, _, bottom] = turn::stored_box(self.region.into(), header.orientation, size);
        let rows = if header.several_scans { size.1 } else { bottom };
        let stored = rows as f64 * f64::from(header.stored_width) * self.den as f64;
        let resized: f64 = self.crops.iter().map(|(_, resize)| area(&resize.needs())).sum();
        cost::ENTROPY * stored + cost::PIXEL * area(&self.region) + cost::RESIZE * resized
    }
}

/// Width and height of the reduced picture: upright, stored.
fn sizes(header: &Header, den: usize) -> ((usize, usize), (usize, usize)) {
    let (width, height) = (header.stored_width as usize, header.stored_height as usize);
    let stored = (width.div_ceil(den), height.div_ceil(den));
    (if header.orientation >= 5 { (stored.1, stored.0) } else { stored }, stored)
}

/// The largest reduction that leaves a crop `gap` times the side.
#[allow(clippy::cast_precision_loss)]
fn reduction(CropBox([x0, y0, x1, y1]): CropBox, least: f64) -> usize {
    let side = (x1 - x0).min(y1 - y0);
    [8, 4, 2].into_iter().find(|&den| side >= least * den as f64).unwrap_or(1)
}

/// A crop in pixels of the reduced picture. Pixels are merged from the stored corner on, so a picture whose side
/// is no multiple of `den` has its narrower last pixel there, wherever the turn takes it.
#[allow(clippy::cast_precision_loss)]
fn reduced(CropBox(crop): CropBox, header: &Header, den: usize) -> CropBox {
    let full = (f64::from(header.stored_width), f64::from(header.stored_height));
    let stored = turn::stored_box(crop, header.orientation, full).map(|edge| edge / den as f64);
    let (width, height) = sizes(header, den).1;
    CropBox(turn::upright_box(stored, header.orientation, (width as f64, height as f64)))
}

/// What all crops of one picture need.
pub(super) struct Plan {
    /// At most two.
    pub passes: Vec<Pass>,
    /// Crops that cannot be made.
    pub bad: Vec<(usize, ImageError)>,
}

/// Plans the decoding of one picture for its crops (in upright pixels of its full size).
pub(super) fn plan(header: &Header, crops: &[[f64; 4]], side: usize, mode: Mode, filter: Filter) -> Plan {
    let mut plan = Plan { passes: Vec::new(), bad: Vec::new() };
    let mut whole = Vec::with_capacity(crops.len());
    for (number, &crop) in crops.iter().enumerate() {
        match Resize::new(sizes(header, 1).0, CropBox(crop), side, filter) {
            Ok(resize) => whole.push((number, resize)),
            Err(error) => plan.bad.push((number, error)),
        }
    }
    #[allow(clippy::cast_precision_loss)]
    let least = mode.gap().filter(|_| header.scalable).map(|gap| gap * side as f64);
    let wanted: Vec<(usize, usize)> = whole
        .iter()
        .map(|(number, _)| (*number, least.map_or(1, |least| reduction(CropBox(crops[*number]), least))))
        .collect();
    let Some(smallest) = wanted.iter().map(|(_, den)| *den).min() else { return plan };
    let pass = |den: usize, numbers: &mut dyn Iterator<Item = usize>| {
        let resize = |number: usize| {
            Resize::new(sizes(header, den).0, reduced(CropBox(crops[number]), header, den), side, filter)
        };
        Pass::new(den, numbers.filter_map(|number| Some((number, resize(number).ok()?))).collect())
    };
    let together = if smallest == 1 {
        Pass::new(1, whole)
    } else {
        pass(smallest, &mut wanted.iter().map(|(number, _)| *number))
    };
    plan.passes.extend(together);
    let mut best: f64 = plan.passes.iter().map(|pass| pass.cost(header)).sum();
    for den in [2, 4, 8] {
        if den <= smallest || !wanted.iter().any(|(_, own)| *own >= den) {
            continue;
        }
        let fine = pass(smallest, &mut wanted.iter().filter(|(_, own)| *own < den).map(|(n, _)| *n));
        let coarse = pass(den, &mut wanted.iter().filter(|(_, own)| *own >= den).map(|(n, _)| *n));
        let apart: Vec<Pass> = fine.into_iter().chain(coarse).collect();
        let cost = apart.iter().map(|pass| pass.cost(header)).sum();
        if cost < best {
            (plan.passes, best) = (apart, cost);
        }
    }
    plan
}
