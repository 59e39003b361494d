//! How a file is damaged: bytes, parts of the file, the fields that matter. Cost: linear in the file.

use super::dice::Dice;
use super::pieces::{Piece, pieces, reseal};
use mmgic_core::image::format_of;
use std::ops::Range;

/// One way to damage a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    FlipBit,
    SetByte,
    SetByteOfHeader,
    Truncate,
    Insert,
    Remove,
    CopyRun,
    SetLength,
    SetSize,
    DuplicatePiece,
    RemovePiece,
    SwapPieces,
    TakePiece,
    SpliceHeader,
}

use Damage::{
    CopyRun, DuplicatePiece, FlipBit, Insert, Remove, RemovePiece, SetByte, SetByteOfHeader, SetLength,
    SetSize, SpliceHeader, SwapPieces, TakePiece, Truncate,
};

impl Damage {
    pub const ALL: [Self; 14] = [
        FlipBit,
        SetByte,
        SetByteOfHeader,
        Truncate,
        Insert,
        Remove,
        CopyRun,
        SetLength,
        SetSize,
        DuplicatePiece,
        RemovePiece,
        SwapPieces,
        TakePiece,
        SpliceHeader,
    ];
}

/// Headers of seeds end about here.
const HEADER: usize = 64;

/// A range of up to `longest` bytes.
fn run(length: usize, longest: usize, dice: &mut Dice) -> Range<usize> {
    let start = dice.below(length);
    start..(start + 1 + dice.below(longest)).min(length)
}

/// Extremes of a number in either byte order, its neighbours, or a random one.
fn rewrite(field: &mut [u8], dice: &mut Dice) {
    let Some(last) = field.len().checked_sub(1) else { return };
    match dice.below(9) {
        0 => field.fill(0),
        1 => field.fill(0xff),
        2 => {
            field.fill(0xff);
            field[0] = 0x7f;
        }
        3 => {
            field.fill(0);
            field[0] = 0x80;
        }
        4 => {
            field.fill(0);
            field[last] = dice.byte();
        }
        5 => field[last] = field[last].wrapping_add(1),
        6 => field[last] = field[last].wrapping_sub(1),
        7 => field[dice.below(last + 1)] = dice.byte(),
        _ => field.iter_mut().for_each(|byte| *byte = dice.byte()),
    }
}

/// Rewrites one of the fields that `of` names; of a size only one half at times.
fn rewrite_one(file: &mut [u8], of: fn(&Piece) -> &Range<usize>, halves: bool, dice: &mut Dice) {
    let fields: Vec<Range<usize>> = pieces(file)
        .iter()
        .map(of)
        .filter(|field| !field.is_empty() && field.end <= file.len())
        .cloned()
        .collect();
    let Some(field) = dice.pick(&fields) else { return };
    let middle = field.start + field.len() / 2;
    let field = match dice.below(3) {
        0 if halves => field.start..middle,
        1 if halves => middle..field.end,
        _ => field.clone(),
    };
    rewrite(&mut file[field], dice);
}

/// Damages `file` in one way; `other` is a second file to take parts from.
fn damage(file: &mut Vec<u8>, other: &[u8], how: Damage, dice: &mut Dice) {
    if file.is_empty() {
        return;
    }
    let at = dice.below(file.len());
    let parts = pieces(file);
    let part = |dice: &mut Dice| dice.pick(&parts).map_or(0..0, |piece| piece.all.clone());
    match how {
        FlipBit => file[at] ^= 1 << dice.below(8),
        SetByte => file[at] = dice.byte(),
        SetByteOfHeader => file[at % HEADER] = [0, 0xff, 0x7f, 0x80, dice.byte()][dice.below(5)],
        Truncate => file.truncate(at),
        Insert => {
            let bytes: Vec<u8> = (0..=dice.below(12)).map(|_| dice.byte()).collect();
            file.splice(at..at, bytes);
        }
        Remove => drop(file.drain(run(file.len(), 40, dice))),
        CopyRun => {
            let from = run(file.len(), 40, dice);
            let to = dice.below(file.len() - from.len() + 1);
            file.copy_within(from, to);
        }
        SetLength => rewrite_one(file, |piece| &piece.length, false, dice),
        SetSize => rewrite_one(file, |piece| &piece.size, true, dice),
        DuplicatePiece => {
            let copy = file[part(dice)].repeat(1 + dice.below(3) * dice.below(8));
            let to = part(dice).start;
            file.splice(to..to, copy);
        }
        RemovePiece => drop(file.drain(part(dice))),
        SwapPieces => {
            let (a, b) = (part(dice), part(dice));
            let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
            if first.end <= second.start {
                let turned =
                    [&file[second.clone()], &file[first.end..second.start], &file[first.clone()]].concat();
                file.splice(first.start..second.end, turned);
            }
        }
        TakePiece => {
            let theirs = pieces(other);
            let theirs = dice.pick(&theirs).map_or(0..0, |piece| piece.all.clone());
            let own = part(dice);
            let end = if dice.one_in(2) { own.end } else { own.start };
            file.splice(own.start..end, other[theirs].iter().copied());
        }
        SpliceHeader => {
            let theirs = pieces(other);
            let body = dice.pick(&theirs).map_or(0, |piece| piece.all.start);
            file.truncate(part(dice).end);
            file.extend(&other[body..]);
        }
    }
}

/// A file made of `file` by one damage or a few more, and which they were.
pub fn mutant(file: &[u8], other: &[u8], dice: &mut Dice) -> (Vec<u8>, Vec<Damage>) {
    let mut out = file.to_vec();
    let mut done = Vec::new();
    for _ in 0..=dice.below(2) * dice.below(4) {
        let how = dice.pick(&Damage::ALL).copied().unwrap_or(FlipBit);
        damage(&mut out, other, how, dice);
        done.push(how);
    }
    // Most mutants should get past the look at the first bytes.
    let signature = pieces(file).first().map_or(0, |piece| piece.all.end.max(3)).min(out.len());
    if format_of(&out).is_none() && !dice.one_in(8) {
        out[..signature].copy_from_slice(&file[..signature]);
    }
    if !dice.one_in(4) {
        reseal(&mut out);
    }
    (out, done)
}
