#!/usr/bin/env bash
# Makes the environments of a benchmark's peers, FOLDER/<environment>, from its table (a benchmark's peers.txt: see there); the
# project's own (VENV) stays as it is. Every environment but `pillow-simd` finds VENV's packages through a path file, after its own:
# torch and transformers need not be there twice, and pip counts them as installed.
# A peer that cannot be installed is told and left out: the benchmark names it as not measured.
# Usage: peers.sh FOLDER VENV peers.txt
set -euo pipefail

mkdir -p "$1"
folder=$(cd "$1" && pwd)
venv=$(cd "$2" && pwd)
table=$3
log=$folder/pip.log
project=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

left_out() {
    echo "benchmarks: $1 is left out: $2" >&2
}

environment() { # environment NAME: makes it where it is missing
    local python=$folder/$1/bin/python
    [[ -x $python ]] || "$venv/bin/python" -m venv "$folder/$1"
    if [[ $1 != pillow-simd ]]; then
        echo "$project" > "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
    fi
}

install() { # install ENVIRONMENT PACKAGE HOW
    local pip=("$folder/$1/bin/python" -m pip install --quiet --disable-pip-version-check)
    case $3 in
        alone) "${pip[@]}" --no-deps "$2" ;;
        avx2) CC="cc -mavx2 -O3" "${pip[@]}" --no-cache-dir --no-deps --no-binary "${2%%==*}" "$2" ;;
        *) "${pip[@]}" "$2" ;;
    esac >> "$log" 2>&1
}

echo "benchmarks: installing the peers of $table into $folder (some minutes the first time)"
: > "$log"
while read -r name package how; do
    [[ -z $name || $name == \#* ]] && continue
    if [[ $how == avx2 ]] && ! grep -qw avx2 /proc/cpuinfo 2> /dev/null; then
        left_out "$package" "this processor has no AVX2"
    elif environment "$name" && ! install "$name" "$package" "$how"; then
        left_out "$package" "it could not be installed, see $log"
    fi
done < "$table"
