"""Times a work: engines take turns, in another order each round, and the cheapest round of each counts.

A busy machine so hurts all alike, and seldom. A short run is repeated within its turn; an engine that has had its seconds
leaves the rounds early, and its row says how many it had. What cannot run is named, not left out in silence.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.engines import Work
from benchmarks.processes import EngineFailed, PeerProcess

_TURN_SECONDS, _MAX_CALLS = 0.03, 25


@dataclass
class Row:
    """One engine on one work: least seconds of a run, how many units that did, and the facts of its result."""

    engine: str
    seconds: float
    other_clock_seconds: float
    units: int
    rounds: int
    facts: dict[str, float] = field(default_factory=dict)

    @property
    def seconds_per_unit(self) -> float:
        """What goals are judged by."""
        return self.seconds / self.units


@dataclass
class _Turn:
    process: PeerProcess
    work: Work
    engine: str
    units: int
    facts: dict[str, float]
    least: dict[str, float] = field(default_factory=lambda: {"cpu": float("inf"), "wall": float("inf")})
    spent: float = 0.0
    rounds: int = 0

    def take(self) -> None:
        known = self.least["wall"]
        calls = 1 if known == float("inf") else max(1, min(_MAX_CALLS, int(_TURN_SECONDS / known)))
        seconds = self.process.command(do="time", work=self.work.task, engine=self.engine, calls=calls)
        self.least = {clock: min(self.least[clock], seconds[clock]) for clock in self.least}
        self.spent += seconds["wall"] * calls
        self.rounds += 1

    def row(self) -> Row:
        other = "wall" if self.work.clock == "cpu" else "cpu"
        return Row(self.engine, self.least[self.work.clock], self.least[other], self.units, self.rounds, self.facts)


def measure(
    processes: Sequence[PeerProcess], work: Work, rounds: int, max_seconds: float
) -> tuple[list[Row], list[str]]:
    """Rows of a work, the cheapest engine first, and notes of what failed."""
    turns: list[_Turn] = []
    notes: list[str] = []
    for process in processes:
        for task, engine in process.engines:
            if task != work.task or (work.only and not engine.startswith(tuple(work.only))):
                continue
            try:
                told = process.command(do="prepare", work=task, engine=engine, arguments=dict(work.arguments))
                turns.append(_Turn(process, work, engine, told["units"], told["facts"]))
            except EngineFailed as error:
                notes.append(f"{work.name}: {engine} failed: {error}")
    order = random.Random(0)
    for _ in range(min(rounds, work.rounds or rounds)):
        for turn in order.sample(turns, len(turns)):
            if turn.spent < max_seconds:
                try:
                    turn.take()
                except EngineFailed as error:
                    notes.append(f"{work.name}: {turn.engine} failed: {error}")
                    turns.remove(turn)
    for turn in turns:
        turn.process.command(do="release", work=work.task, engine=turn.engine)
    return sorted((turn.row() for turn in turns), key=lambda row: row.seconds_per_unit), notes


def work_tree(work: Work, rows: Sequence[Row]) -> dict[str, Any]:
    """A work and its rows for JSON, with rates and the ratio of seconds to the reference's."""
    reference = next((row.seconds_per_unit for row in rows if row.engine == work.reference), None)
    return {
        "name": work.name,
        "what": work.what,
        "clock": work.clock,
        "unit": work.unit,
        "reference": work.reference,
        "arguments": dict(work.arguments),
        "engines": [
            {
                "engine": row.engine,
                "units": row.units,
                "seconds": row.seconds,
                "cpu_seconds" if work.clock == "wall" else "wall_seconds": row.other_clock_seconds,
                "microseconds_per_unit": 1e6 * row.seconds_per_unit,
                "units_per_second": 1 / row.seconds_per_unit,
                "ratio": reference / row.seconds_per_unit if reference else None,
                "rounds": row.rounds,
                **row.facts,
            }
            for row in rows
        ],
    }


def work_lines(work: Work, tree: dict[str, Any]) -> Iterator[str]:
    """A work as a table."""
    shown = work.figures
    yield f"\n{work.name}: {work.what} ({work.clock} time)"
    yield (
        f"  {'engine':<44} {'us/' + work.unit:>12} {work.units + '/s':>13} {'ratio':>8} {work.units:>10}"
        + "".join(f" {name.replace('_', ' '):>20}" for name in shown)
    )
    for row in tree["engines"]:
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3f}"
        yield (
            f"  {row['engine']:<44} {row['microseconds_per_unit']:>12.4f} {row['units_per_second']:>13.4g} {ratio:>8} "
            f"{row['units']:>10}"
            + "".join(f" {format(row[name], form) if name in row else '-':>20}" for name, form in shown.items())
        )
    yield f"  ratio: seconds of {work.reference} over these"


def figures(work: Work, rows: Sequence[Row]) -> dict[tuple[str, str], dict[str, float]]:
    """What goals are judged by: the facts, `seconds` of one unit, and `microseconds`, `run_seconds`, `units_per_second`."""
    return {
        (work.name, row.engine): {
            **row.facts,
            "seconds": row.seconds_per_unit,
            "microseconds": 1e6 * row.seconds_per_unit,
            "run_seconds": row.seconds,
            "units_per_second": 1 / row.seconds_per_unit,
        }
        for row in rows
    }
