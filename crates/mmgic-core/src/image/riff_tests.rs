//! Containers put together by hand; what Pillow 13 (libwebp's demuxer) makes of each was tried.

use super::*;

type Piece = ([u8; 4], Vec<u8>);

/// A lossy bit stream's first bytes: a shown key frame of 21 x 13.
fn lossy() -> Piece {
    (*b"VP8 ", vec![0x10, 0, 0, 0x9d, 0x01, 0x2a, 21, 0, 13, 0, 0, 0])
}

/// A lossless bit stream's first bytes: 21 x 13 with alpha.
fn lossless() -> Piece {
    let bits: u32 = 0x14 | 0x0c << 14 | 1 << 28;
    (*b"VP8L", [&[0x2f], &bits.to_le_bytes()[..], &[0; 4]].concat())
}

fn piece(name: [u8; 4], content: &[u8]) -> Piece {
    (name, content.to_vec())
}

fn laid(pieces: &[Piece]) -> Vec<u8> {
    let mut out = vec![];
    for (name, content) in pieces {
        out.extend(name);
        out.extend(u32::try_from(content.len()).unwrap_or(0).to_le_bytes());
        out.extend(content);
        out.extend(vec![0; content.len() % 2]);
    }
    out
}

fn file(pieces: &[Piece]) -> Vec<u8> {
    let chunks = laid(pieces);
    let size = u32::try_from(chunks.len() + 4).unwrap_or(0).to_le_bytes();
    [b"RIFF", &size[..], b"WEBP", &chunks].concat()
}

fn extended(flags: u8, width: u8, height: u8) -> Piece {
    (*b"VP8X", vec![flags, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0])
}

fn animation() -> Piece {
    piece(*b"ANIM", &[0; 6])
}

fn animated_at(x: u8, y: u8, pieces: &[Piece]) -> Piece {
    let place = [x / 2, 0, 0, y / 2, 0, 0, 20, 0, 0, 12, 0, 0, 50, 0, 0, 0];
    (*b"ANMF", [&place[..], &laid(pieces)].concat())
}

#[test]
fn the_canvas_and_the_first_frame_are_found() {
    let alph = piece(*b"ALPH", &[0; 5]);
    for (pieces, size, place, alpha) in [
        (vec![lossy()], (21, 13), (0, 0), false),
        (vec![lossless()], (21, 13), (0, 0), true),
        (vec![extended(0, 21, 13), lossy()], (21, 13), (0, 0), false),
        (vec![extended(0, 21, 13), lossless()], (21, 13), (0, 0), true),
        (vec![extended(ALPHA, 21, 13), alph.clone(), lossy()], (21, 13), (0, 0), true),
        (vec![extended(0, 21, 13), piece(*b"what", b"1"), lossy()], (21, 13), (0, 0), false),
        (
            vec![extended(ANIMATION, 40, 30), animation(), animated_at(6, 4, &[lossy()])],
            (40, 30),
            (6, 4),
            false,
        ),
        (
            vec![
                extended(ANIMATION, 21, 13),
                animation(),
                animated_at(0, 0, &[lossy()]),
                piece(*b"ANMF", b"xx"),
            ],
            (21, 13),
            (0, 0),
            false,
        ),
    ] {
        let bytes = file(&pieces);
        let found = container(&bytes).unwrap_or_default();
        assert_eq!(
            ((found.width, found.height), found.alpha, found.whole),
            (size, alpha, true),
            "{pieces:?}"
        );
        let frame = found.frame.unwrap_or_default();
        assert_eq!(((frame.x, frame.y), (frame.width, frame.height)), (place, (21, 13)), "{pieces:?}");
    }
}

#[test]
fn alpha_counts_where_the_header_says_so() {
    let alph = piece(*b"ALPH", &[0; 5]);
    for (flags, starts) in [(ALPHA, b"ALPH"), (0, b"VP8 ")] {
        let bytes = file(&[extended(flags, 21, 13), alph.clone(), lossy()]);
        let stream = container(&bytes).ok().and_then(|found| found.frame).map(|frame| frame.stream);
        assert!(stream.is_some_and(|stream| stream.starts_with(starts)), "flags {flags}");
    }
}

#[test]
fn notes_count_where_the_header_says_so() {
    let notes = [piece(*b"ICCP", b"profile"), lossy(), piece(*b"EXIF", b"one"), piece(*b"EXIF", b"two")];
    for (flags, icc, exif) in [(ICC | EXIF, true, Some(&b"one"[..])), (0, false, None)] {
        let bytes = file(&[&[extended(flags, 21, 13)], &notes[..], &[piece(*b"XMP ", b"x")]].concat());
        let found = container(&bytes).unwrap_or_default();
        assert_eq!((found.icc, found.exif, found.xmp), (icc, exif, None));
    }
}

#[test]
fn contradictions_are_refused() {
    let alph = || piece(*b"ALPH", &[0; 5]);
    let still = || extended(ALPHA, 21, 13);
    let moving = || extended(ANIMATION, 26, 16);
    for pieces in [
        vec![],
        vec![piece(*b"what", b""), lossy()],
        vec![still()],
        vec![still(), still(), lossy()],
        vec![extended(0, 30, 13), lossy()],
        vec![extended(0, 20, 13), lossy()],
        vec![extended(0x41, 21, 13), lossy()],
        vec![(*b"VP8X", vec![0; 12]), lossy()],
        vec![(*b"VP8X", vec![0; 9]), lossy()],
        vec![still(), lossy(), lossy()],
        vec![still(), alph(), lossless()],
        vec![still(), alph(), alph(), lossy()],
        vec![still(), lossy(), alph()],
        vec![moving(), lossy()],
        vec![moving(), animated_at(0, 0, &[lossy()])],
        vec![moving(), piece(*b"ANIM", &[0; 5]), animated_at(0, 0, &[lossy()])],
        vec![moving(), animation(), animated_at(6, 0, &[lossy()])],
        vec![moving(), animation(), animated_at(0, 4, &[lossy()])],
        vec![moving(), animation(), animated_at(0, 0, &[piece(*b"what", b""), lossy()])],
        vec![moving(), animation(), animated_at(0, 0, &[])],
        vec![extended(0, 21, 13), animation(), animated_at(0, 0, &[lossy()])],
        vec![extended(0, 21, 13), animation(), lossy()],
        vec![piece(*b"VP8 ", &lossy().1[..9])],
        vec![piece(*b"VP8 ", &[0; 12])],
        vec![piece(*b"VP8L", &[0; 12])],
    ] {
        let found = container(&file(&pieces)).err();
        assert!(matches!(found, Some(ImageError::Corrupt(_))), "{pieces:?}: {found:?}");
    }
}

#[test]
fn a_cut_file_is_known_as_cut() {
    let whole = file(&[extended(EXIF, 21, 13), lossy(), piece(*b"EXIF", b"four")]);
    for cut in 12..whole.len() {
        match container(&whole[..cut]) {
            Ok(found) => {
                assert!(!found.whole && cut >= 30, "cut at {cut}");
                assert_eq!((found.width, found.height, found.exif), (21, 13, None));
                assert_eq!(found.frame.is_some(), cut >= 48, "cut at {cut}");
            }
            Err(error) => assert_eq!(error, ImageError::Truncated, "cut at {cut}"),
        }
    }
    let longer = [&whole[..], b"junk"].concat();
    assert_eq!(container(&longer).map(|found| found.exif), Ok(Some(&b"four"[..])));
}
