//! How many code groups a lossless WebP stream makes libwebp build tables for, told before it does.
//!
//! Each group costs a few bytes of the file but 5 KiB and more of memory: a file of 300 KiB took 350 MiB.
//! Groups are named by the pixels of a small picture that stands before the pixels proper, so only that one and
//! the transforms before it are read through. Cost: a sixteenth of the pixels at most, no memory worth naming.

/// libwebp writes at most 2,600 groups; this many take at most 64 MiB.
pub(super) const MAX_GROUPS: usize = 3000;

const CODE_LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const MAX_LENGTH: usize = 15;

/// Bits of a stream, the lowest of each byte first; past its end none.
struct Bits<'a> {
    stream: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn one(&mut self) -> Option<usize> {
        let byte = *self.stream.get(self.at / 8)?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Some(usize::from(bit))
    }

    fn number(&mut self, bits: usize) -> Option<usize> {
        (0..bits).try_fold(0, |sum, at| Some(sum | self.one()? << at))
    }
}

/// A canonical prefix code: how many symbols each length has, and the symbols in the order of their codes.
struct Code {
    counts: [usize; MAX_LENGTH + 1],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; MAX_LENGTH + 1];
        let mut symbols = vec![];
        for (length, count) in counts.iter_mut().enumerate().skip(1) {
            let before = symbols.len();
            symbols.extend((0..lengths.len()).filter(|&symbol| lengths[symbol] == length));
            *count = symbols.len() - before;
        }
        Self { counts, symbols }
    }

    fn read(bits: &mut Bits<'_>, alphabet: usize) -> Option<Self> {
        let mut lengths = vec![0; alphabet];
        if bits.one()? == 1 {
            let second = bits.one()? == 1;
            let wide = bits.one()? == 1;
            *lengths.get_mut(bits.number(if wide { 8 } else { 1 })?)? = 1;
            if second {
                *lengths.get_mut(bits.number(8)?)? = 1;
            }
            return Some(Self::new(&lengths));
        }
        let mut of_lengths = [0; 19];
        for &symbol in CODE_LENGTH_ORDER.iter().take(bits.number(4)? + 4) {
            of_lengths[symbol] = bits.number(3)?;
        }
        let of_lengths = Self::new(&of_lengths);
        let mut left = alphabet;
        if bits.one()? == 1 {
            let size = 2 + 2 * bits.number(3)?;
            left = 2 + bits.number(size)?;
        }
        let (mut symbol, mut last) = (0, 8);
        while symbol < alphabet && left > 0 {
            left -= 1;
            let (length, times) = match of_lengths.symbol(bits)? {
                16 => (last, 3 + bits.number(2)?),
                17 => (0, 3 + bits.number(3)?),
                18 => (0, 11 + bits.number(7)?),
                length => (length, 1),
            };
            if length > 0 {
                last = length;
            }
            lengths.get_mut(symbol..symbol + times)?.fill(length);
            symbol += times;
        }
        Some(Self::new(&lengths))
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Option<usize> {
        if let [only] = self.symbols[..] {
            return Some(only);
        }
        let (mut code, mut first, mut index) = (0, 0, 0);
        for &count in &self.counts[1..] {
            code = code << 1 | bits.one()?;
            first <<= 1;
            if code < first + count {
                return self.symbols.get(index + code - first).copied();
            }
            (index, first) = (index + count, first + count);
        }
        None
    }
}

/// A length or a distance by its prefix; only how far it reaches matters.
fn extended(bits: &mut Bits<'_>, prefix: usize) -> Option<usize> {
    if prefix < 4 {
        return Some(prefix + 1);
    }
    let extra = (prefix - 2) / 2;
    Some(((2 + prefix % 2) << extra) + bits.number(extra)? + 1)
}

fn cache_size(bits: &mut Bits<'_>) -> Option<usize> {
    Some(if bits.one()? == 1 { 1 << bits.number(4)? } else { 0 })
}

