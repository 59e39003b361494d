//! The size that a model resizes a picture to before it counts pixels.

/// Sides are whole multiples of `factor`, the area within limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    pub factor: u32,
    pub min_pixels: u64,
    pub max_pixels: u64,
}

/// Sides above this are refused: no decoder makes them.
const MOST: u32 = 1 << 20;

impl Resize {
    /// Width and height after the resize. Source: `smart_resize` of huggingface/transformers,
    /// `models/qwen2_vl/image_processing_qwen2_vl.py`.
    ///
    /// # Errors
    /// Why the size cannot be resized: a side of 0, a ratio over 200, a side over 2^20.
    pub fn size(&self, width: u32, height: u32) -> Result<[u32; 2], &'static str> {
        if width == 0 || height == 0 {
            return Err("a side is 0");
        }
        if width > MOST || height > MOST {
            return Err("a side is over 1,048,576");
        }
        let (w, h) = (f64::from(width), f64::from(height));
        if w.max(h) / w.min(h) > 200.0 {
            return Err("one side is over 200 times the other");
        }
        let factor = f64::from(self.factor);
        #[allow(clippy::cast_precision_loss)]
        let (least, most) = (self.min_pixels as f64, self.max_pixels as f64);
        let near = |side: f64| (side / factor).round_ties_even() * factor;
        let (mut nw, mut nh) = (near(w), near(h));
        if nw * nh > most {
            let beta = (h * w / most).sqrt();
            nw = ((w / beta / factor).floor() * factor).max(factor);
            nh = ((h / beta / factor).floor() * factor).max(factor);
        } else if nw * nh < least {
            let beta = (least / (h * w)).sqrt();
            nw = (w * beta / factor).ceil() * factor;
            nh = (h * beta / factor).ceil() * factor;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let sides = [nw as u32, nh as u32];
        if sides.contains(&0) { Err("a side would become 0") } else { Ok(sides) }
    }
}
