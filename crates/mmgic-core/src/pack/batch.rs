//! Packed rows to what a training step reads: ids, positions that restart at each segment, labels.
//!
//! The first token of a segment is no target, nor are tokens of the kinds that are masked, nor padding. The padding of a
//! row counts as a segment of its own.

use super::block::known_id_bytes;
use super::error::PackError;

/// A label that is no target, as `PyTorch`'s cross-entropy ignores it.
pub const IGNORED: i64 = -100;

/// Rows end to end, row `r` of `row_segments[r]` segments; `ids` holds `id_bytes` (2 or 4) little-endian bytes a token.
#[derive(Clone, Copy, Debug)]
pub struct PackedRows<'a> {
    pub ids: &'a [u8],
    pub id_bytes: usize,
    pub kinds: &'a [u8],
    pub segment_lengths: &'a [u32],
    pub row_segments: &'a [u32],
}

/// The arrays of a batch, `row_length` values a row.
#[derive(Debug)]
pub struct Batch<'a> {
    pub ids: &'a mut [i64],
    pub positions: &'a mut [i64],
    pub labels: &'a mut [i64],
}

/// What to put where nothing is, and which kinds of tokens are no targets (bit `k` for kind `k`).
#[derive(Clone, Copy, Debug)]
pub struct Filling {
    pub row_length: usize,
    pub pad_id: i64,
    pub masked_kinds: u64,
}

/// Fills a batch.
///
/// # Errors
/// `IdBytes`, `Shape` where lengths do not fit together, `RowTooLong`.
pub fn fill(rows: PackedRows, filling: Filling, batch: &mut Batch) -> Result<(), PackError> {
    known_id_bytes(rows.id_bytes)?;
    let wanted = rows.row_segments.len().saturating_mul(filling.row_length);
    let tokens: usize = rows.segment_lengths.iter().map(|&n| n as usize).sum();
    let segments = rows.row_segments.iter().map(|&n| n as usize).sum();
    for (what, found, wanted) in [
        ("bytes of ids", rows.ids.len(), tokens.saturating_mul(rows.id_bytes)),
        ("kinds", rows.kinds.len(), tokens),
        ("segment lengths", rows.segment_lengths.len(), segments),
        ("batch of ids", batch.ids.len(), wanted),
        ("batch of positions", batch.positions.len(), wanted),
        ("batch of labels", batch.labels.len(), wanted),
    ] {
        if found != wanted {
            return Err(PackError::Shape { what, found, wanted });
        }
    }
    let (mut token, mut segment) = (0, 0);
    for (row, &count) in rows.row_segments.iter().enumerate() {
        let lengths = &rows.segment_lengths[segment..segment + count as usize];
        segment += lengths.len();
        let used: usize = lengths.iter().map(|&n| n as usize).sum();
        if used > filling.row_length {
            let (tokens, row_length) = (used as u64, filling.row_length);
            return Err(PackError::RowTooLong { row, tokens, row_length });
        }
        let place = row * filling.row_length..(row + 1) * filling.row_length;
        let (ids, labels) = (&mut batch.ids[place.clone()], &mut batch.labels[place.clone()]);
        put_ids(&mut ids[..used], &rows.ids[token * rows.id_bytes..], rows.id_bytes);
        ids[used..].fill(filling.pad_id);
        for ((label, &id), &kind) in labels.iter_mut().zip(&*ids).zip(&rows.kinds[token..token + used]) {
            let is_masked = kind < 64 && filling.masked_kinds >> kind & 1 == 1;
            *label = if is_masked { IGNORED } else { id };
        }
        labels[used..].fill(IGNORED);
        token += used;
        put_positions(&mut batch.positions[place], labels, lengths);
    }
    Ok(())
}

fn put_ids(out: &mut [i64], bytes: &[u8], id_bytes: usize) {
    if id_bytes == 2 {
        for (id, bytes) in out.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *id = u16::from_le_bytes(*bytes).into();
        }
    } else {
        for (id, bytes) in out.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *id = u32::from_le_bytes(*bytes).into();
        }
    }
}

/// Positions that restart at each segment and at the padding; the first label of each is taken away.
fn put_positions(positions: &mut [i64], labels: &mut [i64], lengths: &[u32]) {
    let mut at = 0;
    let padding = positions.len() - lengths.iter().map(|&n| n as usize).sum::<usize>();
    for length in lengths.iter().map(|&n| n as usize).chain([padding]) {
        for (position, value) in positions[at..at + length].iter_mut().zip(0..) {
            *position = value;
        }
        if length > 0 {
            labels[at] = IGNORED;
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: PackedRows<'static> = PackedRows {
        ids: &[7, 0, 8, 0, 9, 0, 5, 0, 6, 0, 4, 0],
        id_bytes: 2,
        kinds: &[0, 1, 2, 0, 1, 0],
        segment_lengths: &[3, 2, 1],
        row_segments: &[2, 1],
    };

    fn filled(row_length: usize, masked_kinds: u64) -> Result<[Vec<i64>; 3], PackError> {
        let mut arrays = [vec![1; 2 * row_length], vec![1; 2 * row_length], vec![1; 2 * row_length]];
        let [ids, positions, labels] = &mut arrays;
        fill(ROWS, Filling { row_length, pad_id: 0, masked_kinds }, &mut Batch { ids, positions, labels })?;
        Ok(arrays)
    }

    #[test]
    fn positions_restart_and_first_tokens_are_no_targets() {
        let [ids, positions, labels] = filled(7, 0).unwrap_or_default();
        assert_eq!(ids, [7, 8, 9, 5, 6, 0, 0, 4, 0, 0, 0, 0, 0, 0]);
        assert_eq!(positions, [0, 1, 2, 0, 1, 0, 1, 0, 0, 1, 2, 3, 4, 5]);
        assert_eq!(labels, [-100, 8, 9, -100, 6, -100, -100, -100, -100, -100, -100, -100, -100, -100]);
        let [_, _, labels] = filled(7, 0b10).unwrap_or_default();
        assert_eq!(labels[..5], [-100, -100, 9, -100, -100]);
    }

    #[test]
    fn a_row_that_does_not_fit_is_named() {
        assert_eq!(filled(4, 0), Err(PackError::RowTooLong { row: 0, tokens: 5, row_length: 4 }));
        let rows = PackedRows {
            ids: &[1, 0, 0, 0, 2, 0, 0, 1],
            id_bytes: 4,
            kinds: &[0],
            segment_lengths: &[2],
            row_segments: &[1],
        };
        let mut batch = Batch { ids: &mut [0; 2], positions: &mut [0; 2], labels: &mut [0; 2] };
        let found = fill(rows, Filling { row_length: 2, pad_id: 0, masked_kinds: 0 }, &mut batch);
        assert_eq!(found, Err(PackError::Shape { what: "kinds", found: 1, wanted: 2 }));
    }
}
