//! Packing window by window: each window of documents is packed apart, in the order of the windows.

use super::error::PackError;
use super::histogram::Remaining;
use super::random::Random;
use std::ops::Range;

/// The largest capacity of a row.
pub const MAX_CAPACITY: usize = 1 << 24;

/// Rows of document numbers: row `r` holds `items[row_starts[r]..row_starts[r + 1]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packing {
    pub items: Vec<u32>,
    pub row_starts: Vec<u64>,
}

/// A row layout: where its lengths stand in the list of all layouts, and how many rows it makes.
struct Layout {
    lengths: Range<usize>,
    times: u32,
}

/// What is kept from window to window, so that a small window does not pay for a large capacity.
struct Packer {
    capacity: usize,
    left: Remaining,
    /// Where the next document of each length stands in the grouped documents.
    next: Vec<u32>,
}

impl Packer {
    fn new(capacity: usize) -> Self {
        Self { capacity, left: Remaining::new(capacity), next: vec![0; capacity + 1] }
    }

    /// Document numbers grouped by length, each group shuffled; fills `left` and `next`.
    fn grouped(&mut self, lengths: &[u32], first: u32, random: &mut Random) -> Vec<u32> {
        for &length in lengths {
            self.left.add(length as usize);
        }
        let mut groups = Vec::new();
        let mut total = 0;
        let mut longest = self.left.largest(self.capacity);
        while let Some(length) = longest {
            groups.push((length, total));
            self.next[length] = total;
            total += self.left.count(length);
            longest = self.left.largest(length - 1);
        }
        let mut order = vec![0; lengths.len()];
        for (document, &length) in (first..).zip(lengths) {
            let at = &mut self.next[length as usize];
            order[*at as usize] = document;
            *at += 1;
        }
        for (length, start) in groups {
            let end = std::mem::replace(&mut self.next[length], start);
            random.shuffle(&mut order[start as usize..end as usize]);
        }
        order
    }

    /// One layout: the longest length left, then what fills best beside it; longest first.
    fn layout(&mut self, longest: usize, lengths: &mut Vec<usize>) -> Layout {
        let start = lengths.len();
        let mut room = self.capacity;
        let mut chosen = Some(longest);
        while let Some(length) = chosen {
            self.left.take(length, 1);
            lengths.push(length);
            room -= length;
            chosen = if room > 0 { self.left.next_length(room) } else { None };
        }
        let row = &mut lengths[start..];
        row.sort_unstable_by(|a, b| b.cmp(a));
        let same = row.chunk_by(|a, b| a == b);
        let holds = |run: &[usize]| self.left.count(run[0]) / u32::try_from(run.len()).unwrap_or(u32::MAX);
        let again = same.map(holds).min().unwrap_or(0);
        if again > 0 {
            for &mut length in row {
                self.left.take(length, again);
            }
        }
        Layout { lengths: start..lengths.len(), times: again + 1 }
    }

    /// Packs one window whose first document has number `first`, and appends its rows.
    fn window(&mut self, documents: &[u32], first: u32, random: &mut Random, out: &mut Packing) {
        let order = self.grouped(documents, first, random);
        let mut lengths = Vec::new();
        let mut rows: Vec<Range<usize>> = Vec::new();
        let mut items: Vec<u32> = Vec::with_capacity(order.len());
        while let Some(longest) = self.left.largest(self.capacity) {
            let layout = self.layout(longest, &mut lengths);
            for _ in 0..layout.times {
                let start = items.len();
                for &length in &lengths[layout.lengths.clone()] {
                    items.push(order[self.next[length] as usize]);
                    self.next[length] += 1;
                }
                rows.push(start..items.len());
            }
        }
        random.shuffle(&mut rows);
        for row in rows {
            out.items.extend_from_slice(&items[row]);
            out.row_starts.push(out.items.len() as u64);
        }
    }
}

