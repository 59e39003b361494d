"""Boxes as arrays (N, 4) of float64, checked: what the rest of the package takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmgic.errors import InvalidBox

Boxes = NDArray[np.float64]


def box_rows(boxes: Boxes) -> Boxes:
    """Boxes as a contiguous (N, 4) array of float64."""
    rows = np.ascontiguousarray(boxes, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InvalidBox(f"boxes of shape {rows.shape}", hint="the shape must be (n, 4)")
    return rows


def box_corners(box: Boxes, name: str) -> tuple[float, float, float, float]:
    """The corners of one sound box."""
    x0, y0, x1, y1 = (float(v) for v in box)
    if not (np.isfinite([x0, y0, x1, y1]).all() and x0 <= x1 and y0 <= y1):
        raise InvalidBox(f"{name} {[x0, y0, x1, y1]} is not finite or inverted", where=name)
    return x0, y0, x1, y1
