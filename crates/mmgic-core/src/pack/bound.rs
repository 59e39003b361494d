//! How few rows could hold the documents: the best of several lower bounds for bin packing.
//!
//! 1. The sum of the sizes over the capacity.
//! 2. Martello and Toth's L2 (1990), which counts what cannot share a row with what is large.
//! 3. Dual feasible functions: `u^(k)` of Fekete and Schepers (2001), and `f_BJ,1` of Burdett and Johnson (1977) as in
//!    the survey of Clautiaux, Alves and Valerio de Carvalho (2010), with parameters p/q.
//!
//! All arithmetic is in whole numbers, so that a bound is never above the truth. Cost: the number of different sizes
//! times the functions tried, at most [`EFFORT`] or [`FEWEST`] functions: some milliseconds, for a million different
//! sizes some more.

/// Sizes evaluated at the most, over all functions.
const EFFORT: usize = 4_000_000;
/// Functions tried however many sizes there are.
const FEWEST: usize = 8;
/// Largest k and parameter of the functions: beyond it they say what the sum says.
const LARGEST: u64 = 40;
const DENOMINATORS: std::ops::RangeInclusive<u64> = 2..=8;

/// A size and how many documents have it.
pub type SizeCount = (u64, u64);

/// Rows that documents of these sizes need at least. `sizes` ascend, are different and at most `capacity`; `enough` rows
/// are known to do, so that the search ends where a bound reaches them.
#[must_use]
pub fn lower_bound(sizes: &[SizeCount], capacity: u64, enough: u64, thorough: bool) -> u64 {
    let total: u128 = sizes.iter().map(|&(size, count)| u128::from(size) * u128::from(count)).sum();
    let mut best = rows_of(total, u128::from(capacity)).max(martello_toth(sizes, capacity));
    let functions = (EFFORT / sizes.len().max(1)).max(FEWEST);
    let whole = (1..LARGEST).map(|k| fekete_schepers(sizes, capacity, k));
    let mixed = DENOMINATORS
        .flat_map(|q| (q + 1..LARGEST * q).map(move |p| (p, q)))
        .filter(|&(p, q)| thorough && greatest_divisor(p, q) == 1)
        .map(|(p, q)| burdett_johnson(sizes, capacity, p, q));
    for bound in whole.chain(mixed).take(functions) {
        if best >= enough {
            break;
        }
        best = best.max(bound);
    }
    best
}

fn rows_of(total: u128, capacity: u128) -> u64 {
    u64::try_from(total.div_ceil(capacity.max(1))).unwrap_or(u64::MAX)
}

fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// L2: for a threshold `a`, sizes above `capacity - a` fill a row alone, other large ones take one each, and sizes from
/// `a` to half the capacity must fit beside them or need more rows.
fn martello_toth(sizes: &[SizeCount], capacity: u64) -> u64 {
    let half = sizes.partition_point(|&(size, _)| 2 * size <= capacity);
    let (small, large) = sizes.split_at(half);
    let count: u64 = large.iter().map(|s| s.1).sum();
    let sum = |part: &[SizeCount]| part.iter().map(|&(s, n)| u128::from(s) * u128::from(n)).sum::<u128>();
    // At the threshold 0 all small sizes count, and no large one is alone.
    let (mut small_sum, mut shared, mut shared_sum) = (sum(small), count, sum(large));
    let mut alone = large.len();
    let mut best = count;
    for &(threshold, number) in small {
        while alone > 0 && large[alone - 1].0 + threshold > capacity {
            alone -= 1;
            shared -= large[alone].1;
            shared_sum -= u128::from(large[alone].0) * u128::from(large[alone].1);
        }
        let beside = u128::from(shared) * u128::from(capacity) - shared_sum;
        best = best.max(count + rows_of(small_sum.saturating_sub(beside), u128::from(capacity)));
        small_sum -= u128::from(threshold) * u128::from(number);
    }
    best
}

