//! What came of a run: counts by status and seed, the slowest mutants, the peak of memory.

use mmgic_core::image::PictureStatus;
use std::fs;
use std::time::Duration;

const SLOWEST: usize = 10;

type Counts = [u64; PictureStatus::NAMES.len()];

/// What came of one mutant: of decoding it, and of its crops.
pub type Verdict = (PictureStatus, Vec<PictureStatus>);

#[derive(Default)]
pub struct Report {
    /// Mutants by what came of decoding them, and crops of them, by the number of the status.
    mutants: Counts,
    crops: Counts,
    failed: u64,
    slowest: Vec<(Duration, u64, String)>,
    time: Duration,
    pub failures: Vec<String>,
}

impl Report {
    pub fn add(&mut self, number: u64, seed: &str, verdict: Option<Verdict>, time: Duration) {
        if let Some((status, crops)) = verdict {
            self.mutants[usize::from(status.code())] += 1;
            for status in crops {
                self.crops[usize::from(status.code())] += 1;
            }
        } else {
            self.failed += 1;
        }
        self.time += time;
        if self.slowest.len() < SLOWEST || self.slowest.last().is_some_and(|(least, ..)| time > *least) {
            self.slowest.push((time, number, seed.to_owned()));
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.slowest.sort_by_key(|(time, ..)| std::cmp::Reverse(*time));
        self.slowest.truncate(SLOWEST);
    }

    /// Both together.
    pub fn with(mut self, other: Self) -> Self {
        for (own, others) in [(&mut self.mutants, other.mutants), (&mut self.crops, other.crops)] {
            own.iter_mut().zip(others).for_each(|(sum, count)| *sum += count);
        }
        self.failed += other.failed;
        self.time += other.time;
        self.slowest.extend(other.slowest);
        self.trim();
        self.failures.extend(other.failures);
        self
    }

    pub fn mutants(&self) -> u64 {
        self.failed + self.mutants.iter().sum::<u64>()
    }

    pub fn of(&self, status: PictureStatus) -> u64 {
        self.mutants[usize::from(status.code())]
    }

    #[allow(clippy::print_stdout)]
    pub fn print(&self) {
        println!("{} mutants, {:.1} s of checks", self.mutants(), self.time.as_secs_f64());
        println!("  decoded   cropped  status");
        for (status, name) in PictureStatus::NAMES {
            println!("{:>9} {:>9}  {name}", self.of(status), self.crops[usize::from(status.code())]);
        }
        println!("{:>9} {:>9}  failed a check", self.failed, "");
        for (time, number, seed) in &self.slowest {
            println!("{:>9.1} ms  mutant {number} of {seed}", time.as_secs_f64() * 1e3);
        }
        if let Some(peak) = peak_mib() {
            println!("{peak:>9} MiB of memory at the peak");
        }
    }
}

/// The most memory that this process has held, in MiB; none where the system does not say (Linux does).
pub fn peak_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? >> 10)
}
