#!/usr/bin/env bash
# Builds the Rust core in release mode and installs the package in place, with the tools of .venv alone.
set -euo pipefail

log=.venv/build.log
export PATH="$PWD/.venv/bin:$PATH"
if [[ ${MMGIC_ALLOW_SLOW:-} == 1 ]] && ! command -v nasm > /dev/null; then
    export MATURIN_PEP517_ARGS="--no-default-features"
fi
echo "setup: building the Rust core (some minutes the first time)"
if ! python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --verbose -e . > "$log" 2>&1; then
    tail -n 40 "$log" >&2
    echo "error: the build failed; all of its output is in $log" >&2
    exit 1
fi
python - << 'PYTHON'
from mmgic import _core

print(f"setup: mmgic {_core.__version__} is built, SIMD for JPEG: {'yes' if _core.has_simd else 'no, decoding is slow'}")
PYTHON
