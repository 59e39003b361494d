//! Thousands of damaged pictures: each must end in a verdict, within the pixel limit, and never in a panic.

use mmgic_core::image::{
    Buffers, CropBox, Filter, ImageError, Limits, Out, Part, Picture, PictureStatus, Reading, Region, Resize,
    decode as read, probe,
};

const LIMIT: u64 = 20_000;
const ROUNDS: u64 = 700;

const FILES: [(&str, &[u8]); 9] = [
    ("baseline.jpg", include_bytes!("data/baseline.jpg")),
    ("progressive_turned.jpg", include_bytes!("data/progressive_turned.jpg")),
    ("grey.jpg", include_bytes!("data/grey.jpg")),
    ("cmyk.jpg", include_bytes!("data/cmyk.jpg")),
    ("rgb_turned.png", include_bytes!("data/rgb_turned.png")),
    ("palette.png", include_bytes!("data/palette.png")),
    ("rgba.png", include_bytes!("data/rgba.png")),
    ("grey16.png", include_bytes!("data/grey16.png")),
    ("one_bit.png", include_bytes!("data/one_bit.png")),
];

fn limits(max_pixels: u64) -> Limits {
    Limits { max_pixels, ..Limits::default() }
}

fn decode(file: &[u8], max_pixels: u64) -> Result<Picture, ImageError> {
    read(file, &Reading { limits: limits(max_pixels), ..Reading::default() }).map(|(picture, _)| picture)
}

/// Numbers from a linear congruence (Knuth's MMIX constants): enough to damage files by.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }
}

fn damaged(file: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut out = file.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(out.len());
        match dice.below(6) {
            0 => out[at] = dice.byte(),
            1 => out[at] ^= 1 << dice.below(8),
            2 => out.truncate(at.max(1)),
            3 => out.insert(at, dice.byte()),
            4 => {
                let end = (at + dice.below(40)).min(out.len());
                out.copy_within(at..end, 0);
            }
            // The header is where sizes and lengths stand.
            _ => {
                let at = at.min(60);
                out[at] = [0, 0xff, 0x7f, 0x80][dice.below(4)];
            }
        }
    }
    out
}

#[test]
fn sound_files_are_decoded_upright() {
    for (name, file) in FILES {
        let (width, height) = if name.contains("turned") { (37, 53) } else { (53, 37) };
        let picture = decode(file, LIMIT).map(|p| (p.width, p.height, p.rgb.len()));
        assert_eq!(picture, Ok((width, height, 53 * 37 * 3)), "{name}");
        let header = probe(file, &limits(LIMIT)).map(|h| h.upright_size());
        assert_eq!(header.map(|(w, h)| (w as usize, h as usize)), Ok((width, height)), "{name}");
    }
}

#[test]
fn every_cut_ends_in_a_verdict() {
    for (name, file) in FILES {
        for cut in 0..file.len() {
            let status = decode(&file[..cut], LIMIT).map_or_else(|e| e.status(), |_| PictureStatus::Ok);
            if name.ends_with("jpg") && cut > 2 {
                assert_eq!(status, PictureStatus::Truncated, "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn damage_never_panics_nor_passes_the_limit() {
    let mut decoded = 0;
    for (number, (name, file)) in (0..).zip(FILES) {
        for round in 0..ROUNDS {
            let mut dice = Dice(number * ROUNDS + round);
            let bytes = damaged(file, &mut dice);
            match decode(&bytes, LIMIT) {
                Ok(picture) => {
                    decoded += 1;
                    assert!(picture.width * picture.height <= 20_000, "{name} {round}");
                    assert_eq!(picture.rgb.len(), picture.width * picture.height * 3, "{name} {round}");
                }
                Err(error) => assert_ne!(error.status(), PictureStatus::Ok),
            }
        }
    }
    assert!(decoded > 100, "most damage should be survivable, only {decoded} were");
}

#[test]
fn the_limit_holds_before_decoding() {
    for (name, file) in FILES {
        let refused = decode(file, 53 * 37 - 1);
        assert!(matches!(refused, Err(ImageError::TooManyPixels { .. })), "{name}");
    }
}

#[test]
fn crops_outside_are_refused_and_the_border_is_allowed() {
    let Ok(picture) = decode(FILES[0].1, LIMIT) else { panic!("a sound file") };
    let mut out = vec![0; 5 * 5 * 3];
    let whole = (picture.width, picture.height);
    let part = Part { rgb: &picture.rgb, region: Region::whole(whole), whole };
    let mut crop = |values| {
        let resize = Resize::new(whole, CropBox(values), 5, Filter::Bicubic)?;
        resize.run(&part, &mut Buffers::default(), Out::Bytes(&mut out))
    };
    assert_eq!(crop([0.0, 0.0, 53.0, 37.0]), Ok(()));
    assert_eq!(crop([-1e-7, 0.0, 53.0 + 1e-7, 37.0]), Ok(()));
    assert_eq!(crop([52.5, 36.5, 53.0, 37.0]), Ok(()));
    for bad in [
        [-0.1, 0.0, 5.0, 5.0],
        [0.0, 0.0, 53.1, 5.0],
        [5.0, 5.0, 5.0, 9.0],
        [9.0, 5.0, 5.0, 9.0],
        [f64::NAN, 0.0, 5.0, 5.0],
        [0.0, 0.0, f64::INFINITY, 5.0],
        [0.0, f64::NEG_INFINITY, 5.0, 5.0],
    ] {
        assert_eq!(crop(bad), Err(ImageError::BadCrop), "{bad:?}");
    }
}
