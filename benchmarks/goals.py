"""What must be reached: a ratio to a peer, or a figure of ours. The table says reached, missed, or not measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Figures = Mapping[tuple[str, str], Mapping[str, float]]
"""Figures by work and engine."""


@dataclass(frozen=True)
class Goal:
    """A figure of `ours`, or with a peer the peer's over ours, is at least or at most a bound.

    Attributes:
        work: The work's name.
        ours: Our engine.
        peer: The engine beside it; None: the figure counts by itself.
        at_least: The bound from below.
        at_most: The bound from above.
        figure: Which figure; `seconds` of one unit of the work where nothing is said.
        unit: What the figure is in, for the table; ratios have none.
    """

    work: str
    ours: str
    peer: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    figure: str = "seconds"
    unit: str = ""


def goal_tree(goals: Sequence[Goal], figures: Figures) -> list[dict[str, Any]]:
    """The goals whose works were run, with what came out where it was measured."""
    works = {work for work, _ in figures}
    return [_judged(goal, figures) for goal in goals if goal.work in works]


def _judged(goal: Goal, figures: Figures) -> dict[str, Any]:
    ours = figures.get((goal.work, goal.ours), {}).get(goal.figure)
    peer = figures.get((goal.work, goal.peer), {}).get(goal.figure) if goal.peer else None
    ratio = peer / ours if ours and peer is not None else None
    value = ratio if goal.peer else ours
    too_low = value is not None and goal.at_least is not None and value < goal.at_least
    too_high = value is not None and goal.at_most is not None and value > goal.at_most
    return {
        "work": goal.work,
        "figure": goal.figure,
        "ours": goal.ours,
        "peer": goal.peer,
        "our_figure": ours,
        "peer_figure": peer,
        "value": value,
        "unit": goal.unit,
        "at_least": goal.at_least,
        "at_most": goal.at_most,
        "reached": None if value is None else not (too_low or too_high),
    }


def goal_lines(goals: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The goals as a table."""
    wide = [max([len(str(goal[key] or "")) for goal in goals] + [len(key)]) for key in ("work", "ours", "peer")]
    yield "\ngoals: a figure of ours, or the peer's figure over ours"
    yield f"  {'work':<{wide[0]}}  {'ours':<{wide[1]}}  {'peer':<{wide[2]}} {'value':>18} {'goal':>12}  reached"
    for goal in goals:
        reached = {True: "yes", False: "NO", None: "not measured"}[goal["reached"]]
        sign, bound = (">=", goal["at_least"]) if goal["at_most"] is None else ("<=", goal["at_most"])
        value = "-" if goal["value"] is None else f"{goal['value']:.6g} {goal['unit']}".strip()
        peer = goal["peer"] or f"({goal['figure']})"
        yield (
            f"  {goal['work']:<{wide[0]}}  {goal['ours']:<{wide[1]}}  {peer:<{wide[2]}} "
            f"{value:>18} {sign + format(bound, 'g'):>12}  {reached}"
        )
