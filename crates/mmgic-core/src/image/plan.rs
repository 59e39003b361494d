//! At which scales a picture is decoded, and which crops each decoding serves: planned from the header alone.
//!
//! A JPEG can be decoded at a half, a quarter or an eighth of its size for less. The rule is that of Pillow's
//! `draft`: the smallest of the four that leaves each side of a crop at least `gap` times the side of the result.
//! All crops of a picture share one decoding at the scale of the neediest; or, where that is cheaper, the needier
//! ones share one and the others a second.

use super::error::ImageError;
use super::header::Header;
use super::resize::{CropBox, Filter, Outline, Region};
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
    /// Width and height of the upright picture, reduced.
    pub whole: (usize, usize),
    /// What the crops need, in its pixels.
    pub region: Region,
    /// The most that resizing one of them takes.
    pub resize_bytes: u64,
    /// Number of each crop and where it lies, in the pixels of the reduced picture.
    pub crops: Vec<(usize, CropBox)>,
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

/// Crops to be served by one decoding.
struct Group {
    den: usize,
    numbers: Vec<usize>,
}

impl Group {
    /// Roughly what it costs; the rows under the lowest crop are not even read, unless all scans are.
    #[allow(clippy::cast_precision_loss)]
    fn cost(&self, header: &Header, crops: &[[f64; 4]]) -> f64 {
        let full = (f64::from(header.stored_width), f64::from(header.stored_height));
        let (mut around, mut resized) = ([f64::MAX, f64::MAX, 0.0, 0.0], 0.0);
        for &number in &self.numbers {
            let [x0, y0, x1, y1] = turn::stored_box(crops[number], header.orientation, full);
            around = [around[0].min(x0), around[1].min(y0), f64::max(around[2], x1), f64::max(around[3], y1)];
            resized += (x1 - x0) * (y1 - y0);
        }
        let [x0, y0, x1, y1] = around;
        let rows = if header.several_scans { full.1 } else { y1 };
        let pixels = cost::PIXEL * (x1 - x0) * (y1 - y0) + cost::RESIZE * resized;
        cost::ENTROPY * rows * full.0 + pixels / (self.den * self.den) as f64
    }

    /// Plans its crops; those that cannot be made go to `bad`.
    fn pass(
        self,
        header: &Header,
        crops: &[[f64; 4]],
        (side, filter): (usize, Filter),
        bad: &mut Vec<(usize, ImageError)>,
    ) -> Option<Pass> {
        let whole = sizes(header, self.den).0;
        let mut pass: Option<Pass> = None;
        for number in self.numbers {
            let crop = CropBox(crops[number]);
            let crop = if self.den == 1 { crop } else { reduced(crop, header, self.den) };
            match Outline::new(whole, crop, side, filter) {
                Ok(Outline { needs, bytes }) => {
                    let pass = pass.get_or_insert_with(|| Pass {
                        den: self.den,
                        whole,
                        region: needs,
                        resize_bytes: 0,
                        crops: Vec::new(),
                    });
                    pass.region = pass.region.around(&needs);
                    pass.resize_bytes = pass.resize_bytes.max(bytes as u64);
                    pass.crops.push((number, crop));
                }
                Err(error) => bad.push((number, error)),
            }
        }
        pass
    }
}

/// What all crops of one picture need.
pub(super) struct Plan {
    /// At most two.
    pub passes: Vec<Pass>,
    /// Crops that cannot be made.
    pub bad: Vec<(usize, ImageError)>,
}

/// One group at the scale of the neediest crop; or, where that costs less, one of the needy and one of the others.
fn grouped(header: &Header, crops: &[[f64; 4]], wanted: &[(usize, usize)]) -> Vec<Group> {
    let Some(smallest) = wanted.iter().map(|(_, den)| *den).min() else { return Vec::new() };
    let group = |den: usize, serves: &dyn Fn(usize) -> bool| {
        let numbers = wanted.iter().filter(|(_, own)| serves(*own)).map(|(number, _)| *number).collect();
        Group { den, numbers }
    };
    let total = |groups: &[Group]| groups.iter().map(|group| group.cost(header, crops)).sum::<f64>();
    let mut best = vec![group(smallest, &|_| true)];
    for den in [2, 4, 8] {
        if den > smallest && wanted.iter().any(|(_, own)| *own >= den) {
            let apart = vec![group(smallest, &|own| own < den), group(den, &|own| own >= den)];
            if total(&apart) < total(&best) {
                best = apart;
            }
        }
    }
    best
}

/// Plans the decoding of one picture for its crops (in upright pixels of its full size).
pub(super) fn plan(header: &Header, crops: &[[f64; 4]], side: usize, mode: Mode, filter: Filter) -> Plan {
    #[allow(clippy::cast_precision_loss)]
    let least = mode.gap().filter(|_| header.scalable).map(|gap| gap * side as f64);
    let (mut wanted, mut bad) = (Vec::with_capacity(crops.len()), Vec::new());
    for (number, &crop) in crops.iter().enumerate() {
        match CropBox(crop).check(sizes(header, 1).0) {
            Ok(()) => wanted.push((number, least.map_or(1, |least| reduction(CropBox(crop), least)))),
            Err(error) => bad.push((number, error)),
        }
    }
    let groups = grouped(header, crops, &wanted);
    let passes =
        groups.into_iter().filter_map(|group| group.pass(header, crops, (side, filter), &mut bad)).collect();
    Plan { passes, bad }
}
