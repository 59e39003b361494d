"""Times `normalize` on generated scenes and the reading of a large annotation file, beside peers.

Writes `benchmarks/results/normalize-<day>-<machine>.json`.

1. `scenes`: records a second and a CPU second of `mmgic normalize` with one worker on one core and with two on two, and the
   peak of memory of its largest process, at several numbers of records.
2. `json`: an annotation file in Objects365's layout, joined and streamed, beside datumaro's import, pycocotools and `json`.
3. `pictures`: the same pictures through img2dataset (`file://` links) and through Pillow with webdataset's writer.

All of it takes seven minutes, and nine more to make the sets; `--quick` takes one and writes nothing but where `--out` says.

Example: python -m benchmarks.normalize.run --quick
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.goals import Goal, goal_lines, goal_tree
from benchmarks.machine import ROOT, circumstances, load_notes, write_result
from benchmarks.normalize.objects365 import write_annotations

_MAIN = "import sys; from mmgic.cli.main import main; sys.argv[0] = 'mmgic'; main()"
_SIDE_PX = 64
_MEMORY_FOLDER = Path("/dev/shm")
_RATE, _CPU_RATE, _MEMORY = "records_per_second", "records_per_cpu_second", "peak_bytes"


def goals(sizes: Sequence[int]) -> list[Goal]:
    """Memory flat within 5 %, two workers at least 1.8 times as fast as one."""
    least, most = f"scenes-{min(sizes)}", f"scenes-{max(sizes)}"
    return (
        [
            Goal("memory", "largest set over smallest, 1 worker", at_most=1.05, figure="1"),
            Goal("memory", "largest set over smallest, 2 workers", at_most=1.05, figure="2"),
            Goal("scaling", f"2 workers over 1, {most}", at_least=1.8, figure="rate"),
            Goal("json", "mmgic", "datumaro", at_least=1.0, figure="seconds_per_box"),
            Goal("pictures", "mmgic, 1 worker", "img2dataset", at_least=1.0, figure="cpu_seconds_per_record"),
        ]
        if least != most
        else []
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the arguments say."""
    options = _options(arguments)
    sizes = [int(size) for size in options.records.split(",")]
    result, notes = circumstances(), load_notes()
    scenes = [row for size in sizes for row in _scenes(options, size)]
    readings = _readings(options, notes)
    pictures = _pictures(options, min(sizes), notes)
    judged = goal_tree(goals(sizes), _figures(scenes, readings, pictures, sizes))
    print(*goal_lines(judged), *(f"note: {note}" for note in notes), sep="\n")
    result |= {
        "load_at_end": [round(load, 2) for load in os.getloadavg()],
        "side_px": _SIDE_PX,
        "records_folder": str(options.records_folder),
        "notes": notes,
        "goals": judged,
        "scenes": scenes,
        "json": readings,
        "pictures": pictures,
    }
    write_result(result, "normalize", options.out, options.quick)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.normalize.run", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="small; no result by itself")
    parser.add_argument("--records", help="numbers of records, separated by commas; default: 10000,100000,1000000")
    parser.add_argument("--json-bytes", type=int, help="size of the annotation file; default: 2 GB")
    parser.add_argument("--peer-bytes", type=int, help="size of the one that peers can hold; default: 200 MB")
    parser.add_argument("--peers", type=Path, default=ROOT / ".bench/environments/normalize/bin/python")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench/normalize", help="where sets and outputs go")
    parser.add_argument(
        "--records-folder",
        type=Path,
        help="where records go; default: in memory, where it has 16 GB to spare, as a disk that lags behind counts as our time",
    )
    parser.add_argument("--out", type=Path, help="the result's file")
    options = parser.parse_args(arguments)
    options.records = options.records or ("300,600" if options.quick else "10000,100000,1000000")
    options.json_bytes = options.json_bytes or (2_000_000 if options.quick else 2_000_000_000)
    options.peer_bytes = options.peer_bytes or (1_000_000 if options.quick else 200_000_000)
    options.folder = options.folder.resolve()
    options.records_folder = (options.records_folder or _in_memory(options.folder)).resolve()
    return options


def _in_memory(otherwise: Path) -> Path:
    if _MEMORY_FOLDER.is_dir() and shutil.disk_usage(_MEMORY_FOLDER).free > 16e9:
        return _MEMORY_FOLDER / "mmgic-bench-normalize"
    return otherwise


def _mmgic(*words: str | Path, cores: int | None = None) -> dict[str, float]:
    """Runs a command of this checkout, on so many cores; wall and CPU seconds of all its processes, peak of the largest."""
    allowed = os.sched_getaffinity(0)
    command = [sys.executable, "-c", _MAIN, *map(str, words), "--params", str(ROOT / "params.yaml"), "--quiet"]
    start = time.perf_counter()
    os.sched_setaffinity(0, sorted(allowed)[:cores])  # a child has its parent's cores
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    os.sched_setaffinity(0, allowed)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return {"wall_seconds": wall, "cpu_seconds": usage.ru_utime + usage.ru_stime, _MEMORY: usage.ru_maxrss * 1024}


