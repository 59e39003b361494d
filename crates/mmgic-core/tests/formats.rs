//! PNG and WebP samples against Pillow's pixels (their checksums), whole, cut, and laid on a colour.
//!
//! `data/make_samples.py` writes the samples and prints the table.

use mmgic_core::image::{Alpha, FILL, Format, ImageError, Limits, Outcome, Picture, Reading, decode, probe};

const GROUND: [u8; 3] = [10, 200, 90];

/// Name, file, checksum of the upright pixels without alpha, and laid on `GROUND`.
const SAMPLES: [(&str, &[u8], u32, u32); 14] = [
    ("palette_alpha.png", include_bytes!("data/palette_alpha.png"), 0xfa93_54fc, 0x4d7d_2eab),
    ("grey_key.png", include_bytes!("data/grey_key.png"), 0xff9d_c99d, 0x6023_7df8),
    ("grey_alpha.png", include_bytes!("data/grey_alpha.png"), 0x18df_f023, 0x4d6a_403d),
    ("rgb16_key.png", include_bytes!("data/rgb16_key.png"), 0x196d_a19e, 0x3416_ba65),
    ("rgba16.png", include_bytes!("data/rgba16.png"), 0x196d_a19e, 0x830b_f346),
    ("rgb_interlaced.png", include_bytes!("data/rgb_interlaced.png"), 0x196d_a19e, 0x196d_a19e),
    ("rgba_interlaced.png", include_bytes!("data/rgba_interlaced.png"), 0x196d_a19e, 0x830b_f346),
    ("lossy.webp", include_bytes!("data/lossy.webp"), 0xc7e5_2e1b, 0xc7e5_2e1b),
    ("lossy_turned.webp", include_bytes!("data/lossy_turned.webp"), 0x928e_c57a, 0x928e_c57a),
    ("lossy_alpha.webp", include_bytes!("data/lossy_alpha.webp"), 0xda73_dc7b, 0xa146_3380),
    ("lossless.webp", include_bytes!("data/lossless.webp"), 0x7490_5578, 0x7490_5578),
    ("lossless_alpha.webp", include_bytes!("data/lossless_alpha.webp"), 0x196d_a19e, 0x830b_f346),
    ("animated_inside.webp", include_bytes!("data/animated_inside.webp"), 0xd0a0_4838, 0xe15f_e442),
    ("animated.webp", include_bytes!("data/animated.webp"), 0xf0a7_ca19, 0x830b_f346),
];

fn whole(name: &str, file: &[u8], reading: &Reading) -> Picture {
    match decode(file, reading) {
        Ok((picture, Outcome::Whole)) => picture,
        other => panic!("{name}: {:?}", other.map(|(_, outcome)| outcome)),
    }
}

#[test]
fn pixels_are_those_of_pillow() {
    for (name, file, drop, blend) in SAMPLES {
        let on_ground = Reading { alpha: Alpha::Blend(GROUND), ..Reading::default() };
        assert_eq!(crc32fast::hash(&whole(name, file, &Reading::default()).rgb), drop, "{name}");
        assert_eq!(crc32fast::hash(&whole(name, file, &on_ground).rgb), blend, "{name}");
    }
}

#[test]
fn headers_tell_what_the_file_is() {
    for (name, file, ..) in SAMPLES {
        let Ok(header) = probe(file, &Limits::default()) else { panic!("{name}") };
        let format = if name.ends_with("png") { Format::Png } else { Format::WebP };
        let turned = name.contains("turned");
        let with_alpha = ["alpha", "rgba", "key", "animated"].iter().any(|word| name.contains(word));
        let channels = match (name.contains("grey"), with_alpha) {
            (true, _) => 2,
            (false, true) => 4,
            (false, false) => 3,
        };
        assert_eq!(header.format, format, "{name}");
        assert_eq!((header.stored_width, header.stored_height), (53, 37), "{name}");
        assert_eq!(header.upright_size(), if turned { (37, 53) } else { (53, 37) }, "{name}");
        assert_eq!((header.orientation, header.icc), (if turned { 6 } else { 1 }, turned), "{name}");
        assert_eq!(header.channels, channels, "{name}");
        assert_eq!(header.progressive, name.contains("interlaced"), "{name}");
    }
}

