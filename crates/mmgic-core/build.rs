//! Learns from the built libjpeg-turbo whether its SIMD parts are in it, and says so as `cfg(jpeg_simd)`.
use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(jpeg_simd)");
    println!("cargo::rerun-if-changed=build.rs");
    // `links = "turbojpeg"` hands its include folder on; CMake's cache lies beside it.
    let include = env::var("DEP_TURBOJPEG_INCLUDE").unwrap_or_default();
    let cache = Path::new(&include).join("../build/CMakeCache.txt");
    let text = fs::read_to_string(&cache).unwrap_or_default();
    let found = text.lines().any(|line| line.trim() == "WITH_SIMD_INT:INTERNAL=1");
    let required = env::var_os("CARGO_FEATURE_SIMD").is_some();
    if found || required {
        println!("cargo::rustc-cfg=jpeg_simd");
    }
}
