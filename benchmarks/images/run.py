"""Times decoding and cropping beside every peer; prints ratios and writes `benchmarks/results/images-<day>-<machine>.json`.

`make bench-images` makes the peers' environments and runs it. Without them it runs on what is installed here. All of it takes
under ten minutes on an idle core; `--quick` takes 8 files and 3 rounds and writes nothing but where `--out` says.

Example: python -m benchmarks.images.run --quick
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from benchmarks.goals import goal_lines, goal_tree
from benchmarks.images.engines import FAMILIES
from benchmarks.images.make_images import make_images
from benchmarks.images.measure import Bench, Row, measure
from benchmarks.images.processes import Core, Peers
from benchmarks.images.report import figures, work_lines, work_tree
from benchmarks.images.samples import REGION_FRACTIONS, SIDE_PX, Sample, load_samples
from benchmarks.images.works import GOALS, WORKS
from benchmarks.machine import ROOT, circumstances, cores, crate_versions, load_notes, write_result
from benchmarks.processes import KEEP_MEMORY

_CRATES = ("turbojpeg-sys", "png", "libwebp-sys", "zune-core", "zlib-rs", "fdeflate")
_QUICK_FILES, _QUICK_ROUNDS = 8, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the arguments say; 0 unless nothing of ours could be timed."""
    options = _options(arguments)
    works = [work for work in WORKS if not options.works or work.name in options.works.split(",")]
    result = circumstances()
    with ExitStack() as stack:
        samples = _limited(load_samples(make_images(options.images)), options.files)
        bench = _bench(options, samples, stack)
        thread_counts = sorted({1, 2, cores()})
        trees: list[dict[str, Any]] = []
        rows: list[Row] = []
        for work in works:
            measured = measure(bench, work, thread_counts)
            rows += measured
            trees.append(work_tree(work, measured, samples))
            print(*work_lines(trees[-1]), sep="\n", flush=True)
        goals = goal_tree(GOALS, figures(rows))
        print(*goal_lines(goals), sep="\n")
        print(*(f"note: {note}" for note in bench.notes), sep="\n")
        result |= _result(options, bench, trees, goals)
    write_result(result, "images", options.out, options.quick)
    return 0 if any(row.engine.startswith("mmgic") for row in rows) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images.run", description=(__doc__ or "").split("\n")[0])
    cache = ROOT / ".bench"
    parser.add_argument("--quick", action="store_true", help="8 files and 3 rounds; no result in benchmarks/results")
    parser.add_argument("--rounds", type=int, help="default: 11")
    parser.add_argument("--files", type=int, help="at most this many of a kind; default: all")
    parser.add_argument("--works", help="names, separated by commas; default: all")
    parser.add_argument("--engines", default=",".join(FAMILIES), help="families, separated by commas; default: all")
    parser.add_argument("--images", type=Path, default=cache / "images", help="the set; made where it is missing")
    parser.add_argument(
        "--peers", type=Path, default=cache / "environments/images/bin/python", help="Python that has the peers"
    )
    parser.add_argument(
        "--pillow-simd", type=Path, default=cache / "environments/pillow-simd/bin/python", help="its own Python"
    )
    parser.add_argument(
        "--system-memory", action="store_true", help="give freed memory back as the C library does by itself"
    )
    parser.add_argument("--core", type=Path, default=ROOT / "target/release/examples/time_images")
    parser.add_argument("--out", type=Path, help="the result's file")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (_QUICK_ROUNDS if options.quick else 11)
    options.files = options.files or (_QUICK_FILES if options.quick else None)
    return options


def _bench(options: argparse.Namespace, samples: list[Sample], stack: ExitStack) -> Bench:
    """Starts a process for each library, so that each has its memory as who uses it alone; what is missing becomes a note."""
    notes = load_notes()
    python = options.peers
    if not python.exists():
        notes.append(f"no environment of peers ({python}): what is installed here alone was timed")
        python = Path(sys.executable)
    families = options.engines.split(",")
    memory = {} if options.system_memory else KEEP_MEMORY

    def started(python: Path, family: str) -> Peers:
        return stack.enter_context(closing(Peers(python, options.images, [family], memory)))

    peers = [started(python, family) for family in families]
    if options.pillow_simd.exists() and "pillow" in families:
        peers.append(started(options.pillow_simd, "pillow"))
    elif "pillow" in families:
        notes.append(f"no pillow-simd ({options.pillow_simd}): its goals were not measured")
    notes += [f"{name} could not be loaded: {why}" for process in peers for name, why in process.missing.items()]
    core = None
    if options.core.exists():
        core = stack.enter_context(closing(Core(options.core, options.images, memory)))
    else:
        notes.append(f"no example of the core ({options.core}): the overhead of the call was not measured")
    return Bench(peers, core, samples, options.rounds, notes)


def _limited(samples: list[Sample], limit: int | None) -> list[Sample]:
    """At most `limit` of each kind, from the large to the small."""
    if not limit:
        return samples
    kinds = ([sample for sample in samples if sample.kind == kind] for kind in ("jpg", "png", "webp"))
    return [sample for kind in kinds for sample in kind[:: -max(1, len(kind) // limit)][:limit]]


def _result(
    options: argparse.Namespace, bench: Bench, works: list[dict[str, Any]], goals: list[dict[str, Any]]
) -> dict[str, Any]:
    versions: dict[str, str] = {}
    for process in bench.peers:
        versions |= process.versions
    return {
        "load_at_end": [round(load, 2) for load in os.getloadavg()],
        "rounds": options.rounds,
        "system_memory": options.system_memory,
        "set": {
            **json.loads((options.images / "images.json").read_text())["made_by"],
            "side_px": SIDE_PX,
            "region_fractions": REGION_FRACTIONS,
        },
        "versions": versions | crate_versions(*_CRATES),
        "notes": bench.notes,
        "goals": goals,
        "works": works,
    }


if __name__ == "__main__":
    sys.exit(main())
