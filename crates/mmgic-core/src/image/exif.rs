//! The orientation tag out of an EXIF block: a bounded reader of one TIFF directory.
//!
//! Anything that is not a sound directory with a value 1 to 8 reads as 1 (upright). Cost: at most 65,535
//! entries of 12 bytes are looked at.

const ORIENTATION: u16 = 0x0112;
const SHORT: u16 = 3;
const LONG: u16 = 4;

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

fn u16_at(block: &[u8], at: usize, order: Order) -> Option<u16> {
    let raw: [u8; 2] = block.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(match order {
        Order::Little => u16::from_le_bytes(raw),
        Order::Big => u16::from_be_bytes(raw),
    })
}

fn u32_at(block: &[u8], at: usize, order: Order) -> Option<u32> {
    let raw: [u8; 4] = block.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(match order {
        Order::Little => u32::from_le_bytes(raw),
        Order::Big => u32::from_be_bytes(raw),
    })
}

fn find(tiff: &[u8]) -> Option<u32> {
    let order = match tiff.get(..4)? {
        b"II*\0" => Order::Little,
        b"MM\0*" => Order::Big,
        _ => return None,
    };
    let first = usize::try_from(u32_at(tiff, 4, order)?).ok()?;
    let entries = usize::from(u16_at(tiff, first, order)?);
    for entry in 0..entries {
        let at = first.checked_add(2 + 12 * entry)?;
        if u16_at(tiff, at, order)? != ORIENTATION {
            continue;
        }
        if u32_at(tiff, at + 4, order)? != 1 {
            return None;
        }
        return match u16_at(tiff, at + 2, order)? {
            SHORT => u16_at(tiff, at + 8, order).map(u32::from),
            LONG => u32_at(tiff, at + 8, order),
            _ => None,
        };
    }
    None
}

/// Orientation 1 to 8 of a TIFF-formed EXIF block (without the `Exif\0\0` of JPEG); 1 when there is none.
pub(super) fn orientation(tiff: &[u8]) -> u8 {
    match find(tiff) {
        Some(value @ 1..=8) => u8::try_from(value).unwrap_or(1),
        _ => 1,
    }
}

/// Orientation as Pillow sees it: of the EXIF block (with or without `Exif\0\0`), else of the XMP packet.
pub(super) fn orientation_of(exif: Option<&[u8]>, _xmp: Option<&[u8]>) -> u8 {
    exif.map_or(1, |block| orientation(block.strip_prefix(b"Exif\0\0").unwrap_or(block)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(big: bool, tag: u16, kind: u16, value: u16) -> Vec<u8> {
        let short = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let long = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut out = if big { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
        out.extend(long(8));
        out.extend(short(2));
        for (t, k, v) in [(0x0100, SHORT, 7), (tag, kind, value)] {
            out.extend(short(t));
            out.extend(short(k));
            out.extend(long(1));
            if k == LONG {
                out.extend(long(u32::from(v)));
            } else {
                out.extend(short(v));
                out.extend(short(0));
            }
        }
        out.extend(long(0));
        out
    }

    #[test]
    fn both_byte_orders_and_both_integer_kinds_are_read() {
        for big in [false, true] {
            for kind in [SHORT, LONG] {
                for value in 1..=8u16 {
                    assert_eq!(u16::from(orientation(&block(big, ORIENTATION, kind, value))), value);
                }
            }
        }
    }

    #[test]
    fn garbage_reads_as_upright() {
        assert_eq!(orientation(b""), 1);
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), 1);
        assert_eq!(orientation(&block(true, ORIENTATION, SHORT, 0)), 1);
        assert_eq!(orientation(&block(true, ORIENTATION, SHORT, 9)), 1);
        assert_eq!(orientation(&block(true, ORIENTATION, 2, 6)), 1);
        assert_eq!(orientation(&block(false, 0x0113, SHORT, 6)), 1);
        let whole = block(false, ORIENTATION, SHORT, 6);
        for cut in 0..whole.len() {
            assert!((1..=8).contains(&orientation(&whole[..cut])));
        }
    }
}
