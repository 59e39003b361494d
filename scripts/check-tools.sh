#!/usr/bin/env bash
# Checks every tool that a set-up needs, before anything is downloaded, and names all that is missing with its remedy.
# As root on Debian and its kin, what apt-get has is installed. Prints the Python to use as the only line of stdout.
set -euo pipefail

MIN_PYTHON="3.11"
MIN_RUST="1.88"
NEEDED_GB=12

WORDNET=${MMGIC_WORDNET:-/usr/share/wordnet}

is_debian_root() { [[ $(id -u) -eq 0 && -f /etc/debian_version ]] && command -v apt-get > /dev/null; }
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

is_updated=0
# apt_install PACKAGE...
apt_install() {
    echo "setup: installing with apt-get: $*" >&2
    if ! ((is_updated)); then apt-get update -qq >&2 && is_updated=1 || return 1; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" > /dev/null
}

packages=() # what apt-get can bring
missing=()  # every missing tool with its remedy, one a line
blocked=0   # how many of them apt-get cannot bring

# lacks TOOL REMEDY [APT PACKAGE]
lacks() {
    missing+=("  $1: $2")
    if [[ -n ${3:-} ]]; then packages+=("$3"); else blocked=$((blocked + 1)); fi
}

# The first Python that is new enough; PYTHON=... overrides the choice.
python=""
for name in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    command -v "$name" > /dev/null || continue
    version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2> /dev/null) || continue
    if at_least "$version" "$MIN_PYTHON"; then
        python=$(command -v "$name")
        break
    fi
done
if [[ -z $python ]]; then
    lacks "Python >= $MIN_PYTHON" "install it from your system's packages or python.org; PYTHON=/path/to/python3 make setup picks one"
elif ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    if [[ $python == /usr/bin/* ]]; then
        lacks "venv of $python" "apt-get install python3-venv" python3-venv
    else
        lacks "venv of $python" "it has no ensurepip: install a Python that has, and name it: PYTHON=/path/to/python3 make setup"
    fi
fi

command -v git > /dev/null || lacks git "apt-get install git (macOS: xcode-select --install)" git

if ! command -v cargo > /dev/null; then
    lacks cargo "install Rust >= $MIN_RUST with rustup (rust-lang.org/tools/install)"
elif ! at_least "$(cargo --version | cut -d ' ' -f 2)" "$MIN_RUST"; then
    lacks "cargo >= $MIN_RUST, found $(cargo --version | cut -d ' ' -f 2)" "rustup update stable"
fi

command -v cc > /dev/null || lacks "C compiler (cc)" "apt-get install g++ (macOS: xcode-select --install)" g++
command -v c++ > /dev/null || lacks "C++ compiler (c++)" "apt-get install g++ (macOS: xcode-select --install)" g++
command -v cmake > /dev/null || lacks cmake "apt-get install cmake (macOS: brew install cmake)" cmake
case $(uname -m) in
    x86_64 | amd64 | i?86)
        if ! command -v nasm > /dev/null; then
            if [[ ${MMGIC_ALLOW_SLOW:-} == 1 ]]; then
                echo "warning: no nasm: JPEG pictures will decode several times slower (MMGIC_ALLOW_SLOW=1)" >&2
            else
                lacks nasm "apt-get install nasm (macOS: brew install nasm); MMGIC_ALLOW_SLOW=1 builds without, several times slower" nasm
            fi
        fi
        ;;
esac

if [[ ! -e .venv ]]; then
    free_gb=$(($(df -Pk . | awk 'NR == 2 { print $4 }') / 1024 / 1024))
    ((free_gb >= NEEDED_GB)) || lacks "disk space" "$free_gb GB are free here, $NEEDED_GB GB are needed"
fi

if ((${#missing[@]})); then
    if ((blocked)) || ! is_debian_root; then
        echo "error: missing for the set-up; nothing was downloaded" >&2
        printf '%s\n' "${missing[@]}" >&2
        exit 1
    fi
    mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
    apt_install "${packages[@]}"
fi

# Tests alone use a dictionary; without it they are skipped and say so.
if is_debian_root && [[ ! -f $WORDNET/index.noun ]]; then
    apt_install wordnet-base || echo "warning: no wordnet-base: tests of its glosses will be skipped" >&2
fi
echo "$python"
