"""Boxes as arrays (N, 4) of float64: what the rest of the package takes."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmgic.errors import InvalidBox

Boxes = NDArray[np.float64]
Kind = TypeVar("Kind", bound=np.generic)


def box_rows(boxes: Boxes) -> Boxes:
    """Boxes as a contiguous (N, 4) array of float64."""
    try:
        rows = aligned(boxes, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidBox(f"boxes are no array: {error}", where="boxes", hint="give numbers of shape (n, 4)") from None
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InvalidBox(f"boxes of shape {rows.shape}", where="boxes", hint="the shape must be (n, 4)")
    return rows


def aligned(values: ArrayLike, kind: type[Kind]) -> NDArray[Kind]:
    """As a contiguous array that lies as the compiled library needs it; copied only where it is not."""
    found: NDArray[Kind] = np.require(values, kind, ["C_CONTIGUOUS", "ALIGNED"])
    return found