def _scenes(options: argparse.Namespace, size: int) -> list[dict[str, Any]]:
    raw = options.folder / f"scenes-{size}"
    sets = (
        "fetch.sources=[scenes]",
        f"fetch.scenes.train={size}",
        "fetch.scenes.val=0",
        f"fetch.scenes.side_px={_SIDE_PX}",
    )
    _mmgic("fetch", "--out", raw, *(word for value in sets for word in ("--set", value)))
    rows = []
    for workers in (1, 2):
        out = options.records_folder / "records"
        shutil.rmtree(out, ignore_errors=True)
        row = _mmgic("normalize", "--in", raw, "--out", out, "--workers", str(workers), "--fresh", cores=workers)
        found = json.loads((out / "manifest.json").read_text())["counts"]["records"]
        assert found == size, f"{found} records of {size}"
        rates = {_RATE: size / row["wall_seconds"], _CPU_RATE: size / row["cpu_seconds"]}
        rows.append({"records": size, "workers": workers, **row, **rates})
        _say("scenes", rows[-1])
    shutil.rmtree(options.records_folder / "records")
    return rows


def _readings(options: argparse.Namespace, notes: list[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for num_bytes in sorted({options.peer_bytes, options.json_bytes}):
        place = options.folder / f"objects365-{num_bytes}"
        path = place / "annotations" / "zhiyuan_objv2_train.json"
        if not path.exists():
            write_annotations(path, num_bytes)
        raw = options.folder / f"objects365-raw-{num_bytes}"
        _mmgic("fetch", "--source", "objects365", "--in", place, "--out", raw)
        readers = {"mmgic": raw}
        if num_bytes == options.peer_bytes:
            coco = options.folder / f"coco-{num_bytes}"
            named = coco / "annotations" / "instances_train.json"
            for part in (named.parent, coco / "images"):  # datumaro reads nothing without a folder of pictures
                part.mkdir(parents=True, exist_ok=True)
            if not named.exists():
                named.hardlink_to(path)
            readers |= {"datumaro": named, "pycocotools": path, "json_load": path}
        for name, given in readers.items():
            python = sys.executable if name in ("mmgic", "json_load") or not options.peers.exists() else options.peers
            row = _child([str(python), "-m", "benchmarks.normalize.read_json", name, str(given)], name, notes)
            if row:
                size = path.stat().st_size
                rate = size / row["wall_seconds"] / 1e6
                rows.append({"reader": name, "file_bytes": size, **row, "megabytes_per_second": rate})
                _say("json", rows[-1])
    return rows


def _pictures(options: argparse.Namespace, size: int, notes: list[str]) -> list[dict[str, Any]]:
    """The smallest set's pictures, loose, through the peers."""
    from mmgic.shards.tars import tar_members

    loose = options.folder / "loose"
    shutil.rmtree(loose, ignore_errors=True)
    loose.mkdir(parents=True)
    for tar in sorted((options.folder / f"scenes-{size}" / "scenes").glob("*.tar")):
        with tar.open("rb") as stream:
            for name, _, data in tar_members(stream):
                (loose / name).write_bytes(data)
    rows: list[dict[str, Any]] = []
    python = options.peers if options.peers.exists() else sys.executable
    for name in ("img2dataset", "webdataset"):
        out = options.folder / "peer" / name
        out.parent.mkdir(exist_ok=True)
        row = _child([str(python), "-m", "benchmarks.normalize.pictures", name, str(loose), str(out)], name, notes)
        if row:
            rows.append({"way": name, **row, _RATE: row["records"] / row["wall_seconds"]})
            _say("pictures", rows[-1])
    return rows


def _child(command: list[str], name: str, notes: list[str]) -> dict[str, Any] | None:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    if done.returncode:
        notes.append(
            f"{name} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        )
        return None
    tree: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return tree


def _figures(
    scenes: list[dict[str, Any]], readings: list[dict[str, Any]], pictures: list[dict[str, Any]], sizes: Sequence[int]
) -> dict[tuple[str, str], dict[str, float]]:
    by = {(row["records"], row["workers"]): row for row in scenes}
    least, most = min(sizes), max(sizes)
    figures: dict[tuple[str, str], dict[str, float]] = {}
    for workers in (1, 2):
        growth = by[most, workers][_MEMORY] / by[least, workers][_MEMORY]
        name = f"largest set over smallest, {workers} worker{'s' if workers > 1 else ''}"
        figures["memory", name] = {str(workers): growth}
    figures["scaling", f"2 workers over 1, scenes-{most}"] = {"rate": by[most, 2][_RATE] / by[most, 1][_RATE]}
    for row in readings:
        figures.setdefault(("json", row["reader"]), {"seconds_per_box": row["wall_seconds"] / row["boxes"]})
    figures["pictures", "mmgic, 1 worker"] = {"cpu_seconds_per_record": 1 / by[least, 1][_CPU_RATE]}
    for row in pictures:
        figures["pictures", row["way"]] = {"cpu_seconds_per_record": row["cpu_seconds"] / row["records"]}
    return figures


def _say(what: str, row: dict[str, Any]) -> None:
    values = (f"{key} {value:,.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items())
    print(f"{what}:", *values, sep="  ", flush=True)


if __name__ == "__main__":
    sys.exit(main())
