//! Crops of any bytes. The last bytes of an input, which no format minds behind a picture, say how to crop: so the
//! seeds of the other targets are seeds here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mmgic_core_fuzz::case::Case;
use mmgic_core_fuzz::check;

fuzz_target!(|input: &[u8]| {
    if let Some((_, choice)) = input.split_last_chunk::<{ Case::BYTES }>() {
        check::cropping(input, &Case::of(*choice));
    }
});
