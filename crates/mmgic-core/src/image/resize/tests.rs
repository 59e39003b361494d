//! Every path against a plain two-pass resize, value for value; Python's tests hold the result against Pillow.

use super::axis::{BITS, pillow};
use super::passes::{Path, run};
use super::*;
use proptest::prelude::*;

const FILTERS: [Filter; 3] = [Filter::Bicubic, Filter::Bilinear, Filter::Box];

/// Pixels without a pattern, many of them black or white.
fn noise(count: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    (0..count).map(|_| next()).map(|[a, b, ..]| if b < 80 { (a & 1) * 255 } else { a }).collect()
}

/// One pass along one axis of `lines` lines: values lie `step` apart, lines `line` apart, as in `to`.
fn pass(
    from: &[u8],
    (step, line, lines): (usize, usize, usize),
    crop: (usize, f32, f32),
    side: usize,
    filter: Filter,
    to: &mut [u8],
    (to_step, to_line): (usize, usize),
) {
    let (taps, weights) = pillow(crop.0, crop.1, crop.2, side, filter);
    for at in 0..lines {
        for (sample, taps) in taps.iter().enumerate() {
            let products = (taps.first..).zip(&weights[taps.weights.clone()]);
            let sum = products.map(|(x, &w)| i32::from(from[at * line + x * step]) * w).sum::<i32>();
            let value = (sum + (1 << (BITS - 1))) >> BITS;
            to[at * to_line + sample * to_step] = u8::try_from(value.clamp(0, 255)).unwrap_or(0);
        }
    }
}

/// The whole resize, channel by channel, pass after pass.
fn plain(
    rgb: &[u8],
    (width, height): (usize, usize),
    crop: [f32; 4],
    side: usize,
    filter: Filter,
) -> Vec<u8> {
    let (x, y) = ((width, crop[0], crop[2]), (height, crop[1], crop[3]));
    let mut out = vec![0; side * side * 3];
    for channel in 0..3 {
        let from: Vec<u8> = rgb.iter().skip(channel).step_by(3).copied().collect();
        let mut square = vec![0; side * side];
        if height.saturating_sub(side) > 2 * width.saturating_sub(side) {
            let mut between = vec![0; width * side];
            pass(&from, (width, 1, width), y, side, filter, &mut between, (width, 1));
            pass(&between, (1, width, side), x, side, filter, &mut square, (1, side));
        } else {
            let mut between = vec![0; side * height];
            pass(&from, (1, width, height), x, side, filter, &mut between, (1, side));
            pass(&between, (side, 1, side), y, side, filter, &mut square, (side, 1));
        }
        for (to, value) in out.iter_mut().skip(channel).step_by(3).zip(square) {
            *to = value;
        }
    }
    out
}

fn cut_out(rgb: &[u8], width: usize, region: Region) -> Vec<u8> {
    let rows = rgb.chunks_exact(width * 3).take(region.y1).skip(region.y0);
    rows.flat_map(|row| &row[region.x0 * 3..region.x1 * 3]).copied().collect()
}

fn check(whole: (usize, usize), crop: [f32; 4], side: usize, filter: Filter, buffers: &mut Buffers) {
    let rgb = noise(whole.0 * whole.1 * 3, 7);
    let Ok(plan) = Resize::new(whole, CropBox(crop.map(f64::from)), side, filter) else {
        panic!("{whole:?} {crop:?}")
    };
    let expected = plain(&rgb, whole, crop, side, filter);
    let all = Part { rgb: &rgb, region: Region::whole(whole), whole };
    let needed = cut_out(&rgb, whole.0, plan.needs());
    let just = Part { rgb: &needed, region: plan.needs(), whole };
    let mut out = vec![0; expected.len()];
    for part in [all, just] {
        for path in [Path::Best, Path::Portable] {
            out.fill(1);
            run(&plan, &part, buffers, Out::Bytes(&mut out), path);
            assert!(out == expected, "{path:?} {whole:?} {crop:?} {side} {filter:?}");
        }
    }
}

