"""Boxes as arrays (N, 4) of float64: what the rest of the package takes."""

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
