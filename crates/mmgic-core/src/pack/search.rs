//! Which document comes next in a row: the longer one of the pair that fills most of what is left.

/// What a document takes of a row, or what a row has left: of the capacity, and of the second one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub length: u32,
    pub second: u32,
}

impl Size {
    /// Nothing.
    pub const NONE: Self = Self { length: 0, second: 0 };

    /// What is left after `taken`, which fits.
    #[must_use]
    pub fn less(self, taken: Self) -> Self {
        Self { length: self.length - taken.length, second: self.second - taken.second }
    }
}

/// Documents that are left, by class: documents of one class are alike to the packer. A larger class number
/// fills more.
pub trait Remaining {
    /// How many first documents are tried for a pair before the best so far is taken.
    const TRIES: usize;

    /// What a document of this class takes.
    fn size(&self, class: usize) -> Size;

    /// How much of a row it fills, in a unit of its own.
    fn value(&self, class: usize) -> u64;

    /// Documents of this class that are left.
    fn count(&self, class: usize) -> u32;

    /// Takes `number` documents away; there must be as many.
    fn take(&mut self, class: usize, number: u32);

    /// The largest class below `bound` that has documents and fits in `room`.
    fn largest(&self, room: Size, bound: usize) -> Option<usize>;
}

/// The class to place next in `room`: the larger one of the pair that fills most, the first found among
/// equals. Stops where the pair fills `room` to its end, and where no smaller class can win.
pub fn next_class<R: Remaining>(left: &R, room: Size) -> Option<usize> {
    let mut best: Option<(u64, usize)> = None;
    let mut candidate = left.largest(room, usize::MAX);
    for _ in 0..R::TRIES {
        let Some(first) = candidate else { break };
        let value = left.value(first);
        if best.is_some_and(|(most, _)| 2 * value < most) {
            break;
        }
        let rest = room.less(left.size(first));
        let bound = if left.count(first) > 1 { first + 1 } else { first };
        let second = left.largest(rest, bound);
        let filled = value + second.map_or(0, |class| left.value(class));
        if best.is_none_or(|(most, _)| filled > most) {
            best = Some((filled, first));
        }
        let unfilled = rest.length - second.map_or(0, |class| left.size(class).length);
        if unfilled == 0 {
            break;
        }
        candidate = left.largest(room, first);
    }
    best.map(|(_, class)| class)
}
