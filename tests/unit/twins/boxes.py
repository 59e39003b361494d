"""Location tokens, one box and one character at a time. Cost: microseconds a box."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

Box = tuple[float, float, float, float]

_TOKEN = re.compile(r"<loc_([0-9]{1,5})>")


def ids_of(box: Sequence[float]) -> list[int]:
    """Location ids of one box in fractions."""
    return [min(999, max(0, math.floor(v * 1000))) for v in box]


def box_of(ids: Sequence[int]) -> list[float]:
    """The centres of the bins."""
    return [(i + 0.5) / 1000 for i in ids]


def text_of(box: Sequence[float], label: str) -> str:
    """Label, then four tokens."""
    return label + "".join(f"<loc_{i}>" for i in ids_of(box))


def boxes_of(text: str) -> list[tuple[str, list[int]]]:
    """Label and ids of every run of four location tokens."""
    found: list[tuple[str, list[int]]] = []
    label, end = "", 0
    run: list[int] = []
    for match in _TOKEN.finditer(text):
        number = int(match.group(1))
        if number > 999:
            continue
        before = text[end : match.start()].strip()
        if before:
            label, run = before, []
        run.append(number)
        if len(run) == 4:
            found.append((label, run))
            run = []
        end = match.end()
    return found
