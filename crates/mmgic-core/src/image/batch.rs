//! Whole batches on a thread pool: one task a picture, large files first, results in the order of the pictures.

use super::budget::{Budget, Held, Share};
use super::error::{BatchError, ImageError, PictureStatus};
use super::formats::{bytes_needed, decode_part, decode_whole, probe};
use super::header::Header;
use super::picture::Picture;
use super::plan::{Mode, Pass, plan};
use super::reading::{Outcome, Reading};
use super::resize::{Buffers, Filter, MAX_SIDE, Out, Part, Resize, Tables};
use rayon::ThreadPool;
use rayon::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// Where a batch runs: on threads of a pool, or (none) on that of the caller.
pub type Workers<'a> = Option<&'a ThreadPool>;

/// Pictures with the crops wanted of each: those of picture `i` are `crops[starts[i]..starts[i + 1]]`.
#[derive(Clone, Copy, Debug)]
pub struct CropBatch<'a> {
    pub pictures: &'a [&'a [u8]],
    pub starts: &'a [usize],
    pub crops: &'a [[f64; 4]],
    pub side: usize,
    pub mode: Mode,
    pub filter: Filter,
    pub reading: Reading,
    /// For squares of floats.
    pub tables: Option<&'a Tables>,
}

/// The squares of a batch, one after another: bytes (side, side, 3), or planes (3, side,
/// side) of normalised floats, single precision or the upper half of it.
#[derive(Debug)]
pub enum Squares<'a> {
    Bytes(&'a mut [u8]),
    F32(&'a mut [f32]),
    Bf16(&'a mut [u16]),
}

impl Squares<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::Bf16(values) => values.len(),
        }
    }

    fn bytes(&self) -> u64 {
        let each = match self {
            Self::Bytes(_) => 1,
            Self::F32(_) => 4,
            Self::Bf16(_) => 2,
        };
        each * self.len() as u64
    }

    fn split_at(self, at: usize) -> (Self, Self) {
        match self {
            Self::Bytes(values) => {
                let (a, b) = values.split_at_mut(at);
                (Self::Bytes(a), Self::Bytes(b))
            }
            Self::F32(values) => {
                let (a, b) = values.split_at_mut(at);
                (Self::F32(a), Self::F32(b))
            }
            Self::Bf16(values) => {
                let (a, b) = values.split_at_mut(at);
                (Self::Bf16(a), Self::Bf16(b))
            }
        }
    }

    /// Zeroes square `number` of `length` values.
    pub fn clear(&mut self, number: usize, length: usize) {
        let range = number * length..(number + 1) * length;
        match self {
            Self::Bytes(values) => values[range].fill(0),
            Self::F32(values) => values[range].fill(0.0),
            Self::Bf16(values) => values[range].fill(0),
        }
    }

    /// Square `number` of `length` values; none without tables where they are needed, or past the end.
    pub fn square<'s>(
        &'s mut self,
        number: usize,
        length: usize,
        tables: Option<&'s Tables>,
    ) -> Option<Out<'s>> {
        let range = number * length..(number + 1) * length;
        match (self, tables) {
            (Self::Bytes(values), _) => values.get_mut(range).map(Out::Bytes),
            (Self::F32(values), Some(tables)) => values.get_mut(range).map(|own| Out::F32(own, tables)),
            (Self::Bf16(values), Some(tables)) => values.get_mut(range).map(|own| Out::Bf16(own, tables)),
            _ => None,
        }
    }
}

struct Task<'a> {
    file: &'a [u8],
    crops: &'a [[f64; 4]],
    squares: Squares<'a>,
    status: &'a mut [u8],
}

/// Working memory of one worker.
#[derive(Default)]
struct Scratch {
    picture: Picture,
    spare: Picture,
    resizing: Buffers,
}

impl Held for Scratch {
    fn bytes(&self) -> u64 {
        (self.picture.rgb.capacity() + self.spare.rgb.capacity() + self.resizing.bytes()) as u64
    }
}

/// A panic inside a foreign decoder costs its picture, not the batch.
fn guarded<T>(work: impl FnOnce() -> Result<T, ImageError>) -> Result<T, ImageError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ImageError::Corrupt("the decoder gave up".to_owned())))
}

