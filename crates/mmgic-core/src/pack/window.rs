//! Packing one window: documents by class, one row layout after another, the rows shuffled.

use super::random::Random;
use super::search::{Remaining, Size, next_class};
use std::ops::Range;

/// Rows of document numbers: row `r` holds `items[row_starts[r]..row_starts[r + 1]]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packing {
    pub items: Vec<u32>,
    pub row_starts: Vec<u64>,
}

/// A row layout: where its classes stand in the list of all layouts, and how many rows it makes.
struct Layout {
    classes: Range<usize>,
    times: u32,
}

/// Packs one window and appends its rows. `classes` are those of the documents, the first of which has number `first`;
/// `left` counts them. `next` is a buffer that grows to the largest class.
#[allow(clippy::cast_possible_truncation)] // a call has fewer than 2^32 documents
pub fn pack_window<R: Remaining>(
    left: &mut R,
    classes: &[u32],
    capacity: Size,
    first: u32,
    random: &mut Random,
    next: &mut Vec<u32>,
    out: &mut Packing,
) {
    let order = grouped(left, classes, capacity, first, random, next);
    let mut list = Vec::new();
    let mut layouts: Vec<Layout> = Vec::new();
    while let Some(largest) = left.largest(capacity, usize::MAX) {
        layouts.push(layout(left, largest, capacity, &mut list));
    }
    let mut places = placed(&layouts, random, out).into_iter();
    let first_item = out.items.len();
    out.items.resize(first_item + order.len(), 0);
    let items = &mut out.items[first_item..];
    for layout in &layouts {
        let classes = &list[layout.classes.clone()];
        for place in places.by_ref().take(layout.times as usize) {
            for (item, &class) in items[place as usize..].iter_mut().zip(classes) {
                let at = next[class];
                next[class] += 1;
                *item = order[at as usize];
            }
        }
    }
}

/// Where each row of the layouts stands among the items once rows are shuffled; the rows' ends go to `out`. Rows are
/// written where they stay: made in order and copied, they cost a third more.
#[allow(clippy::cast_possible_truncation)]
fn placed(layouts: &[Layout], random: &mut Random, out: &mut Packing) -> Vec<u32> {
    let sizes: Vec<u32> = layouts
        .iter()
        .flat_map(|layout| std::iter::repeat_n(layout.classes.len() as u32, layout.times as usize))
        .collect();
    let mut rows: Vec<u32> = (0..sizes.len() as u32).collect();
    random.shuffle(&mut rows);
    let first_item = out.items.len() as u64;
    let mut places = vec![0; sizes.len()];
    let mut end = 0;
    out.row_starts.reserve(rows.len());
    for row in rows {
        places[row as usize] = end;
        end += sizes[row as usize];
        out.row_starts.push(first_item + u64::from(end));
    }
    places
}

/// Document numbers grouped by class, each group shuffled; `next` says where each group starts.
fn grouped<R: Remaining>(
    left: &R,
    classes: &[u32],
    capacity: Size,
    first: u32,
    random: &mut Random,
    next: &mut Vec<u32>,
) -> Vec<u32> {
    let mut groups = Vec::new();
    let mut total = 0;
    let mut largest = left.largest(capacity, usize::MAX);
    if let Some(class) = largest
        && next.len() <= class
    {
        next.resize(class + 1, 0);
    }
    while let Some(class) = largest {
        groups.push((class, total));
        next[class] = total;
        total += left.count(class);
        largest = left.largest(capacity, class);
    }
    let mut order = vec![0; classes.len()];
    for (document, &class) in (first..).zip(classes) {
        let at = &mut next[class as usize];
        order[*at as usize] = document;
        *at += 1;
    }
    for (class, start) in groups {
        let end = std::mem::replace(&mut next[class], start);
        random.shuffle(&mut order[start as usize..end as usize]);
    }
    order
}

/// One layout: the largest class left, then what fills best beside it; largest first.
fn layout<R: Remaining>(left: &mut R, largest: usize, capacity: Size, list: &mut Vec<usize>) -> Layout {
    let start = list.len();
    let mut room = capacity;
    let mut chosen = Some(largest);
    while let Some(class) = chosen {
        left.take(class, 1);
        list.push(class);
        room = room.less(left.size(class));
        chosen = if room.length > 0 { next_class(left, room) } else { None };
    }
    let row = &mut list[start..];
    row.sort_unstable_by(|a, b| b.cmp(a));
    let same = row.chunk_by(|a, b| a == b);
    let holds = |run: &[usize]| left.count(run[0]) / u32::try_from(run.len()).unwrap_or(u32::MAX);
    let again = same.map(holds).min().unwrap_or(0);
    if again > 0 {
        for &mut class in row {
            left.take(class, again);
        }
    }
    Layout { classes: start..list.len(), times: again + 1 }
}