proptest! {
    #[test]
    fn every_path_equals_the_plain_resize(
        (width, height) in prop_oneof![(1..90usize, 1..90usize), (1..6usize, 1..400usize), (1..400usize, 1..6usize)],
        ends in [0.0..1.0f32, 0.0..1.0, 0.0..1.0, 0.0..1.0],
        side in prop_oneof![1..40usize, Just(64), Just(101)],
        filter in prop::sample::select(&FILTERS[..]),
        rounded: bool,
    ) {
        let [a, b, c, d] = ends;
        #[allow(clippy::cast_precision_loss)]
        let scaled = [a.min(b) * width as f32, c.min(d) * height as f32, a.max(b) * width as f32, c.max(d) * height as f32];
        let crop = if rounded { scaled.map(f32::floor) } else { scaled };
        if crop[0] < crop[2] && crop[1] < crop[3] {
            check((width, height), crop, side, filter, &mut Buffers::default());
        }
    }
}

#[test]
fn both_orders_and_used_buffers() {
    let mut buffers = Buffers::default();
    for whole in [(40, 40), (20, 95), (95, 20), (30, 56), (1, 300), (300, 1), (8, 8)] {
        for side in [1, 8, 30] {
            for filter in FILTERS {
                #[allow(clippy::cast_precision_loss)]
                let crop = [0.0, 0.0, whole.0 as f32, whole.1 as f32];
                check(whole, crop, side, filter, &mut buffers);
            }
        }
    }
}

#[test]
fn the_vertical_pass_goes_first_where_pillow_does_so() {
    let rows_first = |whole| {
        let crop = CropBox([0.0, 0.0, 5.0, 5.0]);
        Resize::new(whole, crop, 10, Filter::Box).is_ok_and(|plan| plan.rows_first())
    };
    assert!(rows_first((5, 11)) && rows_first((10, 11)) && rows_first((20, 31)));
    assert!(!rows_first((5, 10)) && !rows_first((20, 30)) && !rows_first((11, 12)));
}

#[test]
fn spans_never_step_back() {
    // Twice as large at the left border: the weight of pixel 0 is 0 for the fourth sample, but not for the fifth.
    let axis = Axis::new(12, 0.0, 6.0, 12, Filter::Bicubic);
    assert_eq!(axis.needs(), &(0..8));
    let mut before = (0, 0);
    for sample in 0..axis.len() {
        let (first, weights) = axis.at(sample);
        let now = (first, first + weights.len());
        assert!(before.0 <= now.0 && before.1 <= now.1, "{sample}: {before:?} {now:?}");
        before = now;
    }
}

#[test]
fn a_crop_of_the_squares_own_size_is_copied_and_needs_nothing_else() {
    let (whole, region) = ((50, 40), Region { x0: 9, y0: 3, x1: 9 + 24, y1: 3 + 24 });
    let rgb = noise(50 * 40 * 3, 3);
    for filter in FILTERS {
        let Ok(plan) = Resize::new(whole, CropBox([9.0, 3.0, 33.0, 27.0]), 24, filter) else { panic!() };
        assert_eq!(plan.needs(), region);
        let mut out = vec![0; 24 * 24 * 3];
        let part = Part { rgb: &rgb, region: Region::whole(whole), whole };
        assert_eq!(plan.run(&part, &mut Buffers::default(), Out::Bytes(&mut out)), Ok(()));
        assert!(out == cut_out(&rgb, 50, region));
    }
}

#[test]
fn needs_reach_as_far_as_the_filter() {
    let needs =
        |filter| Resize::new((100, 100), CropBox([40.0, 0.0, 60.0, 100.0]), 10, filter).map(|p| p.needs());
    // Twice smaller across: bicubic reaches four samples to each side of a centre, bilinear two, box one.
    assert_eq!(needs(Filter::Bicubic), Ok(Region { x0: 37, y0: 0, x1: 63, y1: 100 }));
    assert_eq!(needs(Filter::Bilinear), Ok(Region { x0: 39, y0: 0, x1: 61, y1: 100 }));
    assert_eq!(needs(Filter::Box), Ok(Region { x0: 40, y0: 0, x1: 60, y1: 100 }));
}

