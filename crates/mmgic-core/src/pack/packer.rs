//! Windows of documents to rows, one window after another, with what a report needs.

use super::bound::{SizeCount, lower_bound};
use super::classes::Classes;
use super::error::PackError;
use super::histogram::Lengths;
use super::random::Random;
use super::search::Size;
use super::window::{Packing, pack_window};
use std::collections::BTreeMap;

/// The largest capacity of a row.
pub const MAX_CAPACITY: usize = 1 << 24;

/// Packs windows of documents; rows depend on the seed, the windows before (their number alone) and the window.
#[derive(Debug)]
pub struct Packer {
    capacity: Size,
    has_second: bool,
    seed: u64,
    windows: u64,
    /// Kept from window to window, so that a small window does not pay for a large capacity.
    left: Lengths,
    next: Vec<u32>,
    tally: Tally,
}

/// What was packed so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub documents: u64,
    pub rows: u64,
    pub windows: u64,
    pub tokens: u64,
    pub second: u64,
    /// Rows that any packer needs at least.
    pub lower_bound: u64,
    /// Rows that any packer needs at least that keeps to the windows.
    pub window_bound: u64,
}

#[derive(Debug, Default)]
struct Tally {
    documents: u64,
    rows: u64,
    window_bound: u64,
    lengths: Vec<u64>,
    second: BTreeMap<u64, u64>,
}

impl Packer {
    /// A packer for rows of `capacity` tokens and, where given, of `second_capacity` of something else.
    ///
    /// # Errors
    /// `CapacityOutOfRange`.
    pub fn new(capacity: usize, second_capacity: Option<usize>, seed: u64) -> Result<Self, PackError> {
        let checked = |value: usize, least: usize| match u32::try_from(value) {
            Ok(size) if (least..=MAX_CAPACITY).contains(&value) => Ok(size),
            _ => Err(PackError::CapacityOutOfRange(value)),
        };
        let (length, second) = (checked(capacity, 1)?, second_capacity.map_or(Ok(0), |c| checked(c, 1))?);
        Ok(Self {
            capacity: Size { length, second },
            has_second: second_capacity.is_some(),
            seed,
            windows: 0,
            left: Lengths::new(capacity),
            next: Vec::new(),
            tally: Tally { lengths: vec![0; capacity + 1], ..Tally::default() },
        })
    }

    /// Packs documents, whose windows end at `window_ends` (the last of them at the end). Numbers in the packing count
    /// from the first document of the call. `second` may be empty where there is no second capacity.
    ///
    /// # Errors
    /// [`PackError`]; for a length or count the first bad one is named, counted from `first`. Nothing is packed then.
    pub fn pack(
        &mut self,
        lengths: &[i64],
        second: &[i64],
        window_ends: &[usize],
        first: usize,
    ) -> Result<Packing, PackError> {
        if self.has_second && second.len() != lengths.len() {
            return Err(PackError::Shape { what: "second", found: second.len(), wanted: lengths.len() });
        }
        if u32::try_from(lengths.len()).is_err() {
            return Err(PackError::TooManyDocuments(lengths.len()));
        }
        let starts = || std::iter::once(0).chain(window_ends.iter().copied());
        let in_order = starts().zip(window_ends).all(|(a, &b)| a <= b);
        if !in_order || starts().last() != Some(lengths.len()) {
            return Err(PackError::Order { what: "window ends" });
        }
        let lengths = self.checked_lengths(lengths, first)?;
        let second = if self.has_second { self.checked_second(second, first)? } else { Vec::new() };
        let mut out = Packing { items: Vec::with_capacity(lengths.len()), row_starts: vec![0] };
        for (start, &end) in starts().zip(window_ends) {
            if start < end {
                self.window(&lengths[start..end], second.get(start..end), start, &mut out);
            }
        }
        Ok(out)
    }

    fn window(&mut self, lengths: &[u32], second: Option<&[u32]>, first: usize, out: &mut Packing) {
        let mut random = Random::new(self.seed, self.windows);
        let first = u32::try_from(first).unwrap_or(u32::MAX);
        let rows_before = out.row_starts.len();
        let mut sizes = Vec::new();
        if let Some(second) = second {
            let documents: Vec<Size> =
                lengths.iter().zip(second).map(|(&length, &second)| Size { length, second }).collect();
            let (mut left, classes) = Classes::new(&documents, self.capacity);
            pack_window(&mut left, &classes, self.capacity, first, &mut random, &mut self.next, out);
            let mut of_lengths = lengths.to_vec();
            of_lengths.sort_unstable();
            sizes.extend(of_lengths.chunk_by(|a, b| a == b).map(|run| (u64::from(run[0]), run.len() as u64)));
        } else {
            for &length in lengths {
                self.left.add(length as usize);
            }
            sizes.extend(self.left.counted());
            pack_window(&mut self.left, lengths, self.capacity, first, &mut random, &mut self.next, out);
        }
        let rows = (out.row_starts.len() - rows_before) as u64;
        self.windows += 1;
        self.tally.add(&sizes, second.unwrap_or(&[]), rows, self.capacity);
    }

