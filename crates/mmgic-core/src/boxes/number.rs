//! Numbers as a model may write them.

/// A number and where it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub value: f64,
    pub end: usize,
    /// It has a point.
    pub has_point: bool,
}

/// Digits that count; more only move the end.
const MOST: u32 = 15;

/// The number at `text[at..]`: a sign, digits, and perhaps a point with digits.
#[inline(always)]
pub(super) fn read_number(text: &[u8], at: usize) -> Option<Number> {
    let mut whole: u32 = 0;
    let mut end = at;
    while let Some(digit) = text.get(end).map(|b| b.wrapping_sub(b'0')).filter(|d| *d < 10) {
        whole = whole.wrapping_mul(10).wrapping_add(u32::from(digit));
        end += 1;
    }
    if end > at && end - at <= 9 && text.get(end) != Some(&b'.') {
        return Some(Number { value: f64::from(whole), end, has_point: false });
    }
    read_long(text, at)
}

fn read_long(text: &[u8], at: usize) -> Option<Number> {
    let negative = text.get(at) == Some(&b'-');
    let mut end = at + usize::from(negative || text.get(at) == Some(&b'+'));
    let (mut digits, mut count, mut dropped, mut behind) = (0_u64, 0_u32, 0_i32, 0_i32);
    let (mut seen, mut has_point) = (false, false);
    while let Some(&byte) = text.get(end) {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if count < MOST {
                    digits = digits * 10 + u64::from(byte - b'0');
                    count += u32::from(digits > 0);
                    behind += i32::from(has_point);
                } else {
                    dropped = dropped.saturating_add(i32::from(!has_point));
                }
            }
            // A point that ends a sentence is none of the number.
            b'.' if !has_point && text.get(end + 1).is_some_and(u8::is_ascii_digit) => has_point = true,
            _ => break,
        }
        end += 1;
    }
    if !seen {
        return None;
    }
    #[allow(clippy::cast_precision_loss)]
    let digits = digits as f64;
    let scaled = if dropped > 0 { digits * 10_f64.powi(dropped) } else { digits / 10_f64.powi(behind) };
    Some(Number { value: if negative { -scaled } else { scaled }, end, has_point })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_parser() {
        for text in [
            "0",
            "7",
            "007",
            "123456789",
            "1234567890",
            "0.123",
            "0.001",
            "1.000",
            "-3",
            "-0.25",
            "12.5",
            ".5",
        ] {
            let found = read_number(text.as_bytes(), 0);
            assert_eq!(
                found.map(|n| (n.value, n.end)),
                text.parse().ok().map(|v: f64| (v, text.len())),
                "{text}"
            );
        }
        for text in ["", "-", ".", "x", "+-1"] {
            assert_eq!(read_number(text.as_bytes(), 0), None);
        }
        assert_eq!(read_number(b"12. Then", 0).map(|n| n.end), Some(2));
        let long = "9".repeat(400);
        assert!(read_number(long.as_bytes(), 0).is_some_and(|n| n.end == 400 && n.value > 1e300));
    }
}