/// `u^(k)(x) = x` where `(k + 1) x` is whole, else `floor((k + 1) x) / k`; in units of `capacity * k`.
fn fekete_schepers(sizes: &[SizeCount], capacity: u64, k: u64) -> u64 {
    let mut total = 0;
    let mut steps = Steps::new(k + 1, capacity);
    for &(size, count) in sizes {
        let (whole, rest) = steps.at(size);
        let value = if rest == 0 { size * k } else { whole * capacity };
        total += u128::from(value) * u128::from(count);
    }
    rows_of(total, u128::from(capacity) * u128::from(k))
}

/// `f(x) = (floor(l x) + max(0, (frac(l x) - frac(l)) / (1 - frac(l)))) / floor(l)` with `l = p / q`, `q > 1`; in units of
/// `floor(l) * capacity * (q - p mod q)`.
fn burdett_johnson(sizes: &[SizeCount], capacity: u64, p: u64, q: u64) -> u64 {
    let (whole_part, rest_part) = (p / q, p % q);
    let unit = capacity * (q - rest_part);
    let mut total = 0;
    let mut steps = Steps::new(p, q * capacity);
    for &(size, count) in sizes {
        let (whole, rest) = steps.at(size);
        let value = whole * unit + rest.saturating_sub(rest_part * capacity);
        total += u128::from(value) * u128::from(count);
    }
    rows_of(total, u128::from(whole_part) * u128::from(unit))
}

/// `factor * size` divided by `divisor`, for sizes that ascend: a step to a near size needs no division.
struct Steps {
    factor: u64,
    divisor: u64,
    size: u64,
    whole: u64,
    rest: u64,
}

impl Steps {
    fn new(factor: u64, divisor: u64) -> Self {
        Self { factor, divisor, size: 0, whole: 0, rest: 0 }
    }

    fn at(&mut self, size: u64) -> (u64, u64) {
        self.rest += self.factor * (size - self.size);
        self.size = size;
        if self.rest >= self.divisor {
            if self.rest < 2 * self.divisor {
                self.whole += 1;
                self.rest -= self.divisor;
            } else {
                self.whole += self.rest / self.divisor;
                self.rest %= self.divisor;
            }
        }
        (self.whole, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn counted(sizes: &[u64]) -> Vec<SizeCount> {
        let mut counts = BTreeMap::new();
        for &size in sizes {
            *counts.entry(size).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }

    /// The fewest rows, by trying every row for every document.
    fn fewest(sizes: &[u64], capacity: u64, rows: &mut Vec<u64>, best: usize) -> usize {
        let Some((&size, rest)) = sizes.split_first() else { return rows.len().min(best) };
        let mut best = best;
        for at in 0..rows.len() {
            if rows[at] + size <= capacity {
                rows[at] += size;
                best = fewest(rest, capacity, rows, best);
                rows[at] -= size;
            }
        }
        if rows.len() + 1 < best {
            rows.push(size);
            best = fewest(rest, capacity, rows, best);
            rows.pop();
        }
        best
    }

    proptest! {
        #[test]
        fn never_above_the_fewest_rows(
            (capacity, sizes) in (2u64..40).prop_flat_map(|capacity| {
                (Just(capacity), prop::collection::vec(1..=capacity, 1..9))
            }),
        ) {
            let bound = lower_bound(&counted(&sizes), capacity, u64::MAX, true);
            prop_assert!(bound <= fewest(&sizes, capacity, &mut Vec::new(), usize::MAX) as u64);
        }
    }

    #[test]
    fn each_bound_has_its_case() {
        // The sum says 2: three sizes above half need three rows.
        assert_eq!(lower_bound(&counted(&[51, 51, 51]), 100, u64::MAX, false), 3);
        // Seven of 34 in 100: two a row, the sum says 3.
        assert_eq!(lower_bound(&counted(&[34; 7]), 100, u64::MAX, false), 4);
        // Sizes just above a third and above a half: L2 sees that only one of each fits.
        assert_eq!(lower_bound(&counted(&[60, 60, 41, 41]), 100, u64::MAX, false), 3);
        assert_eq!(lower_bound(&[], 100, u64::MAX, true), 0);
    }

    #[test]
    fn steps_divide() {
        let mut steps = Steps::new(7, 30);
        for size in [0, 1, 4, 5, 9, 30, 31, 1000] {
            assert_eq!(steps.at(size), (7 * size / 30, 7 * size % 30));
        }
    }
}