    fn checked_lengths(&self, lengths: &[i64], first: usize) -> Result<Vec<u32>, PackError> {
        let capacity = self.capacity.length;
        checked(lengths, 1, capacity).map_err(|at| PackError::LengthOutOfRange {
            index: first + at,
            length: lengths[at],
            capacity: capacity as usize,
        })
    }

    fn checked_second(&self, second: &[i64], first: usize) -> Result<Vec<u32>, PackError> {
        let capacity = self.capacity.second;
        checked(second, 0, capacity).map_err(|at| PackError::SecondOutOfRange {
            index: first + at,
            count: second[at],
            capacity: capacity as usize,
        })
    }

    /// What was packed so far. Costs some milliseconds where the sum of the lengths alone is no sharp bound.
    #[must_use]
    pub fn report(&self) -> Report {
        let tally = &self.tally;
        let sizes: Vec<SizeCount> = (0..).zip(tally.lengths.iter().copied()).filter(|s| s.1 > 0).collect();
        let second: Vec<SizeCount> = tally.second.iter().map(|(&size, &count)| (size, count)).collect();
        let sum = |sizes: &[SizeCount]| sizes.iter().map(|&(size, count)| size * count).sum();
        let lower_bound = bound(&sizes, &second, self.capacity, tally.rows, true);
        Report {
            documents: tally.documents,
            rows: tally.rows,
            windows: self.windows,
            tokens: sum(&sizes),
            second: sum(&second),
            lower_bound,
            window_bound: tally.window_bound.max(lower_bound),
        }
    }
}

/// The values as u32, or where the first one is that is not `least` to `most`. Two plain loops, which become vector code.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn checked(values: &[i64], least: i64, most: u32) -> Result<Vec<u32>, usize> {
    let is_bad = |value: i64| value < least || value > i64::from(most);
    if values.iter().fold(false, |found, &value| found | is_bad(value)) {
        return Err(values.iter().position(|&value| is_bad(value)).unwrap_or(0));
    }
    Ok(values.iter().map(|&value| value as u32).collect())
}

impl Tally {
    fn add(&mut self, sizes: &[SizeCount], second: &[u32], rows: u64, capacity: Size) {
        let mut counted = BTreeMap::new();
        for &count in second {
            *counted.entry(u64::from(count)).or_insert(0) += 1;
        }
        let window_second: Vec<SizeCount> = counted.into_iter().collect();
        self.window_bound += bound(sizes, &window_second, capacity, rows, false);
        self.rows += rows;
        for &(size, count) in sizes {
            self.documents += count;
            if let Some(total) = self.lengths.get_mut(usize::try_from(size).unwrap_or(usize::MAX)) {
                *total += count;
            }
        }
        for (size, count) in window_second {
            *self.second.entry(size).or_insert(0) += count;
        }
    }
}

