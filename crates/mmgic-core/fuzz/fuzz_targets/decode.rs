//! Any bytes decoded under every policy.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mmgic_core_fuzz::check;

fuzz_target!(|file: &[u8]| {
    check::decoding(file);
});
