//! Damaged pictures by the thousand: each must end in a verdict, the same by every way, within the limits.
//!
//! Mutant `n` follows from `n` and the files in `data` alone. `MMGIC_FUZZ_INPUTS` says how many are made (`3000`),
//! or which (`1234..1235` repeats one). A mutant that fails is written to the target folder. Cost: about 1 ms each.

mod case;
mod check;
mod dice;
mod mutate;
mod pieces;
mod report;

use case::Case;
use dice::Dice;
use mmgic_core::image::{PictureStatus, format_of};
use mutate::{Damage, mutant};
use pieces::{Piece, pieces};
use report::{Report, Verdict};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, panic, thread};

const MUTANTS: u64 = 3_000;
const WORKER: &str = "mutants";
const LONGEST: Duration = Duration::from_secs(2);
/// Above the largest budget that a case lets a batch have and any picture within the limits needs.
const PEAK_MIB: u64 = 80 + 64;

/// What has panicked, where and how often: those too that the batch catches, which are faults all the same.
static PANICS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

static POOLED: AtomicU64 = AtomicU64::new(0);
thread_local!(static OWN: Cell<u64> = const { Cell::new(0) });

/// Every file of the data folder that is a picture, with its name, in the order of the names.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|kind| kind != "py"))
        .filter_map(|path| Some((path.file_name()?.to_string_lossy().into_owned(), fs::read(&path).ok()?)))
        .collect();
    files.sort();
    assert!(files.len() >= 9, "the folder of seeds is there");
    files
}

fn numbers() -> Range<u64> {
    let Ok(text) = env::var("MMGIC_FUZZ_INPUTS") else { return 0..MUTANTS };
    let (first, end) = text.split_once("..").unwrap_or(("0", &text));
    match (first.trim().parse(), end.trim().replace('_', "").parse()) {
        (Ok(first), Ok(end)) => first..end,
        _ => panic!("MMGIC_FUZZ_INPUTS is {text:?}; expected a number of mutants, or a range such as 7..8"),
    }
}

struct Made {
    seed: String,
    file: Vec<u8>,
    damage: Vec<Damage>,
    case: Case,
}

fn make(seeds: &[(String, Vec<u8>)], number: u64) -> Made {
    let mut dice = Dice::new(number);
    // The seeds take turns, so that a short run meets all of them.
    let turn = usize::try_from(number).unwrap_or(0) % seeds.len();
    let (name, file) = &seeds[turn];
    let format = format_of(file);
    let alike: Vec<_> =
        seeds.iter().map(|(_, other)| other).filter(|other| format_of(other) == format).collect();
    let any = &seeds[dice.below(seeds.len())].1;
    let other = if dice.one_in(4) { any } else { dice.pick(&alike).map_or(any, |other| other) };
    let (file, damage) = mutant(file, other, &mut dice);
    Made { seed: name.clone(), file, damage, case: Case::of(std::array::from_fn(|_| dice.byte())) }
}

fn run(made: &Made) -> Verdict {
    (check::decoding(&made.file), check::cropping(&made.file, &made.case))
}

/// The least time of a few tries: what is slow once only was kept waiting by others.
fn timed(made: &Made) -> (Option<Verdict>, Duration) {
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let Ok(verdict) = catch_unwind(AssertUnwindSafe(|| run(made))) else {
            return (None, start.elapsed());
        };
        least = least.min(start.elapsed());
        if least < LONGEST / 4 {
            return (Some(verdict), least);
        }
    }
    (None, least)
}

fn record_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        match thread::current().name() {
            Some(name) if name.starts_with(WORKER) => OWN.set(OWN.get() + 1),
            // Another test fails.
            Some(_) => return usual(info),
            None => _ = POOLED.fetch_add(1, Ordering::Relaxed),
        }
        if let Ok(mut panics) = PANICS.lock() {
            *panics.entry(info.to_string()).or_default() += 1;
        }
    }));
}

/// How often this worker and the pools have panicked.
fn panics() -> u64 {
    OWN.get() + POOLED.load(Ordering::Relaxed)
}

