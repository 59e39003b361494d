//! How a file is to be read and cropped, out of a few bytes: for mutants from dice, for the fuzz targets from the
//! input, so that a fuzzer can change one choice at a time. Cost: nothing to speak of.

use mmgic_core::image::{Alpha, CropBox, Filter, Limits, Mode, Reading};

/// Low, so that damaged headers meet every limit and mutants stay cheap.
pub const LIMITS: Limits =
    Limits { max_pixels: 12_000, max_side: 3_000, max_bytes: 8 << 10, max_scans: 20, max_memory: 8 << 30 };

/// Budgets: less than any picture needs, enough for some, for one thread at a time, for all.
const MEMORY: [u64; 4] = [50_000, 1 << 20, 80 << 20, LIMITS.max_memory];

/// What the values of the squares are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    Bytes,
    F32,
    Bf16,
}

/// One way to ask for crops.
#[derive(Clone, Debug)]
pub struct Case {
    pub reading: Reading,
    pub values: Values,
    /// 0: on the thread of the caller.
    pub threads: usize,
    /// Whether the whole picture is one of the crops: then all of it is decoded for the others too.
    pub with_whole: bool,
    pub side: usize,
    pub mode: Mode,
    pub filter: Filter,
    /// Two opposite corners of each other crop, on a scale of 245.
    pub corners: [[u8; 4]; 3],
}

/// An edge of a crop on a side of `length` pixels: inside; for the ten highest bytes outside or no number.
fn edge(byte: u8, length: f64) -> f64 {
    match byte {
        255 => f64::NAN,
        254 => f64::INFINITY,
        253 => f64::NEG_INFINITY,
        246..=252 => length + f64::from(byte) - 249.0,
        inside => length * f64::from(inside) / 245.0,
    }
}

impl Case {
    pub const BYTES: usize = 16;

    pub fn of(bytes: [u8; Self::BYTES]) -> Self {
        let [policy, side, kind, memory, a @ .., b0, b1, b2, b3, c0, c1, c2, c3] = bytes;
        let bits = |shift: u32, count: u32| usize::from(policy >> shift) & ((1 << count) - 1);
        Self {
            reading: Reading {
                limits: Limits { max_memory: MEMORY[usize::from(memory) % 4], ..LIMITS },
                alpha: if bits(0, 1) == 1 { Alpha::Blend([policy, side, kind]) } else { Alpha::Drop },
                lenient: bits(1, 1) == 1,
                reject_warnings: bits(2, 1) == 1,
            },
            values: [Values::Bytes, Values::F32, Values::Bf16, Values::Bytes][bits(3, 2)],
            threads: bits(5, 2),
            with_whole: bits(7, 1) == 1,
            // Often small, so that the decoder may reduce.
            side: ((usize::from(side) % 64) >> (memory / 4 % 4)) + 1,
            mode: Mode::NAMES[usize::from(kind) % 3].0,
            filter: Filter::NAMES[usize::from(kind) / 3 % 3].0,
            corners: [a, [b0, b1, b2, b3], [c0, c1, c2, c3]],
        }
    }

    /// A crop of all of a picture of this size.
    pub fn whole((width, height): (u32, u32)) -> CropBox {
        CropBox([0.0, 0.0, f64::from(width), f64::from(height)])
    }

    /// Crops in upright pixels of a picture of this size, good and bad; the first may be the whole of it.
    pub fn crops(&self, size: (u32, u32)) -> Vec<CropBox> {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        let crop = |&[a, b, c, d]: &[u8; 4]| {
            let (x0, x1) = (edge(a.min(c), width), edge(a.max(c), width));
            let (y0, y1) = (edge(b.min(d), height), edge(b.max(d), height));
            CropBox([x0, y0, x1, y1])
        };
        let whole = self.with_whole.then(|| Self::whole(size));
        whole.into_iter().chain(self.corners.iter().map(crop)).collect()
    }
}