/// The bound of both capacities; `rows` are enough, so a bound that reaches them ends the search.
fn bound(lengths: &[SizeCount], second: &[SizeCount], capacity: Size, rows: u64, thorough: bool) -> u64 {
    let of = |sizes: &[SizeCount], capacity: u32| match u64::from(capacity) {
        0 => 0,
        capacity => {
            let total: u64 = sizes.iter().map(|&(size, count)| size * count).sum();
            let simple = total.div_ceil(capacity);
            if simple >= rows { simple } else { lower_bound(sizes, capacity, rows, thorough) }
        }
    };
    of(lengths, capacity.length).max(of(second, capacity.second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(
        lengths: &[i64],
        second: &[i64],
        capacities: (usize, Option<usize>),
        window: usize,
        seed: u64,
    ) -> Result<(Packing, Report), PackError> {
        let mut packer = Packer::new(capacities.0, capacities.1, seed)?;
        let ends: Vec<usize> =
            (1..=lengths.len().div_ceil(window)).map(|w| (w * window).min(lengths.len())).collect();
        let packing = packer.pack(lengths, second, &ends, 0)?;
        Ok((packing, packer.report()))
    }

    fn fits(packing: &Packing, sizes: &[i64], capacity: usize, window: usize) -> bool {
        let mut seen = vec![false; sizes.len()];
        let mut last_window = 0;
        for bounds in packing.row_starts.windows(2) {
            let (Ok(from), Ok(to)) = (usize::try_from(bounds[0]), usize::try_from(bounds[1])) else {
                return false;
            };
            let row = &packing.items[from..to];
            let total: i64 = row.iter().map(|&d| sizes[d as usize]).sum();
            let own = row[0] as usize / window;
            if usize::try_from(total).map_or(true, |t| t > capacity) || own < last_window {
                return false;
            }
            last_window = own;
            for &document in row {
                if std::mem::replace(&mut seen[document as usize], true) || document as usize / window != own
                {
                    return false;
                }
            }
        }
        seen.into_iter().all(|s| s)
    }

    proptest! {
        #[test]
        fn every_document_once_and_no_row_over_a_capacity(
            documents in prop::collection::vec((1i64..=64, 0i64..=5), 0..300),
            window in 1usize..100,
            seed in any::<u64>(),
        ) {
            let (lengths, second): (Vec<i64>, Vec<i64>) = documents.into_iter().unzip();
            for capacities in [(64, None), (64, Some(5)), (100, Some(7))] {
                let found = packed(&lengths, &second, capacities, window, seed);
                let (packing, report) = found.clone().map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert!(fits(&packing, &lengths, capacities.0, window));
                if let Some(capacity) = capacities.1 {
                    prop_assert!(fits(&packing, &second, capacity, window));
                }
                prop_assert_eq!(report.rows + 1, packing.row_starts.len() as u64);
                prop_assert!(report.lower_bound <= report.window_bound && report.window_bound <= report.rows);
                prop_assert_eq!(&found, &packed(&lengths, &second, capacities, window, seed));
            }
        }
    }

    #[test]
    fn faults_are_named() {
        let pack = |lengths: &[i64], second: &[i64], capacities| {
            packed(lengths, second, capacities, 9, 0).map(|p| p.0)
        };
        let length = |index, length| Err(PackError::LengthOutOfRange { index, length, capacity: 8 });
        assert_eq!(pack(&[1, 9], &[], (8, None)), length(1, 9));
        assert_eq!(pack(&[-1], &[], (8, None)), length(0, -1));
        assert_eq!(pack(&[1], &[], (0, None)), Err(PackError::CapacityOutOfRange(0)));
        assert_eq!(pack(&[1], &[], (1, Some(0))), Err(PackError::CapacityOutOfRange(0)));
        assert_eq!(
            pack(&[1], &[3], (8, Some(2))),
            Err(PackError::SecondOutOfRange { index: 0, count: 3, capacity: 2 })
        );
        assert_eq!(
            pack(&[1], &[], (8, Some(2))),
            Err(PackError::Shape { what: "second", found: 0, wanted: 1 })
        );
        let mut packer = Packer::new(8, None, 0).ok();
        let ends = packer.as_mut().map(|p| p.pack(&[1, 2], &[], &[1], 0));
        assert_eq!(ends, Some(Err(PackError::Order { what: "window ends" })));
    }

    #[test]
    fn nothing_packs_to_no_rows() {
        let found = packed(&[], &[], (8, None), 1, 0)
            .map(|(packing, report)| (packing.row_starts, report.lower_bound));
        assert_eq!(found, Ok((vec![0], 0)));
    }

    #[test]
    fn perfect_rows_are_found() {
        let lengths: Vec<i64> = (0..1000).flat_map(|_| [700, 200, 124, 512, 512]).collect();
        assert_eq!(packed(&lengths, &[], (1024, None), 5000, 5).map(|p| p.1.rows), Ok(2000));
    }

    #[test]
    fn the_scarcer_capacity_decides() {
        // Length alone would put three light documents in a row and leave a place of the second capacity empty in the rest.
        let documents: Vec<(i64, i64)> = (0..200).map(|n| if n % 2 == 0 { (2, 1) } else { (1, 2) }).collect();
        let (lengths, second): (Vec<i64>, Vec<i64>) = documents.into_iter().unzip();
        let rows = packed(&lengths, &second, (100, Some(3)), 200, 0).map(|p| (p.1.rows, p.1.lower_bound));
        assert_eq!(rows, Ok((100, 100)));
    }
}