fn work(seeds: &[(String, Vec<u8>)], next: &AtomicU64, end: u64) -> Report {
    let mut report = Report::default();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return report;
        }
        let before = panics();
        let made = make(seeds, number);
        let (verdict, time) = timed(&made);
        // A panic in a pool may be of another worker's mutant: then both are named.
        if verdict.is_none() || panics() != before || time > LONGEST {
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutant-{number}"));
            let kept =
                fs::write(&path, &made.file).map_or_else(|e| e.to_string(), |()| path.display().to_string());
            report.failures.push(format!("{number} ({}, {:?}, {time:?}): {kept}", made.seed, made.damage));
        }
        report.add(number, &made.seed, verdict, time);
    }
}

#[test]
fn no_mutant_panics_or_lies_or_passes_a_limit() {
    let (seeds, numbers) = (seeds(), numbers());
    let next = AtomicU64::new(numbers.start);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    record_panics();
    let parts: Vec<Report> = thread::scope(|scope| {
        let start = |number: usize| {
            let worker = thread::Builder::new().name(format!("{WORKER} {number}"));
            worker.spawn_scoped(scope, || work(&seeds, &next, numbers.end)).ok()
        };
        let running: Vec<_> = (0..workers).filter_map(start).collect();
        running.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    drop(panic::take_hook());
    let report = parts.into_iter().fold(Report::default(), Report::with);
    report.print();
    let panics = PANICS.lock().map(|panics| panics.clone()).unwrap_or_default();
    assert!(report.failures.is_empty() && panics.is_empty(), "{}\n{panics:#?}", report.failures.join("\n"));
    assert_eq!(report.mutants(), numbers.end.saturating_sub(numbers.start), "every mutant was looked at");
    if numbers.end - numbers.start >= MUTANTS {
        assert!(report.of(PictureStatus::Ok) > report.mutants() / 20, "too little damage is survivable");
    }
    if let Some(peak) = report::peak_mib() {
        assert!(peak < PEAK_MIB, "{peak} MiB were taken");
    }
}

#[test]
fn seeds_are_read_without_complaint_or_are_known_not_to_be() {
    for (name, file) in seeds() {
        let expected = if name.contains("unread") { PictureStatus::Unsupported } else { PictureStatus::Ok };
        assert_eq!(check::decoding(&file), expected, "{name}");
        if let Ok(header) = check::header(&file) {
            let size = if name.contains("turned") { (37, 53) } else { (53, 37) };
            assert_eq!(header.upright_size(), size, "{name}");
        }
        for seed in 0..30 {
            let mut dice = Dice::new(seed);
            check::cropping(&file, &Case::of(std::array::from_fn(|_| dice.byte())));
        }
    }
}

/// A seed with its parts put in another order, or left out.
fn rearranged(name: &str, order: impl Fn(&[u8], Vec<Piece>) -> Vec<Piece>) -> Vec<u8> {
    let seeds = seeds();
    let Some((_, file)) = seeds.iter().find(|(other, _)| other == name) else { panic!("{name} is gone") };
    order(file, pieces(file)).into_iter().flat_map(|piece| file[piece.all].to_vec()).collect()
}

#[test]
fn tables_behind_the_scan_that_needs_them_come_too_late() {
    let moved = rearranged("411.jpg", |file, pieces| {
        let is_table = |piece: &Piece| file[piece.all.start + 1] == 0xc4;
        let (tables, mut rest): (Vec<_>, Vec<_>) = pieces.into_iter().partition(is_table);
        let end = rest.pop();
        rest.into_iter().chain(tables).chain(end).collect()
    });
    assert_eq!(check::decoding(&moved), PictureStatus::Warned);
}

#[test]
fn blocks_smoothed_for_want_of_scans_are_those_of_a_full_decoding_in_crops() {
    let coarse = rearranged("progressive_turned.jpg", |file, mut pieces| {
        let first = pieces.iter().position(|piece| file[piece.all.start + 1] == 0xda).unwrap_or(0);
        pieces.drain(first + 1..pieces.len() - 1);
        pieces
    });
    assert_eq!(check::decoding(&coarse), PictureStatus::Ok);
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        check::cropping(&coarse, &Case::of(std::array::from_fn(|_| dice.byte())));
    }
}

#[test]
fn a_number_says_all_about_its_mutant() {
    let seeds = seeds();
    for number in 0..100 {
        let (a, b) = (make(&seeds, number), make(&seeds, number));
        assert_eq!((a.file, a.damage), (b.file, b.damage));
        assert_eq!(format!("{:?}", a.case), format!("{:?}", b.case));
    }
}
