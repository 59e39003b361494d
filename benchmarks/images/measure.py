"""Times works: engines take turns on every file, in another order each round, and a file's cheapest round counts.

A busy machine so hurts all alike, and seldom. What cannot run is named in the result, not left out in silence.
"""

import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.images.processes import Core, Peers
from benchmarks.images.samples import Sample
from benchmarks.images.works import Work
from benchmarks.processes import EngineFailed


@dataclass
class Row:
    """One engine on one work: seconds of each file (or of the batch), and how far its pixels are from the reference's."""

    work: str
    engine: str
    seconds: list[float]
    cpu_seconds: list[float] | None
    max_difference: int | None = None
    mean_difference: float | None = None


@dataclass
class Bench:
    """The processes, the samples, and what went wrong so far."""

    peers: Sequence[Peers]
    core: Core | None
    samples: list[Sample]
    rounds: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    name: str
    process: Peers | Core
    engine: str
    threads: int = 0

    def time(self, work: Work, samples: list[Sample]) -> Mapping[str, float]:
        if isinstance(self.process, Core):
            return self.process.time(work.task, samples[0])
        return self.process.time(work.task, self.engine, samples, self.threads)


def measure(bench: Bench, work: Work, thread_counts: Sequence[int]) -> list[Row]:
    """Rows of a work, the cheapest engine first."""
    samples = work.chosen(bench.samples)
    entries = _entries(bench, work, thread_counts)
    differences = {} if work.is_batch or work.with_core else _differences(bench, work, entries, samples)
    entries = [entry for entry in entries if work.is_batch or work.with_core or entry.engine in differences]
    groups = [samples] if work.is_batch else [[sample] for sample in samples]
    best = _cheapest(bench, work, entries, groups)
    rows = []
    for name, times in best.items():
        row = Row(work.name, name, times[work.clock], times.get("cpu") if work.clock == "wall" else None)
        row.max_difference, row.mean_difference = differences.get(name, (None, None))
        rows.append(row)
    return sorted(rows, key=lambda row: sum(row.seconds))


def _entries(bench: Bench, work: Work, thread_counts: Sequence[int]) -> list[_Entry]:
    entries = []
    for process in bench.peers:
        for task, engine in process.engines:
            if task != work.task or (work.only and engine not in work.only):
                continue
            if work.is_batch:
                for count in thread_counts:
                    entries.append(
                        _Entry(f"{engine}, {count} thread{'s' * (count > 1)}", process, engine, threads=count)
                    )
            else:
                entries.append(_Entry(engine, process, engine))
    if work.with_core and bench.core:
        entries.append(_Entry("core", bench.core, "core"))
    return entries


def _cheapest(
    bench: Bench, work: Work, entries: Sequence[_Entry], groups: Sequence[list[Sample]]
) -> dict[str, dict[str, list[float]]]:
    """For each entry and clock the least seconds of each group of files."""
    best: dict[str, dict[str, list[float]]] = {entry.name: {} for entry in entries}
    order = random.Random(0)
    for _ in range(bench.rounds * work.repeats):
        for at, group in enumerate(groups):
            for entry in order.sample(entries, len(entries)):
                if entry.name not in best:
                    continue
                try:
                    for clock, seconds in entry.time(work, group).items():
                        least = best[entry.name].setdefault(clock, [float("inf")] * len(groups))
                        least[at] = min(least[at], seconds)
                except EngineFailed as error:
                    bench.notes.append(f"{work.name}: {entry.name} failed: {error}")
                    del best[entry.name]
    return best


def _differences(
    bench: Bench, work: Work, entries: Sequence[_Entry], samples: list[Sample]
) -> dict[str, tuple[int | None, float | None]]:
    """Largest and mean difference to the reference's pixels, over all files, of every engine that runs at all."""
    found: dict[str, tuple[int | None, float | None]] = {}
    with tempfile.TemporaryDirectory() as folder:
        pixels = Path(folder) / "pixels.npy"

        def made(entry: _Entry, sample: Sample) -> NDArray[np.int16]:
            assert isinstance(entry.process, Peers)
            entry.process.save(work.task, entry.engine, sample, pixels)
            array: NDArray[Any] = np.load(pixels)
            return array.astype(np.int16)

        reference = next((entry for entry in entries if entry.name == work.reference), None)
        expected = [made(reference, sample) for sample in samples] if reference else []
        for entry in entries:
            try:
                found[entry.name] = _difference([made(entry, sample) for sample in samples], expected)
            except EngineFailed as error:
                bench.notes.append(f"{work.name}: {entry.name} failed: {error}")
    return found


def _difference(made: list[NDArray[np.int16]], expected: list[NDArray[np.int16]]) -> tuple[int | None, float | None]:
    if [pixels.shape for pixels in made] != [pixels.shape for pixels in expected]:
        return None, None
    differences = [np.abs(left - right) for left, right in zip(made, expected, strict=True)]
    return max(int(d.max()) for d in differences), float(np.mean([d.mean() for d in differences]))
