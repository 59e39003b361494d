//! Square crops of whole pixels.

/// A box cut to a picture.
fn clipped([x0, y0, x1, y1]: [f64; 4], [width, height]: [f64; 2]) -> [f64; 4] {
    [x0.clamp(0.0, width), y0.clamp(0.0, height), x1.clamp(0.0, width), y1.clamp(0.0, height)]
}

/// Box area before a place: of the boxes that start there, minus those that have ended.
struct Before {
    /// Places in order, each with the sums of heights, and of heights times places, up to it.
    edges: Vec<(f64, f64, f64)>,
}

impl Before {
    /// `spans` are start, end and height of each box.
    fn new(spans: &[(f64, f64, f64)]) -> Self {
        let ends = spans.iter().flat_map(|&(start, end, high)| [(start, high), (end, -high)]);
        let mut edges: Vec<(f64, f64, f64)> = ends.map(|(at, high)| (at, high, high * at)).collect();
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut heights, mut moments) = (0.0, 0.0);
        for edge in &mut edges {
            heights += edge.1;
            moments += edge.2;
            (edge.1, edge.2) = (heights, moments);
        }
        Self { edges }
    }

    fn area(&self, at: f64) -> f64 {
        match self.edges.partition_point(|edge| edge.0 < at) {
            0 => 0.0,
            count => at * self.edges[count - 1].1 - self.edges[count - 1].2,
        }
    }
}

/// The largest square of a picture that keeps the most box area; at ties the one nearest the centre, then the first.
///
/// The area kept is linear between the places where an edge of the square meets an edge of a box, so only the whole
/// numbers beside those places, and the centre, are tried. Sides are whole and at least 1, boxes are sound.
#[must_use]
pub fn main_square([width, height]: [f64; 2], boxes: &[[f64; 4]]) -> [f64; 4] {
    let (side, room, is_wide) = (width.min(height), (width - height).abs(), width >= height);
    let spans: Vec<(f64, f64, f64)> = boxes
        .iter()
        .map(|&corners| {
            let [x0, y0, x1, y1] = clipped(corners, [width, height]);
            if is_wide { (x0, x1, y1 - y0) } else { (y0, y1, x1 - x0) }
        })
        .collect();
    let offset = if room == 0.0 { 0.0 } else { best_offset(side, room, &spans) };
    let (left, top) = if is_wide { (offset, 0.0) } else { (0.0, offset) };
    [left, top, left + side, top + side]
}

fn best_offset(side: f64, room: f64, spans: &[(f64, f64, f64)]) -> f64 {
    let edges = spans.iter().flat_map(|&(start, end, _)| [start, end, start - side, end - side]);
    let mut offsets: Vec<f64> = edges
        .chain([room / 2.0])
        .flat_map(|edge| [edge.floor(), edge.ceil()])
        .chain([0.0, room])
        .map(|offset| offset.clamp(0.0, room))
        .collect();
    offsets.sort_by(f64::total_cmp);
    offsets.dedup();
    let before = Before::new(spans);
    let kept: Vec<f64> = offsets.iter().map(|&at| before.area(at + side) - before.area(at)).collect();
    let most = kept.iter().copied().fold(0.0, f64::max);
    let far = |at: f64| (at - room / 2.0).abs();
    let mut best: Option<f64> = None;
    for (&at, &area) in offsets.iter().zip(&kept) {
        // Sums of many boxes round: what differs by less is equal.
        if area >= most * (1.0 - 1e-12) && best.is_none_or(|found| far(at) < far(found)) {
            best = Some(at);
        }
    }
    best.unwrap_or(0.0)
}

/// A square around a box, held inside another box of whole numbers.
///
/// It has `scale` times the box's long side and its centre, rounded outwards to whole pixels; it is cut down to the
/// short side of `within`, keeping its centre, and shifted to lie inside. `None` where `within` holds no whole pixel.
#[must_use]
pub fn region_square(
    [x0, y0, x1, y1]: [f64; 4],
    [left, top, right, bottom]: [f64; 4],
    scale: f64,
) -> Option<[f64; 4]> {
    let (left, top, right, bottom) = (left.ceil(), top.ceil(), right.floor(), bottom.floor());
    let most = (right - left).min(bottom - top);
    if most < 1.0 {
        return None;
    }
    let half = (x1 - x0).max(y1 - y0) * scale / 2.0;
    let (x, y) = (f64::midpoint(x0, x1), f64::midpoint(y0, y1));
    let lows = [(x - half).floor(), (y - half).floor()];
    let highs = [(x + half).ceil(), (y + half).ceil()];
    let wanted = (highs[0] - lows[0]).max(highs[1] - lows[1]).max(1.0);
    let side = wanted.min(most);
    let moved = ((wanted - side) / 2.0).floor();
    let x = (lows[0] + moved).clamp(left, right - side);
    let y = (lows[1] + moved).clamp(top, bottom - side);
    Some([x, y, x + side, y + side])
}