fn checked(lengths: &[i64], capacity: usize) -> Result<Vec<u32>, PackError> {
    let mut sound = Vec::with_capacity(lengths.len());
    for (index, &length) in lengths.iter().enumerate() {
        match u32::try_from(length) {
            Ok(value) if value > 0 && value as usize <= capacity => sound.push(value),
            _ => return Err(PackError::LengthOutOfRange { index, length, capacity }),
        }
    }
    Ok(sound)
}

/// Packs documents of these lengths into rows of `capacity`; no row crosses a window of `window` documents
/// (none: all are one window).
///
/// # Errors
/// [`PackError`]; for a length the first bad one is named.
pub fn pack(
    lengths: &[i64],
    capacity: usize,
    window: Option<usize>,
    seed: u64,
) -> Result<Packing, PackError> {
    if !(1..=MAX_CAPACITY).contains(&capacity) {
        return Err(PackError::CapacityOutOfRange(capacity));
    }
    if window == Some(0) {
        return Err(PackError::EmptyWindow);
    }
    if u32::try_from(lengths.len()).is_err() {
        return Err(PackError::TooManyDocuments(lengths.len()));
    }
    let lengths = checked(lengths, capacity)?;
    let mut out = Packing { items: Vec::with_capacity(lengths.len()), row_starts: vec![0] };
    let mut packer = Packer::new(capacity);
    let mut first = 0;
    for (stream, documents) in (0..).zip(lengths.chunks(window.unwrap_or(lengths.len()).max(1))) {
        packer.window(documents, first, &mut Random::new(seed, stream), &mut out);
        first += u32::try_from(documents.len()).unwrap_or(0);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[allow(clippy::cast_possible_truncation)]
    fn fits(lengths: &[i64], capacity: usize, window: Option<usize>, packing: &Packing) -> bool {
        let mut seen = vec![false; lengths.len()];
        let size = window.unwrap_or(usize::MAX);
        let mut last_window = 0;
        for bounds in packing.row_starts.windows(2) {
            let row = &packing.items[bounds[0] as usize..bounds[1] as usize];
            let total: i64 = row.iter().map(|&d| lengths[d as usize]).sum();
            let too_long = usize::try_from(total).map_or(true, |t| t > capacity);
            let own = row[0] as usize / size;
            if too_long || own < last_window {
                return false;
            }
            last_window = own;
            for &document in row {
                if std::mem::replace(&mut seen[document as usize], true) || document as usize / size != own {
                    return false;
                }
            }
        }
        seen.into_iter().all(|s| s)
    }

    proptest! {
        #[test]
        fn every_document_once_and_no_row_too_long(
            lengths in prop::collection::vec(1i64..=64, 0..300),
            window in prop::option::of(1usize..100),
            seed in any::<u64>(),
        ) {
            let packing = pack(&lengths, 64, window, seed).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert!(fits(&lengths, 64, window, &packing));
            prop_assert_eq!(Ok(packing), pack(&lengths, 64, window, seed));
        }
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(
            pack(&[1, 9], 8, None, 0),
            Err(PackError::LengthOutOfRange { index: 1, length: 9, capacity: 8 })
        );
        assert_eq!(
            pack(&[-1], 8, None, 0),
            Err(PackError::LengthOutOfRange { index: 0, length: -1, capacity: 8 })
        );
        assert_eq!(pack(&[1], 0, None, 0), Err(PackError::CapacityOutOfRange(0)));
        assert_eq!(pack(&[1], 8, Some(0), 0), Err(PackError::EmptyWindow));
    }

    #[test]
    fn nothing_packs_to_no_rows() {
        assert_eq!(pack(&[], 8, None, 0), Ok(Packing { items: vec![], row_starts: vec![0] }));
    }

    #[test]
    fn perfect_rows_are_found() {
        let lengths: Vec<i64> = (0..1000).flat_map(|_| [700, 200, 124, 512, 512]).collect();
        assert_eq!(pack(&lengths, 1024, None, 5).map(|p| p.row_starts.len()), Ok(2001));
    }
}
