//! What must hold for any bytes: a verdict, the same each time and by every way, within the limits.
//! Shared by the mutation test and the fuzz targets. Every function panics where something does not hold.
//! Cost: about a dozen decodings.

use super::case::{Case, LIMITS, Values};
use mmgic_core::image::{
    Alpha, Buffers, CropBatch, CropBox, Header, ImageError, Limits, Mode, Out, Outcome, Part, Picture,
    PictureStatus, Reading, Region, Resize, Squares, Tables, decode, decode_all, decode_crops, probe,
    status_of,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

type Decoded = Result<(Picture, Outcome), ImageError>;

/// A sound picture that shares batches and buffers with the damaged one.
const COMPANION: &[u8] = include_bytes!("../data/baseline.jpg");

/// Pools of 1 to 3 threads.
static POOLS: LazyLock<Vec<ThreadPool>> =
    LazyLock::new(|| (1..=3).filter_map(|n| ThreadPoolBuilder::new().num_threads(n).build().ok()).collect());

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::new([0.5, 0.4, 0.3], [0.2, 0.3, 0.4]));

fn reading(lenient: bool, reject_warnings: bool, alpha: Alpha) -> Reading {
    Reading { limits: LIMITS, alpha, lenient, reject_warnings }
}

pub fn status(decoded: &Decoded) -> PictureStatus {
    match decoded {
        Ok((_, outcome)) => status_of(*outcome),
        Err(error) => error.status(),
    }
}

/// Reads the header twice.
pub fn header(file: &[u8]) -> Result<Header, ImageError> {
    let header = probe(file, &LIMITS);
    assert_eq!(header, probe(file, &LIMITS), "two looks at one header");
    if let Ok(header) = header {
        let (width, height) = header.upright_size();
        assert!(width > 0 && height > 0, "{header:?} is empty");
        assert!(width.max(height) <= LIMITS.max_side, "{header:?} is past the limit of sides");
        assert!(u64::from(width) * u64::from(height) <= LIMITS.max_pixels, "{header:?} is past the limit");
        assert!((1..=8).contains(&header.orientation), "{header:?} has no such turn");
        let fewer = Limits { max_pixels: u64::from(width) * u64::from(height) - 1, ..LIMITS };
        let refused = probe(file, &fewer).map_err(|error| error.status());
        assert_eq!(refused, Err(PictureStatus::TooManyPixels), "one pixel too many");
    }
    header
}

/// Decodes under every policy; gives back the strict verdict.
pub fn decoding(file: &[u8]) -> PictureStatus {
    let header = header(file);
    let read = |lenient, reject| decode(file, &reading(lenient, reject, Alpha::Drop));
    let strict = read(false, false);
    assert!(strict == read(false, false), "decoded twice");
    match (&header, &strict) {
        (Ok(header), Ok((picture, _))) => {
            let (width, height) = header.upright_size();
            assert_eq!((picture.width, picture.height), (width as usize, height as usize));
            assert_eq!(picture.rgb.len(), picture.width * picture.height * 3);
        }
        (Err(refused), decoded) => assert_eq!(decoded.as_ref().err(), Some(refused)),
        (Ok(_), Err(_)) => {}
    }
    let (lenient, rejecting, both) = (read(true, false), read(false, true), read(true, true));
    match status(&strict) {
        PictureStatus::Ok => {
            for other in [&lenient, &rejecting, &both] {
                assert!(&strict == other, "a sound file under another policy: {:?}", status(other));
            }
        }
        PictureStatus::Warned => {
            assert!(lenient == strict, "a complaint, lenient: {:?}", status(&lenient));
            // A file that has its pixels but no end may be called cut off.
            let refused = [PictureStatus::Damaged, PictureStatus::Truncated];
            assert!(refused.contains(&status(&rejecting)), "a complaint, rejected: {:?}", status(&rejecting));
            assert_eq!(status(&both), status(&rejecting), "a complaint, rejected and lenient");
        }
        bad => {
            assert_ne!(bad, PictureStatus::Filled, "filled without being asked");
            assert!(rejecting.is_err(), "a bad file that passes a stricter policy");
            // Read leniently, a file that ends early may turn out to have all its pixels.
            let filled = match status(&lenient) {
                PictureStatus::Filled => true,
                PictureStatus::Warned => both.is_err(),
                _ => lenient.is_err(),
            };
            assert!(
                filled && (lenient.is_err() || bad == PictureStatus::Truncated),
                "{bad:?}: {:?}",
                status(&lenient)
            );
        }
    }
    let blended = decode(file, &reading(false, false, Alpha::Blend([9, 99, 199])));
    assert_eq!(status(&blended), status(&strict), "blended on a colour");
    let ample = reading(false, false, Alpha::Drop);
    let all = decode_all(None, &[file, COMPANION, file], &ample);
    assert!(all[0] == strict && all[2] == strict, "decoded in a batch");
    assert_eq!(status(&all[1]), PictureStatus::Ok, "the companion in a batch");
    status(&strict)
}

/// The values of all squares as bits, and what came of each.
#[derive(Debug, PartialEq, Eq)]
struct Cropped {
    squares: Vec<u32>,
    status: Vec<PictureStatus>,
}

