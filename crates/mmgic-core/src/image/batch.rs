//! Whole batches on a thread pool: one task a picture, results in the order of the pictures.

use super::error::{BatchError, ImageError, PictureStatus};
use super::header::{Header, probe};
use super::picture::{Picture, decode, decode_into};
use super::resize::{Buffers, CropBox, MAX_SIDE, resize_square};
use rayon::ThreadPool;
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Pictures with the crops wanted of each: those of picture `i` are `crops[starts[i]..starts[i + 1]]`.
#[derive(Clone, Copy, Debug)]
pub struct CropBatch<'a> {
    pub pictures: &'a [&'a [u8]],
    pub starts: &'a [usize],
    pub crops: &'a [[f64; 4]],
    pub side: usize,
    pub max_pixels: u64,
}

struct Task<'a> {
    file: &'a [u8],
    crops: &'a [[f64; 4]],
    pixels: &'a mut [u8],
    status: &'a mut [u8],
}

/// Working memory of one worker.
#[derive(Default)]
struct Scratch {
    picture: Picture,
    spare: Picture,
    buffers: Buffers,
}

/// A panic inside a foreign decoder costs its picture, not the batch.
fn guarded<T>(work: impl FnOnce() -> Result<T, ImageError>) -> Result<T, ImageError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ImageError::Corrupt("the decoder gave up".to_owned())))
}

fn length(what: &'static str, found: usize, expected: usize) -> Result<(), BatchError> {
    if found == expected { Ok(()) } else { Err(BatchError::Length { what, found, expected }) }
}

impl<'a> CropBatch<'a> {
    fn tasks(&self, mut out: &'a mut [u8], mut status: &'a mut [u8]) -> Result<Vec<Task<'a>>, BatchError> {
        if !(1..=MAX_SIDE).contains(&self.side) {
            return Err(BatchError::Side(self.side));
        }
        length("starts", self.starts.len(), self.pictures.len() + 1)?;
        length("status", status.len(), self.crops.len())?;
        length("crops", self.crops.len(), self.starts.last().copied().unwrap_or(0))?;
        let bytes = self.side * self.side * 3;
        length("out", out.len(), self.crops.len().saturating_mul(bytes))?;
        if self.starts.first() != Some(&0) || !self.starts.is_sorted() {
            return Err(BatchError::Starts);
        }
        let mut tasks = Vec::with_capacity(self.pictures.len());
        for (&file, bounds) in self.pictures.iter().zip(self.starts.windows(2)) {
            let crops = &self.crops[bounds[0]..bounds[1]];
            let (pixels, rest) = out.split_at_mut(crops.len() * bytes);
            let (own, others) = status.split_at_mut(crops.len());
            tasks.push(Task { file, crops, pixels, status: own });
            (out, status) = (rest, others);
        }
        Ok(tasks)
    }

    fn run(&self, task: Task<'_>, scratch: &mut Scratch) {
        if task.crops.is_empty() {
            return;
        }
        let Scratch { picture, spare, buffers } = scratch;
        let decoded = guarded(|| decode_into(task.file, self.max_pixels, picture, spare));
        let squares = task.pixels.chunks_exact_mut(self.side * self.side * 3);
        for ((&crop, square), status) in task.crops.iter().zip(squares).zip(task.status) {
            let done = decoded
                .clone()
                .and_then(|()| resize_square(picture, CropBox(crop), self.side, buffers, square));
            *status = done.map_or_else(|e| e.status(), |()| PictureStatus::Ok).code();
        }
    }
}

/// Decodes each picture once and writes its crops, resized, one after another to `out` (zeroed by the
/// caller; `side * side * 3` bytes a crop) and a status for each crop. Pictures without crops are not opened.
///
/// # Errors
/// [`BatchError`] when the arrays do not fit together; a bad picture is a status.
pub fn decode_crops(
    pool: &ThreadPool,
    batch: CropBatch<'_>,
    out: &mut [u8],
    status: &mut [u8],
) -> Result<(), BatchError> {
    let tasks = batch.tasks(out, status)?;
    pool.install(|| tasks.into_par_iter().for_each_init(Scratch::default, |s, task| batch.run(task, s)));
    Ok(())
}

/// Decodes pictures to upright RGB.
#[must_use]
pub fn decode_all(
    pool: &ThreadPool,
    pictures: &[&[u8]],
    max_pixels: u64,
) -> Vec<Result<Picture, ImageError>> {
    pool.install(|| pictures.par_iter().map(|file| guarded(|| decode(file, max_pixels))).collect())
}

/// Reads the headers of pictures.
#[must_use]
pub fn probe_all(pool: &ThreadPool, pictures: &[&[u8]], max_pixels: u64) -> Vec<Result<Header, ImageError>> {
    pool.install(|| {
        pictures.par_iter().with_min_len(64).map(|file| guarded(|| probe(file, max_pixels))).collect()
    })
}
