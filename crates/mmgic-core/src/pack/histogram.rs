//! The lengths that still have documents: counts, and a tree of bit words to find the next smaller one.

/// How many first lengths are tried for a pair before the best so far is taken.
const TRIES: usize = 64;

/// A set of numbers below a bound; level 0 has a bit a number, each higher level a bit a word below.
#[derive(Clone, Debug)]
struct LengthSet {
    levels: Vec<Vec<u64>>,
}

impl LengthSet {
    fn new(bound: usize) -> Self {
        // One word more than the members need, for `below(bound)` to start in.
        let mut levels = vec![vec![0; bound / 64 + 1]];
        while let Some(words) = levels.last().map(Vec::len).filter(|&n| n > 1) {
            levels.push(vec![0; words.div_ceil(64)]);
        }
        Self { levels }
    }

    fn insert(&mut self, number: usize) {
        let mut at = number;
        for level in &mut self.levels {
            level[at / 64] |= 1 << (at % 64);
            at /= 64;
        }
    }

    fn remove(&mut self, number: usize) {
        let mut at = number;
        for level in &mut self.levels {
            level[at / 64] &= !(1 << (at % 64));
            if level[at / 64] != 0 {
                break;
            }
            at /= 64;
        }
    }

    /// The largest member below `bound`.
    fn below(&self, bound: usize) -> Option<usize> {
        let mut end = bound;
        for (height, level) in self.levels.iter().enumerate() {
            let word = end / 64;
            let bits = level.get(word).map_or(0, |w| w & ((1 << (end % 64)) - 1));
            if bits != 0 {
                let mut found = word * 64 + top(bits);
                for lower in self.levels[..height].iter().rev() {
                    found = found * 64 + top(lower[found]);
                }
                return Some(found);
            }
            end = word;
        }
        None
    }
}

fn top(word: u64) -> usize {
    63 - word.leading_zeros() as usize
}

/// Documents that are left, by length.
#[derive(Clone, Debug)]
pub struct Remaining {
    set: LengthSet,
    counts: Vec<u32>,
}

impl Remaining {
    /// Nothing left, for lengths up to `capacity`.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { set: LengthSet::new(capacity + 1), counts: vec![0; capacity + 1] }
    }

    /// Adds one document.
    pub fn add(&mut self, length: usize) {
        self.counts[length] += 1;
        if self.counts[length] == 1 {
            self.set.insert(length);
        }
    }

    /// Takes `number` documents away; there must be as many.
    pub fn take(&mut self, length: usize, number: u32) {
        self.counts[length] -= number;
        if self.counts[length] == 0 {
            self.set.remove(length);
        }
    }

    /// Documents of this length that are left.
    #[must_use]
    pub fn count(&self, length: usize) -> u32 {
        self.counts[length]
    }

    /// The largest length up to `limit` that is left.
    #[must_use]
    pub fn largest(&self, limit: usize) -> Option<usize> {
        self.set.below(limit + 1)
    }

    /// The best second length beside `first` in what `room` leaves, not longer than `first`.
    fn partner(&self, first: usize, room: usize) -> usize {
        let limit = first.min(room - first);
        let found = self.largest(limit).unwrap_or(0);
        if found == first && self.counts[first] < 2 {
            return self.largest(first - 1).unwrap_or(0);
        }
        found
    }

    /// The length to place next in `room`: the longer one of the pair that fills most, the first found
    /// among equals. Stops at a perfect pair, and where no shorter length can win.
    #[must_use]
    pub fn next_length(&self, room: usize) -> Option<usize> {
        let mut best = (0, None);
        let mut candidate = self.largest(room);
        for _ in 0..TRIES {
            let Some(first) = candidate else { break };
            if 2 * first < best.0 {
                break;
            }
            let filled = first + self.partner(first, room);
            if filled > best.0 {
                best = (filled, Some(first));
            }
            if filled == room {
                break;
            }
            candidate = self.largest(first - 1);
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn the_set_agrees_with_an_ordered_set(
            (bound, steps, asks) in (1usize..600, 0usize..3).prop_flat_map(|(n, power)| {
                // Sizes around the powers of 64 are where a level begins.
                let bound = [n, 64 * (n % 9 + 1), 4096 + n % 3 - 1][power];
                let steps = prop::collection::vec((any::<bool>(), 0..bound), 1..200);
                (Just(bound), steps, prop::collection::vec(0..=bound, 1..50))
            }),
        ) {
            let (mut ours, mut theirs) = (LengthSet::new(bound), BTreeSet::new());
            for (add, number) in steps {
                if add {
                    ours.insert(number);
                    theirs.insert(number);
                } else {
                    ours.remove(number);
                    theirs.remove(&number);
                }
            }
            for ask in asks {
                prop_assert_eq!(ours.below(ask), theirs.range(..ask).next_back().copied());
            }
        }
    }

    #[test]
    fn the_pair_that_fills_wins_over_the_longest() {
        let mut left = Remaining::new(100);
        for length in [60, 50, 50, 30] {
            left.add(length);
        }
        assert_eq!(left.next_length(100), Some(50));
        left.take(50, 1);
        assert_eq!(left.next_length(100), Some(60));
        assert_eq!(left.next_length(29), None);
    }
}
