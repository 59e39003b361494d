//! Times calls of the core without Python, for `benchmarks/images`: what the Python call costs on top.
//!
//! A line in is `SIDE PATH [X0 Y0 X1 Y1 ...]`: the file's crops resized to `SIDE`, or with `SIDE` 0 the whole picture
//! decoded, on one thread. A line out is the wall seconds of that one call, the file already read; else what went wrong.

use mmgic_core::image::{CropBatch, Filter, Mode, Reading, Squares, decode_all, decode_crops};
use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::{Duration, Instant};

fn whole(file: &[u8]) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    for picture in decode_all(None, &[file], &Reading::default()) {
        drop(picture?);
    }
    Ok(start.elapsed())
}

fn squares(file: &[u8], side: usize, crops: &[[f64; 4]]) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    let mut out = vec![0; crops.len() * side * side * 3];
    let mut status = vec![0; crops.len()];
    let batch = CropBatch {
        pictures: &[file],
        starts: &[0, crops.len()],
        crops,
        side,
        mode: Mode::Exact,
        filter: Filter::Bicubic,
        reading: Reading::default(),
        tables: None,
    };
    decode_crops(None, batch, Squares::Bytes(&mut out), &mut status)?;
    drop(out);
    let taken = start.elapsed();
    if status.iter().any(|&code| code != 0) { Err(format!("statuses {status:?}").into()) } else { Ok(taken) }
}

fn timed(line: &str) -> Result<Duration, Box<dyn Error>> {
    let mut words = line.split_whitespace();
    let side: usize = words.next().ok_or("no side")?.parse()?;
    let file = std::fs::read(words.next().ok_or("no path")?)?;
    let numbers = words.map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    let (crops, _) = numbers.as_chunks::<4>();
    if side == 0 { whole(&file) } else { squares(&file, side, crops) }
}

fn main() -> Result<(), Box<dyn Error>> {
    for line in stdin().lock().lines() {
        let mut out = stdout().lock();
        match timed(&line?) {
            Ok(taken) => writeln!(out, "{}", taken.as_secs_f64())?,
            Err(error) => writeln!(out, "{error}")?,
        }
        out.flush()?;
    }
    Ok(())
}
