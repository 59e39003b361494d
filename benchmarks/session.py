"""What runs of a benchmark share: its options, a process for each library, works in turn, goals, and the result's file."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from benchmarks.engines import Work
from benchmarks.families import Families
from benchmarks.goals import Goal, goal_lines, goal_tree
from benchmarks.machine import ROOT, circumstances, load_notes, write_result
from benchmarks.processes import KEEP_MEMORY, PeerProcess
from benchmarks.turns import figures, measure, work_lines, work_tree


def option_parser(what: str, description: str, families: Families[Any], rounds: int) -> argparse.ArgumentParser:
    """The options that every benchmark of this kind has."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{what}.run", description=description)
    python = ROOT / ".bench/environments" / what / "bin/python"
    parser.add_argument("--quick", action="store_true", help="small and few rounds; no result by itself")
    parser.add_argument("--rounds", type=int, help=f"default: {rounds}, or 2 with --quick")
    parser.add_argument("--works", help="beginnings of names, separated by commas; no result by itself; default: all")
    parser.add_argument("--engines", default=",".join(families), help="families, separated by commas; default: all")
    parser.add_argument("--peers", type=Path, default=python, help="Python that has the peers")
    parser.add_argument(
        "--plain", action="store_true", help="memory and garbage collector as Python has them by itself"
    )
    parser.add_argument("--out", type=Path, help="the result's file")
    return parser


def is_chosen(name: str, names: str | None) -> bool:
    """Whether a work's name begins as one of `names`; true where there are none."""
    return not names or name.startswith(tuple(names.split(",")))


def run_works(
    what: str,
    options: argparse.Namespace,
    works: Iterable[Work],
    goals: Sequence[Goal],
    rounds: int,
    notes: Sequence[str] = (),
) -> int:
    """Times the works, prints tables and goals, writes the result; 0 unless nothing of ours could be timed.

    Args:
        what: Name of the benchmark, its package and its result.
        options: Those of `option_parser`.
        works: What to time, in this order.
        goals: What to judge.
        rounds: Rounds where the options say none.
        notes: What the reader of the result should know beforehand.
    """
    rounds = options.rounds or (2 if options.quick else rounds)
    result, notes = circumstances(), [*notes, *load_notes()]
    measured: dict[tuple[str, str], dict[str, float]] = {}
    trees = []
    with ExitStack() as stack:
        processes = _processes(what, options, notes, stack)
        for work in works:
            rows, failed = measure(processes, work, rounds, max_seconds=1 if options.quick else 8)
            notes += failed
            measured |= figures(work, rows)
            trees.append(work_tree(work, rows))
            print(*work_lines(work, trees[-1]), sep="\n", flush=True)
        versions = {name: version for process in processes for name, version in process.versions.items()}
    judged = goal_tree(goals, measured)
    print(*goal_lines(judged), sep="\n")
    print(*(f"note: {note}" for note in notes), sep="\n")
    result |= {
        "load_at_end": [round(load, 2) for load in os.getloadavg()],
        "rounds": rounds,
        "plain": options.plain,
        "versions": versions,
        "notes": notes,
        "goals": judged,
        "works": trees,
    }
    is_part = options.quick or options.works is not None
    write_result(result, what, options.out, is_part)
    return 0 if any(engine.startswith("mmgic") for _, engine in measured) else 1


def _processes(what: str, options: argparse.Namespace, notes: list[str], stack: ExitStack) -> list[PeerProcess]:
    """A process for each library, so that each has its memory as who uses it alone; what is missing becomes a note."""
    python = options.peers
    if not python.exists():
        notes.append(f"no environment of peers ({python}): what is installed here alone was timed")
        python = Path(sys.executable)
    memory = {} if options.plain else KEEP_MEMORY
    mode = ["plain"] if options.plain else []
    module = f"benchmarks.{what}.engines"
    processes = [
        stack.enter_context(closing(PeerProcess(python, "benchmarks.worker", [module, family, *mode], memory)))
        for family in options.engines.split(",")
    ]
    notes += [f"{name} could not be loaded: {why}" for process in processes for name, why in process.missing.items()]
    return processes
