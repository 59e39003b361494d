//! One decoded picture.

use super::error::ImageError;

/// Upright RGB pixels, row by row, three bytes a pixel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Takes (or re-uses) memory for the pixels; refusal by the allocator is an error, not an abort.
    pub(super) fn reshape(&mut self, width: u32, height: u32) -> Result<(), ImageError> {
        (self.width, self.height) = (width as usize, height as usize);
        fit(&mut self.rgb, self.width * self.height * 3)
            .map_err(|()| ImageError::OutOfMemory { width, height })
    }
}

/// Makes `buffer` `length` bytes long without copying what it held.
pub(super) fn fit(buffer: &mut Vec<u8>, length: usize) -> Result<(), ()> {
    if buffer.capacity() < length {
        // `vec![0; n]` is lazily zeroed by the system; growing would touch every page.
        *buffer = Vec::new();
        buffer.try_reserve_exact(length).map_err(|_| ())?;
    }
    buffer.resize(length, 0);
    Ok(())
}
