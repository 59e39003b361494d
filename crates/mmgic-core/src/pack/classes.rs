//! Two capacities: documents of the same length and second count are one class.
//!
//! Classes are ordered by how much they fill, both capacities weighed by how much of them all documents need: so the
//! scarcer one decides. A tree over the classes, with the least length and count below each node, finds the
//! largest class that fits; usually along one path, in the worst case along many.

use super::search::{Remaining, Size};

/// Documents that are left, by class.
#[derive(Clone, Debug)]
pub struct Classes {
    sizes: Vec<Size>,
    values: Vec<u64>,
    counts: Vec<u32>,
    /// Node `n` has the children `2n` and `2n + 1`; leaf `c` is node `leaves + c`.
    least: Vec<Size>,
    leaves: usize,
}

const NOTHING: Size = Size { length: u32::MAX, second: u32::MAX };
/// Weights of the two capacities sum up to this.
const WEIGHTS: u128 = 1024;

impl Classes {
    /// The classes of these documents, and the class of each.
    #[must_use]
    pub fn new(documents: &[Size], capacity: Size) -> (Self, Vec<u32>) {
        let weights = Weights::new(documents, capacity);
        let mut keyed: Vec<(u64, u32, u32)> =
            documents.iter().map(|size| (weights.value(*size), size.length, size.second)).collect();
        let wanted = keyed.clone();
        keyed.sort_unstable();
        keyed.dedup();
        let class_of = |key| u32::try_from(keyed.binary_search(key).unwrap_or(0)).unwrap_or(0);
        let class_of_document: Vec<u32> = wanted.iter().map(class_of).collect();
        let leaves = keyed.len().next_power_of_two();
        let mut classes = Self {
            sizes: keyed.iter().map(|&(_, length, second)| Size { length, second }).collect(),
            values: keyed.iter().map(|key| key.0).collect(),
            counts: vec![0; keyed.len()],
            least: vec![NOTHING; 2 * leaves],
            leaves,
        };
        for &class in &class_of_document {
            classes.counts[class as usize] += 1;
        }
        for (class, size) in classes.sizes.iter().enumerate() {
            classes.least[leaves + class] = *size;
        }
        for node in (1..leaves).rev() {
            classes.least[node] = classes.least_below(node);
        }
        (classes, class_of_document)
    }

    fn least_below(&self, node: usize) -> Size {
        let (a, b) = (self.least[2 * node], self.least[2 * node + 1]);
        Size { length: a.length.min(b.length), second: a.second.min(b.second) }
    }

    fn find(&self, node: usize, first: usize, width: usize, room: Size, bound: usize) -> Option<usize> {
        let least = self.least[node];
        if first >= bound || least.length > room.length || least.second > room.second {
            return None;
        }
        if width == 1 {
            return Some(first);
        }
        let half = width / 2;
        self.find(2 * node + 1, first + half, half, room, bound)
            .or_else(|| self.find(2 * node, first, half, room, bound))
    }
}

impl Remaining for Classes {
    // A look-up costs some hundred nanoseconds here, so that the search for the best pair is cut short.
    const TRIES: usize = 64;

    fn size(&self, class: usize) -> Size {
        self.sizes[class]
    }

    fn value(&self, class: usize) -> u64 {
        self.values[class]
    }

    fn count(&self, class: usize) -> u32 {
        self.counts[class]
    }

    fn take(&mut self, class: usize, number: u32) {
        self.counts[class] -= number;
        if self.counts[class] > 0 {
            return;
        }
        let mut node = self.leaves + class;
        self.least[node] = NOTHING;
        while node > 1 {
            node /= 2;
            self.least[node] = self.least_below(node);
        }
    }

    fn largest(&self, room: Size, bound: usize) -> Option<usize> {
        self.find(1, 0, self.leaves, room, bound)
    }
}

/// What a unit of length and of the second count is worth: whole numbers, so that order is the same everywhere.
struct Weights {
    length: u64,
    second: u64,
}

impl Weights {
    #[allow(clippy::cast_possible_truncation)] // at most WEIGHTS times a capacity
    fn new(documents: &[Size], capacity: Size) -> Self {
        let total = |part: fn(&Size) -> u32| documents.iter().map(|d| u128::from(part(d))).sum::<u128>();
        let (length, second) = (u128::from(capacity.length), u128::from(capacity.second));
        let length_need = total(|d| d.length) * second.max(1);
        let second_need = total(|d| d.second) * length;
        let share = WEIGHTS * second_need / (length_need + second_need).max(1);
        Self { length: ((WEIGHTS - share) * second.max(1)) as u64, second: (share * length) as u64 }
    }

    fn value(&self, size: Size) -> u64 {
        self.length * u64::from(size.length) + self.second * u64::from(size.second)
    }
}
