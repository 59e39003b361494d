"""Times the download of a table of URLs beside img2dataset, on one local server that both ask.

Writes `benchmarks/results/download-<day>-<machine>.json`. Each engine is a process of its own, with the same number of requests
at once; they take turns, and the cheapest round counts. `one host` lets connections be used again, which img2dataset does not;
with `many hosts` every URL is of another address, as in tables of the web.

Seconds of CPU count: server and engines share the machine, and so bear its load. What a run of ten URLs takes is start-up and
does not count. All of it takes about ten minutes.

Example: python -m benchmarks.download.run --quick
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.goals import Goal, goal_lines, goal_tree
from benchmarks.machine import ROOT, circumstances, load_notes, write_result

_HOSTS = {"one host": 1, "many hosts": 20_000}
_FIGURE = "cpu_seconds_per_picture"
_FEW = 10
GOALS = [Goal(hosts, "mmgic", "img2dataset", at_least=1.0, figure=_FIGURE) for hosts in _HOSTS]
"""Cheaper than img2dataset in either case."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the arguments say."""
    options = _options(arguments)
    result, notes = circumstances(), load_notes()
    pythons = {"mmgic": Path(sys.executable), "img2dataset": options.peers}
    if not options.peers.exists():
        notes.append(f"no environment of peers ({options.peers}): mmgic alone was timed")
        del pythons["img2dataset"]
    options.folder.mkdir(parents=True, exist_ok=True)
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    with _server(_picture(options)) as port:
        for _, (hosts, number), (name, python) in product(range(options.rounds), _HOSTS.items(), pythons.items()):
            start = _timed(name, python, _table(options.folder, _FEW, port, number), _FEW, options)
            row = _timed(name, python, _table(options.folder, options.urls, port, number), options.urls, options)
            row |= {key: row[key] - start[key] for key in ("wall_seconds", "cpu_seconds", "pictures")}
            print(f"{hosts}: {name} " + ", ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
            best = rows.get((hosts, name), row)
            rows[hosts, name] = {key: min(value, best[key]) for key, value in row.items()}
    for row in rows.values():
        row[_FIGURE] = row["cpu_seconds"] / row["pictures"]
        row["urls_per_cpu_second"] = row["pictures"] / row["cpu_seconds"]
        row["urls_per_second"] = row["pictures"] / row["wall_seconds"]
    judged = goal_tree(GOALS, rows)
    print(*goal_lines(judged), *(f"note: {note}" for note in notes), sep="\n")
    result |= {
        "load_at_end": [round(load, 2) for load in os.getloadavg()],
        "versions": {"aiohttp": version("aiohttp"), "img2dataset": _version_there(options.peers)},
        "picture_bytes": _picture(options).stat().st_size,
        "requests_at_once": options.requests,
        "rounds": options.rounds,
        "notes": notes,
        "goals": judged,
        "rows": [{"hosts": hosts, "engine": name, **row} for (hosts, name), row in rows.items()],
    }
    write_result(result, "download", options.out, options.quick)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.download.run", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="few URLs, one round; no result by itself")
    parser.add_argument("--urls", type=int, help="default: 20000")
    parser.add_argument("--rounds", type=int, help="default: 3")
    parser.add_argument("--requests", type=int, default=64, help="at once")
    parser.add_argument("--peers", type=Path, default=ROOT / ".bench/environments/download/bin/python")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench/download", help="where tables and outputs go")
    parser.add_argument("--out", type=Path, help="the result's file")
    options = parser.parse_args(arguments)
    options.urls = options.urls or (500 if options.quick else 20_000)
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.folder = options.folder.resolve()
    return options


def _picture(options: argparse.Namespace) -> Path:
    """A JPEG of 41 KB, about what pictures of web tables have."""
    from PIL import Image

    path: Path = options.folder / "picture.jpg"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((256, 256), 60).convert("RGB").save(path, "JPEG", quality=85)
    return path


def _table(folder: Path, num_urls: int, port: int, num_hosts: int) -> Path:
    """A table of URLs whose hosts take turns."""
    path = folder / f"urls-{num_hosts}-{num_urls}.csv"
    hosts = [f"127.0.{number // 250}.{1 + number % 250}" for number in range(num_hosts)]
    urls = (f"http://{hosts[number % num_hosts]}:{port}/{number}.jpg" for number in range(num_urls))
    path.write_text("url\n" + "\n".join(urls) + "\n")
    return path


@contextmanager
def _server(picture: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.download.server", str(picture)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdin is not None
    try:
        yield int(child.stdout.readline())
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()


def _timed(name: str, python: Path, table: Path, num_urls: int, options: argparse.Namespace) -> dict[str, float]:
    words = [name, str(table), str(options.folder / "out" / name), str(options.requests)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_ALBUMENTATIONS_UPDATE": "1"}
    command = [str(python), "-m", "benchmarks.download.engines", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr[-2000:]}")
    row: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    if row["pictures"] != num_urls:
        raise RuntimeError(f"{name} got {row['pictures']:g} of {num_urls} pictures")
    return row


def _version_there(python: Path) -> str:
    if not python.exists():
        return ""
    code = "import importlib.metadata as m; print(m.version('img2dataset'))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
