#!/usr/bin/env bash
# Makes .venv with the locked packages. Usage: install-packages.sh PYTHON
set -euo pipefail

[[ -x .venv/bin/python ]] || "$1" -m venv .venv
total=$(grep -c '==' requirements.lock)
echo "setup: installing $total packages into .venv (about 5 GB, some minutes)"
.venv/bin/python -m pip install --disable-pip-version-check --progress-bar off -r requirements.lock | awk -v total="$total" '
    /^Collecting/ { if (++n % 25 == 0) { print "setup: " n " of " total " packages found"; fflush() } }
    /^Installing collected/ { print "setup: all packages are here; unpacking"; fflush() }'
