"""What a result must say of where it comes from: machine, checkout, command, date."""

import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def cpu_model() -> str:
    """As the kernel names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def host_kind() -> str:
    """Cores and processor as a word for file names."""
    return f"{cores()}-core-" + re.sub(r"[^a-z0-9]+", "-", cpu_model().lower()).strip("-")


def commit(checkout: Path) -> str:
    """The checkout's commit, marked where files differ from it."""
    done = subprocess.run(
        ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
    )
    return done.stdout.strip() or "no git"


def crate_versions(*names: str) -> dict[str, str]:
    """Locked versions of crates of the core."""
    locked = re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', (ROOT / "Cargo.lock").read_text())
    return {f"crate {name}": version for name, version in locked if name in names}


def circumstances() -> dict[str, Any]:
    """Everything about this run but what it measures."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join([Path(sys.executable).name, *sys.orig_argv[1:]]),
        "commit": commit(ROOT),
        "cpu": cpu_model(),
        "cores": cores(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
    }


def load_notes() -> list[str]:
    """Wall times say little where others use the cores; CPU times bear it."""
    load = os.getloadavg()[0]
    busy = f"the machine was busy (load {load:.1f} on {cores()} cores): wall times say little"
    return [busy] if load > cores() / 2 else []


def write_result(result: Mapping[str, Any], what: str, out: Path | None, is_part: bool) -> None:
    """Writes a result to `out`; without, to `benchmarks/results/<what>-<day>-<machine>.json` unless it is of a part."""
    default = ROOT / "benchmarks" / "results" / f"{what}-{result['date'][:10]}-{host_kind()}.json"
    path = out or (None if is_part else default)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(f"written: {path}")
