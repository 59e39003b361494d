"""Faults and overlaps, one box and one pair at a time. Cost: microseconds a pair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def faults_of(box: Sequence[float], size: tuple[float, float] | None = None) -> set[str]:
    """Names of what is wrong with a box."""
    if not all(math.isfinite(v) for v in box):
        return {"NOT_FINITE"}
    x0, y0, x1, y1 = box
    found = {"TOO_LARGE"} if max(abs(v) for v in box) > 1e150 else set()
    if x1 < x0 or y1 < y0:
        return found | {"INVERTED"}
    if (x1 - x0) * (y1 - y0) == 0:
        found.add("DEGENERATE")
    if size is not None:
        inside = min(x1, size[0]) > max(x0, 0), min(y1, size[1]) > max(y0, 0)
        # An empty box is inside where its place is, borders apart.
        inside = inside[0] or (x0 == x1 and 0 < x0 < size[0]), inside[1] or (y0 == y1 and 0 < y0 < size[1])
        if not all(inside):
            found.add("OUTSIDE")
        elif x0 < 0 or y0 < 0 or x1 > size[0] or y1 > size[1]:
            found.add("STICKS_OUT")
    return found


def exact_iou_of(p: Sequence[float], q: Sequence[float]) -> float:
    """Intersection over union of two boxes, rounded once."""
    a, b = [Fraction(v) for v in p], [Fraction(v) for v in q]
    width = max(Fraction(0), min(a[2], b[2]) - max(a[0], b[0]))
    height = max(Fraction(0), min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - width * height
    return float(width * height / union) if union > 0 else 0.0


def iou_of(p: Sequence[float], q: Sequence[float]) -> float:
    """The same in float64, in the order of operations that the library states."""
    width = max(0.0, min(p[2], q[2]) - max(p[0], q[0]))
    height = max(0.0, min(p[3], q[3]) - max(p[1], q[1]))
    shared = width * height
    union = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - shared
    return shared / union if union > 0 else 0.0
