//! One capacity: the lengths that still have documents, as counts and a tree of bit words that finds the next
//! smaller one in a few instructions.

use super::search::{Remaining, Size};

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

/// Documents that are left where there is one capacity: a class is a length.
#[derive(Clone, Debug)]
pub struct Lengths {
    set: LengthSet,
    counts: Vec<u32>,
}

impl Lengths {
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

    /// The lengths that are left and how many documents have each, from short to long.
    pub fn counted(&self) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        let mut length = self.set.below(self.counts.len());
        while let Some(at) = length {
            found.push((at as u64, u64::from(self.counts[at])));
            length = self.set.below(at);
        }
        found.reverse();
        found
    }
}

impl Remaining for Lengths {
    // Where no pair is perfect, hundreds of first lengths must be tried to find the best one: with 64 tries rows
    // of pictures with captions wasted three times as much.
    const TRIES: usize = usize::MAX;

    #[allow(clippy::cast_possible_truncation)] // classes are lengths, and those are at most MAX_CAPACITY
    fn size(&self, class: usize) -> Size {
        Size { length: class as u32, second: 0 }
    }

    fn value(&self, class: usize) -> u64 {
        class as u64
    }

    fn count(&self, class: usize) -> u32 {
        self.counts[class]
    }

    fn take(&mut self, class: usize, number: u32) {
        self.counts[class] -= number;
        if self.counts[class] == 0 {
            self.set.remove(class);
        }
    }

    fn largest(&self, room: Size, bound: usize) -> Option<usize> {
        self.set.below(bound.min(room.length as usize + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::search::next_class;
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
        let mut left = Lengths::new(100);
        for length in [60, 50, 50, 30] {
            left.add(length);
        }
        let room = |length| Size { length, second: 0 };
        assert_eq!(next_class(&left, room(100)), Some(50));
        left.take(50, 1);
        assert_eq!(next_class(&left, room(100)), Some(60));
        assert_eq!(next_class(&left, room(29)), None);
    }
}