/// Reads through a small picture and gives how many different numbers its red and green samples make.
fn small_picture(bits: &mut Bits<'_>, pixels: usize) -> Option<usize> {
    let cache = cache_size(bits)?;
    let mut codes = Vec::with_capacity(5);
    for alphabet in [256 + 24 + cache, 256, 256, 256, 40] {
        codes.push(Code::read(bits, alphabet)?);
    }
    // Copies repeat what was there; a place of the cache that was never written holds 0.
    let mut seen = vec![false; 1 << 16];
    seen[0] = cache > 0;
    let mut at = 0;
    while at < pixels {
        let green = codes[0].symbol(bits)?;
        if green < 256 {
            seen[codes[1].symbol(bits)? << 8 | green] = true;
            codes[2].symbol(bits)?;
            codes[3].symbol(bits)?;
            at += 1;
        } else if green < 256 + 24 {
            at += extended(bits, green - 256)?;
            let prefix = codes[4].symbol(bits)?;
            extended(bits, prefix)?;
        } else {
            at += 1;
        }
    }
    Some(seen.iter().filter(|&&seen| seen).count())
}

fn blocks(width: usize, height: usize, bits: usize) -> usize {
    width.div_ceil(1 << bits) * height.div_ceil(1 << bits)
}

/// Code groups of a stream that begins with its transforms; none where it is cut or broken before they are
/// known (libwebp then builds no tables either).
pub(super) fn groups(stream: &[u8], width: u32, height: u32) -> Option<usize> {
    let bits = &mut Bits { stream, at: 0 };
    let (mut width, height) = (width as usize, height as usize);
    let mut done = [false; 4];
    while bits.one()? == 1 {
        let transform = bits.number(2)?;
        if std::mem::replace(&mut done[transform], true) {
            return None;
        }
        match transform {
            0 | 1 => {
                let size = bits.number(3)? + 2;
                small_picture(bits, blocks(width, height, size))?;
            }
            3 => {
                let colours = bits.number(8)? + 1;
                small_picture(bits, colours)?;
                let packed = [2, 4, 16].iter().filter(|&&most| colours <= most).count();
                width = width.div_ceil(1 << packed);
            }
            _ => {}
        }
    }
    cache_size(bits)?;
    if bits.one()? == 0 {
        return Some(1);
    }
    let size = bits.number(3)? + 2;
    small_picture(bits, blocks(width, height, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits in the order in which they are read.
    #[derive(Default)]
    struct Writer(Vec<u8>);

    impl Writer {
        fn put(&mut self, number: usize, bits: usize) -> &mut Self {
            self.0.extend((0..bits).map(|at| u8::from(number >> at & 1 == 1)));
            self
        }

        fn bytes(&self) -> Vec<u8> {
            self.0.chunks(8).map(|bits| bits.iter().rev().fold(0, |sum, bit| sum << 1 | bit)).collect()
        }
    }

    /// A code of 256 symbols of eight bits, then `unused` without any.
    fn full(writer: &mut Writer, unused: usize) {
        writer.put(0, 1).put(8, 4);
        for at in 0..12 {
            writer.put(usize::from(matches!(at, 2 | 11)), 3);
        }
        writer.put(0, 1);
        for at in 0..256 + unused {
            writer.put(usize::from(at < 256), 1);
        }
    }

    /// A stream of 64 x 64 whose blocks of 4 x 4 name `count` groups, after a transform that takes no bits.
    fn naming(count: usize) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.put(1, 1).put(2, 2).put(0, 1);
        writer.put(0, 1).put(1, 1).put(0, 3).put(0, 1);
        full(&mut writer, 24);
        full(&mut writer, 0);
        for _ in 0..3 {
            writer.put(1, 4);
        }
        for block in 0..16 * 16 {
            writer.put(block % count, 16);
        }
        writer.bytes()
    }

    #[test]
    fn groups_are_counted_once_each() {
        for count in [1, 2, 100, 256] {
            assert_eq!(groups(&naming(count), 64, 64), Some(count));
        }
        assert_eq!(groups(&[0], 64, 64), Some(1));
    }

    #[test]
    fn a_cut_stream_has_none() {
        let whole = naming(256);
        for cut in 0..whole.len() {
            assert_eq!(groups(&whole[..cut], 64, 64), None, "cut at {cut}");
        }
    }
}