fn known(code: u8) -> PictureStatus {
    let found = PictureStatus::NAMES.iter().find(|(status, _)| status.code() == code);
    assert!(found.is_some(), "{code} is no status");
    found.map_or(PictureStatus::Ok, |(status, _)| *status)
}

/// Crops each picture alike.
fn cropped(pictures: &[&[u8]], crops: &[CropBox], case: &Case) -> Cropped {
    let all: Vec<[f64; 4]> = pictures.iter().flat_map(|_| crops.iter().map(|crop| crop.0)).collect();
    let starts: Vec<usize> = (0..=pictures.len()).map(|number| number * crops.len()).collect();
    let Case { side, mode, filter, reading, .. } = *case;
    let tables = (case.values != Values::Bytes).then(|| &*TABLES);
    let batch = CropBatch { pictures, starts: &starts, crops: &all, side, mode, filter, reading, tables };
    let workers = case.threads.checked_sub(1).map(|number| &POOLS[number]);
    let length = all.len() * side * side * 3;
    let mut status = vec![u8::MAX; all.len()];
    let mut fill = |squares| assert_eq!(decode_crops(workers, batch, squares, &mut status), Ok(()));
    let squares: Vec<u32> = match case.values {
        Values::Bytes => {
            let mut out = vec![0_u8; length];
            fill(Squares::Bytes(&mut out));
            out.into_iter().map(u32::from).collect()
        }
        Values::F32 => {
            let mut out = vec![0.0; length];
            fill(Squares::F32(&mut out));
            out.into_iter().map(f32::to_bits).collect()
        }
        Values::Bf16 => {
            let mut out = vec![0; length];
            fill(Squares::Bf16(&mut out));
            out.into_iter().map(u32::from).collect()
        }
    };
    let status: Vec<PictureStatus> = status.into_iter().map(known).collect();
    for (square, status) in squares.chunks(side * side * 3).zip(&status) {
        let has_pixels = matches!(status, PictureStatus::Ok | PictureStatus::Warned | PictureStatus::Filled);
        assert!(has_pixels || square.iter().all(|bits| *bits == 0), "{status:?}, but something was written");
    }
    Cropped { squares, status }
}

/// Crops a batch of the file, a sound picture and the file again, as the case asks.
fn crops_of_a_batch(file: &[u8], crops: &[CropBox], case: &Case) -> Cropped {
    let Cropped { mut squares, mut status } = cropped(&[file, COMPANION, file], crops, case);
    let (values, number) = (squares.len() / 3, crops.len());
    assert!(squares[..values] == squares[2 * values..], "the same file twice in a batch: pixels");
    assert_eq!(status[..number], status[2 * number..], "the same file twice in a batch: status");
    squares.truncate(values);
    status.truncate(number);
    Cropped { squares, status }
}

/// One crop, in exact mode, out of the whole decoded picture.
fn crop_of_whole(picture: &Picture, crop: CropBox, case: &Case) -> Result<Vec<u32>, ImageError> {
    let whole = (picture.width, picture.height);
    let mut out = vec![0; case.side * case.side * 3];
    Resize::new(whole, crop, case.side, case.filter)?.run(
        &Part { rgb: &picture.rgb, region: Region::whole(whole), whole },
        &mut Buffers::default(),
        Out::Bytes(&mut out),
    )?;
    Ok(out.into_iter().map(u32::from).collect())
}

/// Crops as the case asks; gives back what came of the crops. Then one by one in exact mode, so that only a part of
/// the picture is decoded: those of a sound picture must be the crops of all of it.
pub fn cropping(file: &[u8], case: &Case) -> Vec<PictureStatus> {
    let size = header(file).map_or((53, 37), |header| header.upright_size());
    let crops = case.crops(size);
    let asked = crops_of_a_batch(file, &crops, case);
    let memory = case.reading.limits.max_memory;
    let refused = asked.status.contains(&PictureStatus::TooMuchMemory);
    assert!(!refused || memory < LIMITS.max_memory, "refused for memory that was there");

    let reading = Reading { limits: LIMITS, ..case.reading };
    let exact = Case { reading, values: Values::Bytes, threads: 0, mode: Mode::Exact, ..case.clone() };
    let decoded = decode(file, &reading);
    let whole = cropped(&[file], &[Case::whole(size)], &exact);
    assert_eq!(whole.status, [status(&decoded)], "the crop of the whole picture");
    let Ok((picture, Outcome::Whole)) = &decoded else { return asked.status };
    let is_alike = case.mode == Mode::Exact && case.values == Values::Bytes && !refused;
    let squares = asked.squares.chunks(case.side * case.side * 3);
    for ((&crop, square), &status) in crops.iter().zip(squares).zip(&asked.status) {
        let alone = cropped(&[file], &[crop], &exact);
        match crop_of_whole(picture, crop, case) {
            Ok(expected) => {
                assert_eq!(alone.status, [PictureStatus::Ok], "{crop:?}");
                assert!(alone.squares == expected, "{crop:?}: not the pixels of a full decoding");
            }
            Err(error) => assert_eq!(alone.status, [error.status()], "{crop:?}"),
        }
        assert!(!is_alike || (alone.squares == square && alone.status == [status]), "{crop:?} with others");
    }
    asked.status
}
