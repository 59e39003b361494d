//! Pillow's antialiased resize of a crop to a square, in two passes, bit for bit.
//!
//! 1. [`Resize::new`] makes the weights of both axes from sizes alone, so that only [`Resize::needs`] of the
//!    picture must be decoded.
//! 2. Each pass sums in 32-bit integers and rounds to 8 bits. Samples are multiplied two and two by weights of
//!    twice 16 bits, exactly: by AVX2 where it is there, by plain arrays elsewhere (vectors of NEON on aarch64).
//! 3. The horizontal pass goes first, as ever in Pillow; but since version 13 the vertical one does where the
//!    whole picture shrinks more than twice as much in height as in width (found by experiment: both orders
//!    were compared with Pillow's result for some thousand sizes and crops, by all three filters).
//!
//! Cost: about `2 * support * max(1, scale)` multiplications a value and pass, 16 of them a cycle at best.

mod across;
mod axis;
mod out;
mod passes;
#[cfg(test)]
mod tests;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::error::ImageError;
use axis::Axis;
pub use axis::Filter;
pub use out::{Out, Tables};
pub use passes::Buffers;
use passes::Path;

/// The largest side that a crop may be resized to.
pub const MAX_SIDE: usize = 8192;

/// How far a crop may stick out of its picture, in pixels; it is then cut at the border.
const TOLERANCE: f64 = 1e-6;

/// Part of a picture, in upright pixels: x0, y0, x1, y1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CropBox(pub [f64; 4]);

impl CropBox {
    /// Refuses a box that a picture of this width and height does not hold.
    pub(super) fn check(self, whole: (usize, usize)) -> Result<(), ImageError> {
        self.inside(whole).map(|_| ())
    }

    /// The box inside the picture, for a square of a side that can be made.
    fn edges(self, whole: (usize, usize), side: usize) -> Result<[f32; 4], ImageError> {
        if (1..=MAX_SIDE).contains(&side) { self.inside(whole) } else { Err(ImageError::BadCrop) }
    }

    /// The box cut to the picture, in the precision that Pillow keeps.
    fn inside(self, (width, height): (usize, usize)) -> Result<[f32; 4], ImageError> {
        let Self([x0, y0, x1, y1]) = self;
        #[allow(clippy::cast_precision_loss)]
        let (right, bottom) = (width as f64, height as f64);
        let ok = x0 >= -TOLERANCE && y0 >= -TOLERANCE && x1 <= right + TOLERANCE && y1 <= bottom + TOLERANCE;
        #[allow(clippy::cast_possible_truncation)]
        let cut = [x0.max(0.0), y0.max(0.0), x1.min(right), y1.min(bottom)].map(|v| v as f32);
        // Written so that a NaN is refused too.
        if ok && cut[0] < cut[2] && cut[1] < cut[3] { Ok(cut) } else { Err(ImageError::BadCrop) }
    }
}

/// A rectangle of whole pixels, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
}

impl Region {
    /// All of a picture of this width and height.
    #[must_use]
    pub const fn whole((width, height): (usize, usize)) -> Self {
        Self { x0: 0, y0: 0, x1: width, y1: height }
    }

    /// Whether all of `other` lies inside.
    #[must_use]
    pub const fn covers(&self, other: &Self) -> bool {
        self.x0 <= other.x0 && self.y0 <= other.y0 && other.x1 <= self.x1 && other.y1 <= self.y1
    }

    /// The smallest that holds both.
    pub(super) fn around(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// RGB bytes of this many pixels.
    const fn bytes(&self) -> usize {
        self.x1.saturating_sub(self.x0).saturating_mul(self.y1.saturating_sub(self.y0)).saturating_mul(3)
    }
}

impl From<[usize; 4]> for Region {
    fn from([x0, y0, x1, y1]: [usize; 4]) -> Self {
        Self { x0, y0, x1, y1 }
    }
}

impl From<Region> for [usize; 4] {
    fn from(Region { x0, y0, x1, y1 }: Region) -> Self {
        [x0, y0, x1, y1]
    }
}

/// A decoded part of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The region's pixels, row after row, three bytes a pixel.
    pub rgb: &'a [u8],
    pub region: Region,
    /// Width and height of the whole picture.
    pub whole: (usize, usize),
}

/// How one crop becomes a square, known before a pixel is decoded.
#[derive(Clone, Debug)]
pub struct Resize {
    whole: (usize, usize),
    columns: Axis,
    rows: Axis,
}

/// What a resize needs, known without making its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// No less than [`Resize::needs`].
    pub needs: Region,
    /// No fewer bytes than making, keeping and running it takes.
    pub bytes: usize,
}

impl Outline {
    /// Of the resize that [`Resize::new`] makes of the same.
    ///
    /// # Errors
    /// As there.
    pub fn new(
        whole: (usize, usize),
        crop: CropBox,
        side: usize,
        filter: Filter,
    ) -> Result<Self, ImageError> {
        let [left, top, right, bottom] = crop.edges(whole, side)?;
        let (columns, wide) = Axis::reach(whole.0, (left, right), side, filter);
        let (rows, high) = Axis::reach(whole.1, (top, bottom), side, filter);
        let needs = Region { x0: columns.start, y0: rows.start, x1: columns.end, y1: rows.end };
        Ok(Self { needs, bytes: passes::most_bytes(&needs, (wide, high), side, rows_first(whole, side)) })
    }
}

/// Whether the vertical pass goes first.
const fn rows_first((width, height): (usize, usize), side: usize) -> bool {
    height.saturating_sub(side) > 2 * width.saturating_sub(side)
}

impl Resize {
    /// The resize of `crop`, in pixels of a picture of width and height `whole`, to `side` x `side` pixels.
    ///
    /// # Errors
    /// `BadCrop` when the crop sticks out of the picture, is empty or not a number, or `side` is not between
    /// 1 and [`MAX_SIDE`].
    pub fn new(
        whole: (usize, usize),
        crop: CropBox,
        side: usize,
        filter: Filter,
    ) -> Result<Self, ImageError> {
        let [left, top, right, bottom] = crop.edges(whole, side)?;
        let columns = Axis::new(whole.0, left, right, side, filter);
        let rows = Axis::new(whole.1, top, bottom, side, filter);
        Ok(Self { whole, columns, rows })
    }

    /// The source pixels that any output pixel needs.
    #[must_use]
    pub const fn needs(&self) -> Region {
        let (x, y) = (self.columns.needs(), self.rows.needs());
        Region { x0: x.start, y0: y.start, x1: x.end, y1: y.end }
    }

    /// Bytes that this and the buffers of its run take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        passes::bytes(self) + self.columns.bytes() + self.rows.bytes()
    }

    const fn side(&self) -> usize {
        self.columns.len()
    }

    const fn rows_first(&self) -> bool {
        rows_first(self.whole, self.side())
    }

    /// Resizes the crop out of `part`, which must cover [`Self::needs`], to `out` of `3 * side * side` values.
    ///
    /// # Errors
    /// `BadCrop` when the part is of another picture, does not cover the need or lacks pixels, or `out` has
    /// another length.
    pub fn run(&self, part: &Part<'_>, buffers: &mut Buffers, out: Out<'_>) -> Result<(), ImageError> {
        let fits = part.whole == self.whole && part.region.covers(&self.needs());
        if !fits || part.rgb.len() != part.region.bytes() || out.len() != 3 * self.side() * self.side() {
            return Err(ImageError::BadCrop);
        }
        passes::run(self, part, buffers, out, Path::Best);
        Ok(())
    }
}