#[test]
fn parts_and_outputs_that_do_not_fit_are_refused() {
    let (whole, rgb, mut buffers) = ((20, 10), vec![0; 600], Buffers::default());
    let Ok(plan) = Resize::new(whole, CropBox([5.0, 2.0, 15.0, 8.0]), 4, Filter::Bilinear) else { panic!() };
    let region = Region::whole(whole);
    let short = Region { y1: plan.needs().y1 - 1, ..region };
    let wrong = [
        (Part { rgb: &rgb, region, whole: (20, 11) }, 48),
        (Part { rgb: &rgb[1..], region, whole }, 48),
        (Part { rgb: &rgb[..short.y1 * 60], region: short, whole }, 48),
        (Part { rgb: &rgb, region: Region { x1: 0, ..region }, whole }, 48),
        (Part { rgb: &rgb, region, whole }, 47),
    ];
    for (part, length) in wrong {
        let mut out = vec![0; length];
        assert_eq!(plan.run(&part, &mut buffers, Out::Bytes(&mut out)), Err(ImageError::BadCrop), "{part:?}");
    }
    for side in [0, MAX_SIDE + 1] {
        let plan = Resize::new(whole, CropBox([0.0, 0.0, 5.0, 5.0]), side, Filter::Box);
        assert_eq!(plan.map(|_| ()), Err(ImageError::BadCrop));
    }
}

#[test]
#[allow(clippy::cast_precision_loss)]
fn memory_stays_small_whatever_the_picture() {
    let bytes = |whole: (usize, usize), side, filter| {
        let crop = CropBox([0.0, 0.0, whole.0 as f64, whole.1 as f64]);
        Resize::new(whole, crop, side, filter).map_or(0, |plan| plan.bytes())
    };
    for filter in FILTERS {
        assert!((1..1 << 20).contains(&bytes((1600, 1200), 224, filter)));
        for whole in [(1, 30_000), (30_000, 1), (8_000, 8_000)] {
            assert!((1..8 << 20).contains(&bytes(whole, MAX_SIDE, filter)), "{whole:?}");
        }
    }
}

#[test]
#[allow(clippy::cast_precision_loss)]
fn an_outline_tells_no_less_than_the_resize_needs() {
    let mut state = 9_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % bound
    };
    for round in 0..3000 {
        let whole = (1 + below(if round % 2 == 0 { 60 } else { 3000 }), 1 + below(900));
        let side = 1 + below(if round % 3 == 0 { 20 } else { 700 });
        let (x, y) = (below(whole.0), below(whole.1));
        let crop = CropBox([
            x as f64 + 0.25 * below(4) as f64,
            y as f64,
            (x + 1 + below(whole.0 - x)) as f64,
            (y + 1 + below(whole.1 - y)) as f64,
        ]);
        let filter = FILTERS[round % 3];
        let (Ok(outline), Ok(resize)) =
            (Outline::new(whole, crop, side, filter), Resize::new(whole, crop, side, filter))
        else {
            panic!("{whole:?} {crop:?}")
        };
        assert!(outline.needs.covers(&resize.needs()), "{whole:?} {crop:?} {side}");
        assert!(
            outline.bytes >= resize.bytes(),
            "{whole:?} {crop:?} {side} {} {}",
            outline.bytes,
            resize.bytes()
        );
    }
}

#[test]
fn normalised_planes_hold_the_same_pixels() {
    let tables = Tables::new([0.4, 0.5, 0.6], [0.2, 0.3, 0.25]);
    for whole in [(60, 50), (20, 90)] {
        let rgb = noise(whole.0 * whole.1 * 3, 5);
        let Ok(plan) = Resize::new(whole, CropBox([1.5, 2.0, 19.0, 44.5]), 18, Filter::Bicubic) else {
            panic!()
        };
        let part = Part { rgb: &rgb, region: Region::whole(whole), whole };
        let mut buffers = Buffers::default();
        let (mut bytes, mut single, mut expected) = (vec![0; 972], vec![0.0; 972], vec![1.0; 972]);
        assert_eq!(plan.run(&part, &mut buffers, Out::Bytes(&mut bytes)), Ok(()));
        assert_eq!(plan.run(&part, &mut buffers, Out::F32(&mut single, &tables)), Ok(()));
        Out::F32(&mut expected, &tables).put(0, 18, &bytes);
        assert!(single.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
