use super::iou::{Path, iou_matrix_by};
use super::*;
use proptest::prelude::*;

fn boxes(most: usize) -> impl Strategy<Value = Vec<[f64; 4]>> {
    // Halves and quarters too: shared edges and equal boxes are common.
    let corner = prop_oneof![(-8i32..40).prop_map(|v| f64::from(v) / 4.0), -3.0..12.0f64];
    let one = [corner.clone(), corner.clone(), corner.clone(), corner];
    let one = one.prop_map(|[a, b, c, d]| [a.min(c), b.min(d), a.max(c), b.max(d)]);
    prop::collection::vec(one, 0..most)
}

fn sound(boxes: &[[f64; 4]]) -> SoundBoxes {
    SoundBoxes::new(boxes).unwrap_or_else(|e| panic!("{e}"))
}

fn matrix(a: &[[f64; 4]], b: &[[f64; 4]], path: Path) -> Vec<f64> {
    let mut out = vec![f64::NAN; a.len() * b.len()];
    assert_eq!(iou_matrix_by(None, &sound(a), &sound(b), &mut out, path), Ok(()));
    out
}

proptest! {
    #[test]
    fn both_paths_agree_bit_for_bit(a in boxes(70), b in boxes(1100)) {
        let best: Vec<u64> = matrix(&a, &b, Path::Best).into_iter().map(f64::to_bits).collect();
        let portable: Vec<u64> = matrix(&a, &b, Path::Portable).into_iter().map(f64::to_bits).collect();
        prop_assert_eq!(best, portable);
    }

    #[test]
    fn overlaps_are_symmetric_and_at_most_one(a in boxes(20), b in boxes(40)) {
        let (there, back) = (matrix(&a, &b, Path::Best), matrix(&b, &a, Path::Best));
        for (i, p) in a.iter().enumerate() {
            for (j, q) in b.iter().enumerate() {
                let value = there[i * b.len() + j];
                prop_assert_eq!(value.to_bits(), back[j * a.len() + i].to_bits());
                prop_assert!((0.0..=1.0).contains(&value));
                if p.map(f64::to_bits) == q.map(f64::to_bits) && fault(*p, None) == 0 {
                    prop_assert_eq!(value.to_bits(), 1.0f64.to_bits());
                }
            }
        }
    }

    #[test]
    fn threads_change_nothing(a in boxes(100), b in boxes(60), least in 0.01..1.0f64) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
        let pool = pool.unwrap_or_else(|e| panic!("{e}"));
        let (p, q) = (sound(&a), sound(&b));
        let mut out = vec![f64::NAN; a.len() * b.len()];
        prop_assert_eq!(iou_matrix(Some(&pool), &p, &q, &mut out), Ok(()));
        prop_assert_eq!(&out, &matrix(&a, &b, Path::Best));
        let alone = iou_pairs(None, &p, &q, least, usize::MAX);
        prop_assert_eq!(&alone, &iou_pairs(Some(&pool), &p, &q, least, usize::MAX));
        let expected = out.iter().filter(|v| **v >= least).copied().collect::<Vec<_>>();
        prop_assert_eq!(alone.map(|pairs| pairs.overlaps), Ok(expected));
    }
}

#[test]
fn faults_are_flags() {
    let nan = f64::NAN;
    let size = Some([10.0, 10.0]);
    for (corners, flags) in [
        ([0.0, 0.0, 10.0, 10.0], 0),
        ([0.0, 0.0, nan, 10.0], NOT_FINITE),
        ([5.0, 0.0, 4.0, f64::NEG_INFINITY], NOT_FINITE),
        ([5.0, 0.0, 4.0, 10.0], INVERTED),
        ([5.0, 5.0, 5.0, 6.0], DEGENERATE),
        ([0.0, 0.0, 1e-200, 1e-200], DEGENERATE),
        ([0.0, 0.0, 10.5, 1.0], STICKS_OUT),
        ([10.0, 0.0, 11.0, 1.0], OUTSIDE),
        ([-1.0, -1.0, 0.0, 5.0], OUTSIDE),
        ([0.0, 0.0, 1e151, 1.0], TOO_LARGE | STICKS_OUT),
        ([0.0, 0.0, -1e151, 1.0], TOO_LARGE | INVERTED),
    ] {
        assert_eq!(fault(corners, size), flags, "{corners:?}");
        assert_eq!(require_sound(&[corners]).is_err(), flags & UNSOUND != 0, "{corners:?}");
    }
    assert_eq!(faults(&[[10.0, 0.0, 11.0, 1.0]], None), [0]);
}

#[test]
fn the_first_unsound_row_is_named() {
    let good = [0.0, 0.0, 1.0, 1.0];
    let found = SoundBoxes::new(&[good, [2.0, 0.0, 1.0, 1.0], [f64::NAN; 4]]);
    assert_eq!(
        found.err().map(|e| e.to_string()),
        Some("box 1 is inverted: [2.0, 0.0, 1.0, 1.0]".to_owned())
    );
}

#[test]
fn the_largest_boxes_do_not_overflow() {
    let most = [-LARGEST, -LARGEST, LARGEST, LARGEST];
    assert_eq!(matrix(&[most], &[most, [0.0, 0.0, LARGEST, LARGEST]], Path::Best), [1.0, 0.25]);
}

#[test]
fn rooms_and_counts_are_checked() {
    let two = sound(&[[0.0, 0.0, 1.0, 1.0]; 2]);
    let refused = iou_matrix(None, &two, &two, &mut [0.0; 3]);
    assert_eq!(refused, Err(OverlapError::Room { room: 3, rows: 2, columns: 2 }));
    assert_eq!(iou_pairs(None, &two, &two, 0.5, 3), Err(OverlapError::TooManyPairs(3)));
    assert_eq!(iou_pairs(None, &two, &two, 0.5, 4).map(|p| p.columns), Ok(vec![0, 1, 0, 1]));
    assert_eq!(iou_pairs(None, &two, &sound(&[]), 0.5, 4), Ok(Pairs::default()));
}
