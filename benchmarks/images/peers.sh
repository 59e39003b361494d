#!/usr/bin/env bash
# Makes the environments of the benchmarks' peers below FOLDER; the project's own (VENV) stays as it is.
#   peers         what peers.txt pins; torchvision on the project's torch, found through a path file
#   pillow-simd   which takes Pillow's place; always built here, for AVX2, against the system's libjpeg and zlib
# A peer that cannot be installed is told and left out: the benchmark names it as not measured.
set -euo pipefail

folder=$1
venv=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
torchvision=0.29.2 # the one for the locked torch 2.15
simd=12.1.1.post0
mkdir -p "$folder"

left_out() {
    echo "benchmarks: $1 is left out: $2" >&2
}

install() { # install ENVIRONMENT PACKAGE...
    local python=$folder/$1/bin/python
    shift
    "$python" -m pip install --quiet --disable-pip-version-check "$@" > "$folder/pip.log" 2>&1
}

echo "benchmarks: installing the peers into $folder (some minutes the first time)"
for name in peers pillow-simd; do
    [[ -x $folder/$name/bin/python ]] || "$venv/bin/python" -m venv "$folder/$name"
done
install peers -r "$here/peers.txt" || { tail -n 5 "$folder/pip.log" >&2; exit 1; }
install peers --no-deps "torchvision==$torchvision" || left_out torchvision "see $folder/pip.log"
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$site" > "$("$folder/peers/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"

if ! grep -qw avx2 /proc/cpuinfo 2> /dev/null; then
    rm -rf "${folder:?}/pillow-simd"
    left_out pillow-simd "this processor has no AVX2"
elif ! printf '#include <stdio.h>\n#include <jpeglib.h>\n#include <zlib.h>\n' | cc -E - > /dev/null 2>&1; then
    rm -rf "${folder:?}/pillow-simd"
    left_out pillow-simd "no headers of libjpeg and zlib (Debian: apt-get install libjpeg-dev zlib1g-dev)"
elif ! { install pillow-simd -r <(grep '^numpy==' "$here/peers.txt") &&
    CC="cc -mavx2 -O3" install pillow-simd --no-cache-dir --no-binary pillow-simd "pillow-simd==$simd"; }; then
    rm -rf "${folder:?}/pillow-simd"
    left_out pillow-simd "it did not build, see $folder/pip.log"
fi
