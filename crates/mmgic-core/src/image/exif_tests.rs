//! What Pillow 13 answered for each of these blocks and packets.

use super::*;

fn alone(exif: &[u8]) -> u8 {
    orientation_of(Some(exif), None)
}

const SHORT: u16 = 3;

/// One TIFF directory: tag, type, count, value field of each entry; then `extra`.
fn block(big: bool, entries: &[(u16, u16, u32, [u8; 4])], extra: &[u8]) -> Vec<u8> {
    let short = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let long = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut out = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    out.extend(long(8));
    out.extend(short(u16::try_from(entries.len()).unwrap_or(0)));
    for &(tag, kind, count, value) in entries {
        out.extend(short(tag));
        out.extend(short(kind));
        out.extend(long(count));
        out.extend(value);
    }
    out.extend(long(0));
    out.extend(extra);
    out
}

fn one(kind: u16, count: u32, value: [u8; 4], extra: &[u8]) -> Vec<u8> {
    block(false, &[(ORIENTATION, kind, count, value)], extra)
}

fn six() -> Vec<u8> {
    one(SHORT, 1, [6, 0, 0, 0], &[])
}

#[test]
fn both_byte_orders_are_read() {
    for turn in 1..=8 {
        let (little, big) = ([turn, 0, 0, 0], [0, turn, 0, 0]);
        let before = (0x0100, SHORT, 1, [7, 7, 7, 7]);
        assert_eq!(alone(&block(false, &[before, (ORIENTATION, SHORT, 1, little)], &[])), turn);
        assert_eq!(alone(&block(true, &[before, (ORIENTATION, SHORT, 1, big)], &[])), turn);
    }
}

#[test]
fn every_number_type_is_read() {
    let inline = [6, 0, 0, 0];
    for kind in [3, 4, 6, 8, 9, 13] {
        assert_eq!(alone(&one(kind, 1, inline, &[])), 6, "type {kind}");
    }
    assert_eq!(alone(&one(11, 1, 6f32.to_le_bytes(), &[])), 6);
    let past = [26, 0, 0, 0];
    assert_eq!(alone(&one(5, 1, past, &[6, 0, 0, 0, 1, 0, 0, 0])), 6);
    assert_eq!(alone(&one(10, 1, past, &[6, 0, 0, 0, 1, 0, 0, 0])), 6);
    assert_eq!(alone(&one(5, 1, past, &[6, 0, 0, 0, 0, 0, 0, 0])), 1);
    assert_eq!(alone(&one(12, 1, past, &6f64.to_le_bytes())), 6);
    assert_eq!(alone(&one(16, 1, past, &6u64.to_le_bytes())), 6);
    assert_eq!(alone(&one(SHORT, 2, [6, 0, 3, 0], &[])), 6);
    assert_eq!(alone(&one(SHORT, 3, past, &[6, 0, 3, 0, 3, 0])), 6);
}

#[test]
fn the_first_entry_counts_and_the_order_of_tags_does_not() {
    let entry = |tag, turn| (tag, SHORT, 1, [turn, 0, 0, 0]);
    assert_eq!(alone(&block(false, &[entry(ORIENTATION, 6), entry(ORIENTATION, 3)], &[])), 6);
    assert_eq!(alone(&block(false, &[entry(0x0200, 3), entry(ORIENTATION, 6)], &[])), 6);
    let unknown = (0x0100, 99, 1, [0xff; 4]);
    assert_eq!(alone(&block(false, &[unknown, entry(ORIENTATION, 6)], &[])), 6);
    let outside = (0x0100, 5, 1, [0xff, 0xff, 0xff, 0x7f]);
    assert_eq!(alone(&block(false, &[outside, entry(ORIENTATION, 6)], &[])), 1);
}

#[test]
fn the_prefix_is_taken_off_twice_at_most() {
    for (times, turn) in [(0, 6), (1, 6), (2, 6), (3, 1)] {
        assert_eq!(alone(&[PREFIX.repeat(times), six()].concat()), turn, "{times} times");
    }
}

#[test]
fn what_is_no_turn_reads_as_upright() {
    for kind in [1, 2, 7, 99] {
        assert_eq!(alone(&one(kind, 1, [6, 0, 0, 0], &[])), 1, "type {kind}");
    }
    for value in [0, 9] {
        assert_eq!(alone(&one(SHORT, 1, [value, 0, 0, 0], &[])), 1);
    }
    assert_eq!(alone(b""), 1);
    assert_eq!(alone(b"II*\0\xff\xff\xff\xff"), 1);
    let whole = six();
    for cut in 0..whole.len() {
        let turn = if cut >= 22 { 6 } else { 1 };
        assert_eq!(alone(&whole[..cut]), turn, "cut at {cut}");
    }
}

#[test]
fn the_packet_counts_where_the_block_has_no_entry() {
    let packet: &[u8] = br#"<x t:t="" tiff:Orientatio tiff:Orientation="6"/>"#;
    let without = block(false, &[(0x0100, SHORT, 1, [3, 0, 0, 0])], &[]);
    for exif in
        [None, Some(&b"Exif\0\0"[..]), Some(&without), Some(&one(99, 1, [3; 4], &[])), Some(&six()[..12])]
    {
        assert_eq!(orientation_of(exif, Some(packet)), 6, "{exif:?}");
    }
    let upright = one(SHORT, 1, [1, 0, 0, 0], &[]);
    let nine = one(SHORT, 1, [9, 0, 0, 0], &[]);
    let text = one(2, 2, *b"6\0\0\0", &[]);
    for exif in [&upright[..], &nine, &text, b"garbage"] {
        assert_eq!(orientation_of(Some(exif), Some(packet)), 1, "{exif:?}");
    }
}

#[test]
fn the_packet_is_searched_as_pillow_does() {
    for (packet, turn) in [
        (&b"<tiff:Orientation>8</tiff:Orientation>"[..], 8),
        (b"tiff:Orientation='6'", 1),
        (b"tiff:Orientation=\"61\"", 6),
        (b"tiff:Orientation=\"9\" tiff:Orientation=\"6\"", 1),
        (b"tiff:Orientation=\"x\" tiff:Orientation=\"6\"", 6),
        (b"tiff:Orientation", 1),
        (b"tiff:Orientation=\"", 1),
    ] {
        assert_eq!(orientation_of(None, Some(packet)), turn);
    }
}
