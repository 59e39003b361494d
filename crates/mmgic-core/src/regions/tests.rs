use super::*;
use proptest::prelude::*;

const RULES: Rules = Rules {
    min_inside_fraction: 0.5,
    crop_scale: 1.15,
    min_side_px: 4.0,
    min_area_fraction: 0.01,
    max_area_fraction: 0.9,
    duplicate_iou: 0.9,
    max_per_record: 3,
    max_per_label: 2,
};

fn kept(offset: f64, boxes: &[[f64; 4]], [width, height]: [f64; 2]) -> f64 {
    let (side, is_wide) = (width.min(height), width >= height);
    let one = |&[x0, y0, x1, y1]: &[f64; 4]| {
        let [x0, x1] = [x0, x1].map(|v| v.clamp(0.0, width));
        let [y0, y1] = [y0, y1].map(|v| v.clamp(0.0, height));
        let (from, to, high) = if is_wide { (x0, x1, y1 - y0) } else { (y0, y1, x1 - x0) };
        (to.min(offset + side) - from.max(offset)).max(0.0) * high
    };
    boxes.iter().map(one).sum()
}

fn corners() -> impl Strategy<Value = [f64; 4]> {
    let value = prop_oneof![(-20i32..120).prop_map(f64::from), -20.0..120.0f64];
    [value.clone(), value.clone(), value.clone(), value]
        .prop_map(|[a, b, c, d]| [a.min(c), b.min(d), a.max(c), b.max(d)])
}

proptest! {
    #[test]
    fn no_offset_keeps_more(width in 1i32..90, height in 1i32..90, boxes in prop::collection::vec(corners(), 0..12)) {
        let size = [f64::from(width), f64::from(height)];
        let (side, room) = (size[0].min(size[1]), (width - height).abs());
        let crop = main_square(size, &boxes);
        let at = if width >= height { crop[0] } else { crop[1] };
        prop_assert!(at >= 0.0 && at <= f64::from(room) && at.fract() == 0.0);
        prop_assert!([crop[2] - crop[0], crop[3] - crop[1]].iter().all(|v| v.to_bits() == side.to_bits()));
        let of = |offset: f64| kept(offset, &boxes, size);
        for offset in 0..=room {
            prop_assert!(of(f64::from(offset)) <= of(at) * (1.0 + 1e-9) + 1e-9);
        }
    }

    #[test]
    fn a_square_holds_what_fits_and_lies_inside(inner in corners(), outer in corners(), scale in 1.0..3.0f64) {
        if let Some([x0, y0, x1, y1]) = region_square(inner, outer, scale) {
            prop_assert_eq!((x1 - x0).to_bits(), (y1 - y0).to_bits());
            prop_assert!(x1 - x0 >= 1.0 && [x0, y0, x1, y1].iter().all(|v| v.fract() == 0.0));
            prop_assert!(x0 >= outer[0] && y0 >= outer[1] && x1 <= outer[2] && y1 <= outer[3]);
        } else {
            prop_assert!((outer[2].floor() - outer[0].ceil()).min(outer[3].floor() - outer[1].ceil()) < 1.0);
        }
    }

    #[test]
    fn every_box_has_a_cause_or_a_rank(
        boxes in prop::collection::vec(corners(), 0..20),
        kind in 0u8..6,
        orientation in 1u8..9,
    ) {
        let kinds: Vec<u8> = (0..boxes.len()).map(|at| if at % 3 == 0 { kind } else { 0 }).collect();
        let labels: Vec<u32> = (0..boxes.len()).map(|at| u32::from(at % 2 == 0)).collect();
        let batch = Batch {
            boxes: &boxes,
            kinds: &kinds,
            labels: &labels,
            starts: &[0, boxes.len() as u64],
            sizes: &[[100.0, 60.0]],
            scales: &[[1.0, 1.0]],
            orientations: &[orientation],
        };
        let placed = place(&batch, &RULES).unwrap_or_else(|e| panic!("{e}"));
        let ranked: Vec<i32> = placed.ranks.iter().copied().filter(|&rank| rank >= 0).collect();
        prop_assert!(ranked.len() <= RULES.max_per_record);
        for (at, (&cause, &rank)) in placed.causes.iter().zip(&placed.ranks).enumerate() {
            let is_region = rank >= 0;
            prop_assert_eq!(is_region, cause == 0 && kinds[at] == Kind::Object as u8);
            prop_assert_eq!(is_region, placed.squares[at].iter().any(|v| v.to_bits() != 0));
        }
    }
}

#[test]
fn batches_that_do_not_fit_together_are_refused() {
    let whole = Batch {
        boxes: &[[0.0, 0.0, 1.0, 1.0]],
        kinds: &[0],
        labels: &[0],
        starts: &[0, 1],
        sizes: &[[9.0, 9.0]],
        scales: &[[1.0, 1.0]],
        orientations: &[1],
    };
    assert!(place(&whole, &RULES).is_ok());
    for broken in [
        Batch { kinds: &[], ..whole },
        Batch { kinds: &[6], ..whole },
        Batch { labels: &[], ..whole },
        Batch { starts: &[0], ..whole },
        Batch { starts: &[1, 1], ..whole },
        Batch { starts: &[0, 2], ..whole },
        Batch { orientations: &[0], ..whole },
        Batch { sizes: &[[0.0, 9.0]], ..whole },
        Batch { sizes: &[[9.5, 9.0]], ..whole },
        Batch { scales: &[[f64::NAN, 1.0]], ..whole },
        Batch { scales: &[], ..whole },
    ] {
        assert!(place(&broken, &RULES).is_err(), "{broken:?}");
    }
    let two = Batch {
        starts: &[0, 2, 1],
        sizes: &[[9.0, 9.0]; 2],
        scales: &[[1.0, 1.0]; 2],
        orientations: &[1, 1],
        ..whole
    };
    assert_eq!(place(&two, &RULES).map(|_| ()), Err(RegionError::Starts(1)));
}
