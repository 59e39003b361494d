//! Digits of small numbers from a table: four stores a box instead of four divisions.

const SIZE: usize = 10_000;

/// The four digits of every number below 10,000, with leading zeros: 40 kB.
static PADDED: [[u8; 4]; SIZE] = {
    let mut table = [[b'0'; 4]; SIZE];
    let mut number = 0;
    while number < SIZE {
        #[allow(clippy::cast_possible_truncation)]
        {
            table[number] = [
                b'0' + (number / 1000) as u8,
                b'0' + (number / 100 % 10) as u8,
                b'0' + (number / 10 % 10) as u8,
                b'0' + (number % 10) as u8,
            ];
        }
        number += 1;
    }
    table
};

/// Bytes that one number may take, and that the buffer must have to spare.
pub(super) const LONGEST: usize = 16;

/// Writes a number of 0 or more with at least `least` digits; returns its end.
#[inline(always)]
pub(super) fn put_number(out: &mut [u8], at: usize, number: i32, least: usize) -> usize {
    let Some(four) = usize::try_from(number).ok().and_then(|n| PADDED.get(n)) else {
        return put_long(out, at, number, least);
    };
    if least > 4 {
        return put_long(out, at, number, least);
    }
    let length = 1 + usize::from(number >= 10) + usize::from(number >= 100) + usize::from(number >= 1000);
    let length = length.max(least);
    // The digits that are wanted move to the front.
    let shifted = u32::from_le_bytes(*four) >> (8 * (4 - length));
    out[at..at + 4].copy_from_slice(&shifted.to_le_bytes());
    at + length
}

/// Writes `number / 10^places` with so many decimals.
#[inline(always)]
pub(super) fn put_decimal(out: &mut [u8], at: usize, number: i32, places: u32) -> usize {
    if places == 3
        && let Some(&[whole, a, b, c]) = usize::try_from(number).ok().and_then(|n| PADDED.get(n))
    {
        out[at..at + 5].copy_from_slice(&[whole, b'.', a, b, c]);
        return at + 5;
    }
    let scale = 10_i32.pow(places);
    let point = put_number(out, at, number / scale, 1);
    out[point] = b'.';
    put_long(out, point + 1, number % scale, places as usize)
}

fn put_long(out: &mut [u8], at: usize, number: i32, least: usize) -> usize {
    let mut digits = [b'0'; LONGEST];
    let mut rest = number.unsigned_abs();
    let mut from = LONGEST;
    while rest > 0 {
        from -= 1;
        #[allow(clippy::cast_possible_truncation)]
        {
            digits[from] = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
    }
    let length = (LONGEST - from).max(least.clamp(1, LONGEST));
    out[at..at + length].copy_from_slice(&digits[LONGEST - length..]);
    at + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_formatter() {
        let mut out = [0; 64];
        for number in (0..11_000).chain([99_999, 123_456, 1_000_000, i32::MAX]) {
            for least in [0, 1, 3, 4, 6] {
                let end = put_number(&mut out, 3, number, least);
                assert_eq!(&out[3..end], format!("{number:0least$}").as_bytes());
            }
        }
    }

    #[test]
    fn decimals_are_those_of_the_formatter() {
        let mut out = [0; 64];
        for number in 0..=1000 {
            let end = put_decimal(&mut out, 0, number, 3);
            assert_eq!(&out[..end], format!("{:.3}", f64::from(number) / 1000.0).as_bytes());
            let end = put_decimal(&mut out, 0, number, 4);
            assert_eq!(&out[..end], format!("{:.4}", f64::from(number) / 10000.0).as_bytes());
        }
    }
}
