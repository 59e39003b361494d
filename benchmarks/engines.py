"""What a benchmark runs in a worker process: an engine makes its input ready, and a run of it is timed.

Numpy and the standard library alone are imported here: every environment has them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Prepared:
    """An engine with its input.

    Attributes:
        run: What is timed; freeing its result is part of it.
        units: How many boxes, documents, tokens or rows one run does: seconds are told for one.
        before: Runs before each timed run, untimed.
        facts: What a run's result is worth, checked against the input: figures by name. It raises where the result is wrong.
        done: Runs once at the end.
    """

    run: Callable[[], Any]
    units: int
    before: Callable[[], None] = lambda: None
    facts: Callable[[Any], Mapping[str, float]] = lambda _: {}
    done: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Engine:
    """A way to do a work. `prepare` takes the work's arguments."""

    work: str
    name: str
    prepare: Callable[[Mapping[str, Any]], Prepared]


@dataclass(frozen=True)
class Work:
    """A task for engines.

    Attributes:
        name: Key in tables and results.
        what: The task in words.
        task: The engines' name of it.
        unit: What is counted.
        reference: Engine that ratios are to.
        arguments: What engines are told.
        clock: `cpu` of the process, all its threads, or `wall`.
        figures: Facts that the table shows, by name, with their format.
        only: Beginnings of engines' names; all where empty.
        rounds: Rounds at most, where a run is long.
    """

    name: str
    what: str
    task: str
    unit: str
    reference: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    clock: str = "cpu"
    figures: Mapping[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()
    rounds: int | None = None

    @property
    def units(self) -> str:
        """`unit` in the plural."""
        return self.unit + ("es" if self.unit.endswith("x") else "s")


def forget_files(paths: Sequence[str | os.PathLike[str]]) -> None:
    """Asks the kernel to drop the files' pages, after syncing them: the next read comes from the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