fn length(what: &'static str, found: usize, expected: usize) -> Result<(), BatchError> {
    if found == expected { Ok(()) } else { Err(BatchError::Length { what, found, expected }) }
}

/// The status of pixels that came.
#[must_use]
pub const fn status_of(outcome: Outcome) -> PictureStatus {
    match outcome {
        Outcome::Whole => PictureStatus::Ok,
        Outcome::Warned => PictureStatus::Warned,
        Outcome::Filled => PictureStatus::Filled,
    }
}

impl<'a> CropBatch<'a> {
    fn square_length(&self) -> usize {
        self.side * self.side * 3
    }

    fn tasks(&self, mut squares: Squares<'a>, mut status: &'a mut [u8]) -> Result<Vec<Task<'a>>, BatchError> {
        if !(1..=MAX_SIDE).contains(&self.side) {
            return Err(BatchError::Side { side: self.side, most: MAX_SIDE });
        }
        length("starts", self.starts.len(), self.pictures.len() + 1)?;
        length("status", status.len(), self.crops.len())?;
        length("crops", self.crops.len(), self.starts.last().copied().unwrap_or(0))?;
        length("out", squares.len(), self.crops.len().saturating_mul(self.square_length()))?;
        length(
            "tables",
            usize::from(self.tables.is_some()),
            usize::from(!matches!(squares, Squares::Bytes(_))),
        )?;
        if self.starts.first() != Some(&0) || !self.starts.is_sorted() {
            return Err(BatchError::Starts);
        }
        let mut tasks = Vec::with_capacity(self.pictures.len());
        for (&file, bounds) in self.pictures.iter().zip(self.starts.windows(2)) {
            let crops = &self.crops[bounds[0]..bounds[1]];
            let (own_squares, other_squares) = squares.split_at(crops.len() * self.square_length());
            let (own_status, other_status) = status.split_at_mut(crops.len());
            if !crops.is_empty() {
                tasks.push(Task { file, crops, squares: own_squares, status: own_status });
            }
            (squares, status) = (other_squares, other_status);
        }
        Ok(tasks)
    }

    /// One decoding and the crops cut from it.
    fn pass(
        &self,
        header: &Header,
        pass: &Pass,
        task: &mut Task<'_>,
        share: &mut Share<'_, Scratch>,
    ) -> Result<(), ImageError> {
        // A decoder may deliver more than it was asked for, but never more than the picture.
        let pixels = (header.stored_width as usize).div_ceil(pass.den) as u64
            * (header.stored_height as usize).div_ceil(pass.den) as u64;
        share.reserve(bytes_needed(header, pixels) + pass.resize_bytes)?;
        let Scratch { picture, spare, resizing } = &mut share.buffers;
        let wanted = (pass.den, pass.region);
        let (outcome, region) = decode_part(task.file, header, wanted, &self.reading, picture, spare)?;
        let part = Part { rgb: &picture.rgb, region, whole: pass.whole };
        for &(number, crop) in &pass.crops {
            // One after another: the weights of many crops would be more than the picture.
            let resize = Resize::new(pass.whole, crop, self.side, self.filter);
            let out = task.squares.square(number, self.square_length(), self.tables);
            let done = out.ok_or(ImageError::BadCrop).and_then(|out| resize?.run(&part, resizing, out));
            match done {
                Ok(()) => task.status[number] = status_of(outcome).code(),
                Err(error) => self.refuse(task, number, &error),
            }
        }
        Ok(())
    }

    /// A crop without pixels: zeroes, and the cause.
    fn refuse(&self, task: &mut Task<'_>, number: usize, error: &ImageError) {
        task.squares.clear(number, self.square_length());
        task.status[number] = error.status().code();
    }

    fn run(&self, task: &mut Task<'_>, share: &mut Share<'_, Scratch>) {
        let planned = guarded(|| {
            let header = probe(task.file, &self.reading.limits)?;
            Ok((header, plan(&header, task.crops, self.side, self.mode, self.filter)))
        });
        let (header, plan) = match planned {
            Ok(both) => both,
            Err(error) => return (0..task.crops.len()).for_each(|number| self.refuse(task, number, &error)),
        };
        for (number, error) in plan.bad {
            self.refuse(task, number, &error);
        }
        for pass in plan.passes {
            if let Err(error) = guarded(|| self.pass(&header, &pass, task, share)) {
                pass.crops.iter().for_each(|(number, _)| self.refuse(task, *number, &error));
            }
        }
    }
}