#[test]
fn a_cut_file_is_truncated() {
    for (name, file, drop, _) in SAMPLES {
        for cut in 12..file.len() {
            match decode(&file[..cut], &Reading::default()) {
                // All pixels came, only the end of a PNG file did not.
                Ok((picture, Outcome::Warned)) => {
                    assert!(name.ends_with("png") && cut >= file.len() - 24, "{name} cut at {cut}");
                    assert_eq!(crc32fast::hash(&picture.rgb), drop);
                }
                // Nor is the end's own checksum needed.
                Ok((_, Outcome::Whole)) => assert!(name.ends_with("png") && cut > file.len() - 5, "{name}"),
                other => assert_eq!(other.err(), Some(ImageError::Truncated), "{name} cut at {cut}"),
            }
            let strict = Reading { reject_warnings: true, ..Reading::default() };
            let found = decode(&file[..cut], &strict).map(|(_, outcome)| outcome);
            assert!(matches!(found, Ok(Outcome::Whole) | Err(ImageError::Truncated)), "{name} cut at {cut}");
        }
    }
}

#[test]
fn lenient_reading_keeps_the_rows_that_came() {
    let lenient = Reading { lenient: true, ..Reading::default() };
    for (name, file, ..) in SAMPLES {
        if name.contains("turned") || name.contains("interlaced") || name.contains("inside") {
            continue;
        }
        let expected = whole(name, file, &lenient);
        let (mut filled, mut most) = (0, 0);
        for cut in 12..file.len() {
            let Ok((picture, outcome)) = decode(&file[..cut], &lenient) else { continue };
            assert_eq!(picture.rgb.len(), expected.rgb.len(), "{name} cut at {cut}");
            if outcome != Outcome::Filled {
                assert_eq!(picture, expected, "{name} cut at {cut}");
                continue;
            }
            let rows = || picture.rgb.chunks(53 * 3).zip(expected.rgb.chunks(53 * 3));
            let came = rows().take_while(|(found, wanted)| found == wanted).count();
            assert!(
                rows().skip(came).all(|(found, _)| found.iter().all(|&v| v == FILL)),
                "{name} cut at {cut}"
            );
            assert!(came >= most, "{name} cut at {cut}: more bytes gave fewer rows");
            (filled, most) = (filled + 1, came);
        }
        assert!(filled > 0 || file.len() < 400, "{name}: no cut gave rows");
    }
}

#[test]
fn lenient_reading_of_interlaced_files_keeps_pixels() {
    let lenient = Reading { lenient: true, ..Reading::default() };
    for (name, file, ..) in SAMPLES.iter().filter(|sample| sample.0.contains("interlaced")) {
        let expected = whole(name, file, &lenient);
        let Ok((picture, Outcome::Filled)) = decode(&file[..file.len() / 2], &lenient) else {
            panic!("{name}")
        };
        let pixels = || picture.rgb.as_chunks::<3>().0.iter().zip(expected.rgb.as_chunks::<3>().0);
        assert!(pixels().all(|(found, wanted)| found == wanted || found == &[FILL; 3]), "{name}");
        assert!(pixels().filter(|(found, wanted)| found == wanted).count() > 53 * 37 / 4, "{name}");
    }
}

#[test]
fn a_size_past_the_limit_is_refused_on_the_header() {
    let bits: u32 = 0x3ffe | 0x3ffe << 14;
    let lossless = [b"RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f", &bits.to_le_bytes()[..], &[0]].concat();
    let lossy = b"RIFF\x16\0\0\0WEBPVP8 \x0a\0\0\0\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f";
    let canvas = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\xff\xff\xff\xff\xff\xff";
    for file in [&lossless[..], lossy] {
        assert!(matches!(probe(file, &Limits::default()), Err(ImageError::TooManyPixels { .. })));
    }
    // A canvas of 2^48 pixels without a picture.
    assert!(probe(canvas, &Limits::default()).is_err());
}
