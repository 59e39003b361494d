"""Times the stage `tokenize` end to end, in records a second; with `--before DIR` another checkout takes turns with this one.

Each checkout makes its own records and documents of one set, once. Then it tokenizes them anew, without any cache, round by
round, with one worker and with two; the cheapest round counts. A run of one record tells start-up and the fitting of the
vocabulary apart from what each further record costs. A checkout needs its built library in `mmgic/`; the packages are those of
this Python. Writes `benchmarks/results/tokenize-<day>-<machine>.json`.

Example: python -m benchmarks.tokenize.run --before ../older-checkout
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import benchmarks.tokenize.parts
from benchmarks.machine import ROOT, circumstances, commit, cores, write_result
from benchmarks.tokenize.make_set import make_set
from benchmarks.tokenize.stage import Checkout, make_documents, tokenize_arguments

PARAMS = (
    "normalize.records_per_shard=75",
    "tokenize.row_length=1024",
    "tokenize.visual.side_px=224",
    "tokenize.visual.patch_px=32",
    "tokenize.visual.num_codes=16",
    "tokenize.visual.fit_pictures=4",
)
"""Pictures of 224x224, as visual tokenizers take them; a codebook of 16, so that finding codes does not hide decoding."""

WORKERS = (1, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the arguments say."""
    options = _options(arguments)
    checkouts = {
        "after" if options.before else "now": Checkout(options.checkout.resolve(), PARAMS + tuple(options.set))
    }
    if options.before:
        checkouts = {"before": Checkout(options.before.resolve(), PARAMS), **checkouts}
    result = circumstances()
    coco = make_set(options.folder / f"coco-{options.records}", options.records)
    documents = {name: _documents(options, name, checkout, coco) for name, checkout in checkouts.items()}
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in checkouts}
    for _ in range(options.rounds):
        for workers, records, (name, checkout) in product(WORKERS, (1, options.records), checkouts.items()):
            words = tokenize_arguments(documents[name], options.folder / name, workers, records)
            rounds[name].append({"workers": workers, "records": records, **checkout.run(*words)})
            print(name, *(f"{key} {value:.3g}" for key, value in rounds[name][-1].items()), flush=True)
    result |= {
        "load_at_end": [round(load, 2) for load in os.getloadavg()],
        "records": options.records,
        "regions_per_record": 8,
        "checkouts": {
            name: {
                "commit": commit(checkout.path),
                "params": checkout.overrides,
                "best": [_best(rounds[name], workers, options.records) for workers in WORKERS],
                "profile": _profile(checkout, documents[name], options.folder / name, options.records),
                "rounds": rounds[name],
            }
            for name, checkout in checkouts.items()
        },
    }
    if options.before:
        result["after_over_before"] = _gains(*(checkout["best"] for checkout in result["checkouts"].values()))
    _show(result["checkouts"])
    write_result(result, "tokenize", options.out, is_part=False)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.tokenize.run", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--checkout", type=Path, default=ROOT, help="the checkout to time; default: this one")
    parser.add_argument("--before", type=Path, help="a checkout that takes turns with it")
    parser.add_argument("--set", action="append", default=[], help="SECTION.KEY=VALUE for --checkout alone; repeatable")
    parser.add_argument("--records", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench/tokenize", help="where sets and outputs go")
    parser.add_argument("--out", type=Path, help="the result's file")
    options = parser.parse_args(arguments)
    options.folder = options.folder.resolve()
    return options


def _documents(options: argparse.Namespace, name: str, checkout: Checkout, coco: Path) -> Path:
    return make_documents(checkout, coco, options.folder / name, cores())


def _best(rounds: list[dict[str, Any]], workers: int, records: int) -> dict[str, Any]:
    """The least wall and the least CPU seconds of the rounds with so many workers, and the rates that follow."""
    least = {
        (count, clock): min(row[clock] for row in rounds if row["workers"] == workers and row["records"] == count)
        for count in (1, records)
        for clock in ("wall", "cpu")
    }
    wall, cpu = least[records, "wall"], least[records, "cpu"]
    return {
        "workers": workers,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "start_wall_seconds": least[1, "wall"],
        "start_cpu_seconds": least[1, "cpu"],
        "records_per_second": records / wall,
        "records_per_cpu_second": records / cpu,
        "records_per_second_after_start": _rate(records - 1, wall - least[1, "wall"]),
        "records_per_cpu_second_after_start": _rate(records - 1, cpu - least[1, "cpu"]),
    }


def _rate(records: int, seconds: float) -> float | None:
    """Records a second; None where there were too few to tell them from start-up."""
    return records / seconds if seconds > 0.1 else None


def _gains(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each number of workers the rates after over those before."""
    return [
        {key: new[key] / old[key] if new[key] and old[key] else None for key in new if key.startswith("records_per")}
        | {"workers": new["workers"]}
        for old, new in zip(before, after, strict=True)
    ]


def _profile(checkout: Checkout, documents: Path, work: Path, records: int) -> dict[str, Any]:
    """Seconds and shares of the parts of the stage, with one worker."""
    words = checkout.command(*tokenize_arguments(documents, work, 1, records))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "profile.json"
        command = [words[0], "-P", benchmarks.tokenize.parts.__file__, str(out), *words[words.index("tokenize") :]]
        subprocess.run(command, cwd=checkout.path, env=checkout.environment(), check=True)
        tree: dict[str, Any] = json.loads(out.read_text())
    return tree


def _show(checkouts: dict[str, Any]) -> None:
    print(f"\n{'checkout':<10} {'workers':>7} {'records/s':>12} {'a CPU second':>12}  the same after start-up")
    for name, checkout in checkouts.items():
        for row in checkout["best"]:
            rates = [f"{value or 0:>12.1f}" for key, value in row.items() if key.startswith("records_per")]
            print(f"{name:<10} {row['workers']:>7} {' '.join(rates)}")
    for name, checkout in checkouts.items():
        parts = checkout["profile"]["parts"].items()
        print(f"{name}, one worker:", ", ".join(f"{part} {values['share']:.0%}" for part, values in parts))


if __name__ == "__main__":
    sys.exit(main())