/// Takes tasks from one queue on every thread, each with a share of the budget.
fn drain<T: Send>(
    workers: Workers<'_>,
    tasks: Vec<T>,
    budget: &Budget,
    run: impl Fn(T, &mut Share<'_, Scratch>) + Sync,
) {
    let count = tasks.len();
    let tasks = Mutex::new(tasks.into_iter());
    let work = || {
        let mut share = Share::new(budget);
        loop {
            let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(task) = next else { break };
            run(task, &mut share);
            share.settle();
        }
    };
    let others = workers.map_or(0, |pool| pool.current_num_threads().min(count) - usize::from(count > 0));
    match workers {
        Some(pool) if others > 0 => pool.in_place_scope(|scope| {
            // The caller works too.
            (0..others).for_each(|_| scope.spawn(|_| work()));
            work();
        }),
        _ => work(),
    }
}

/// Decodes each picture (at most twice, where its crops want very different scales) and writes its crops, resized, one
/// after another to `squares`, and a status for each crop. Pictures without crops are not opened.
///
/// # Errors
/// [`BatchError`] when the arrays do not fit together; a bad picture is a status.
pub fn decode_crops(
    workers: Workers<'_>,
    batch: CropBatch<'_>,
    squares: Squares<'_>,
    status: &mut [u8],
) -> Result<(), BatchError> {
    let limit = batch.reading.limits.max_memory.saturating_sub(squares.bytes());
    let mut tasks = batch.tasks(squares, status)?;
    // The longest work first, so that no thread is left with it at the end.
    tasks.sort_by_key(|task| std::cmp::Reverse(task.file.len()));
    let budget = Budget::new(limit);
    drain(workers, tasks, &budget, |mut task, share| batch.run(&mut task, share));
    Ok(())
}

/// Reads the headers of pictures.
#[must_use]
pub fn probe_all(
    workers: Workers<'_>,
    pictures: &[&[u8]],
    reading: &Reading,
) -> Vec<Result<Header, ImageError>> {
    let read = |file: &&[u8]| guarded(|| probe(file, &reading.limits));
    match workers {
        None => pictures.iter().map(read).collect(),
        Some(pool) => pool.install(|| pictures.par_iter().with_min_len(64).map(read).collect()),
    }
}

/// Decodes pictures to upright RGB. All results together count against the limit of memory, in order.
#[must_use]
pub fn decode_all(
    workers: Workers<'_>,
    pictures: &[&[u8]],
    reading: &Reading,
) -> Vec<Result<(Picture, Outcome), ImageError>> {
    let limit = reading.limits.max_memory;
    let (mut results_bytes, mut largest) = (0, 0);
    let mut results: Vec<Result<(Picture, Outcome), ImageError>> = Vec::with_capacity(pictures.len());
    let mut headers = Vec::with_capacity(pictures.len());
    for header in probe_all(workers, pictures, reading) {
        let admitted = header.and_then(|header| {
            let pixels = u64::from(header.stored_width) * u64::from(header.stored_height);
            // What a decoder holds beyond its result.
            let working = largest.max(bytes_needed(&header, pixels));
            let bytes = results_bytes + 3 * pixels + working;
            if bytes > limit {
                return Err(ImageError::TooMuchMemory { bytes, limit });
            }
            (results_bytes, largest) = (results_bytes + 3 * pixels, working);
            Ok(header)
        });
        headers.push(admitted.as_ref().ok().copied());
        results.push(admitted.map(|_| (Picture::default(), Outcome::Whole)));
    }
    let budget = Budget::new(limit - results_bytes);
    let mut tasks: Vec<_> = pictures
        .iter()
        .zip(&headers)
        .zip(&mut results)
        .filter_map(|((file, header), result)| Some((*file, header.as_ref()?, result)))
        .collect();
    tasks.sort_by_key(|(file, ..)| std::cmp::Reverse(file.len()));
    drain(workers, tasks, &budget, |(file, header, result), share| {
        let pixels = u64::from(header.stored_width) * u64::from(header.stored_height);
        *result = share
            .reserve(bytes_needed(header, pixels))
            .and_then(|()| guarded(|| decode_whole(file, header, reading)));
    });
    results
}
