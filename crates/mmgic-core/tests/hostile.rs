//! What must be refused: cut files, pictures over the limit, crops outside. Random damage is in `mutations`.

use mmgic_core::image::{
    Buffers, CropBox, Filter, ImageError, Limits, Out, Part, Picture, PictureStatus, Reading, Region, Resize,
    decode as read, probe,
};

const LIMIT: u64 = 20_000;

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
            let signature = if name.ends_with("jpg") { 3 } else { 8 };
            // A PNG may lack what stands behind its last row.
            let told = status == PictureStatus::Truncated
                || (name.ends_with("png") && status == PictureStatus::Ok && cut + 24 >= file.len());
            let expected = if cut < signature { status == PictureStatus::UnknownFormat } else { told };
            assert!(expected, "{name} cut at {cut} of {}: {status:?}", file.len());
        }
    }
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
