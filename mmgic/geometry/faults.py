"""What is wrong with boxes: as flags for each, or as an error for the first.

A box is sound when its corners are finite, in order and within 1e150. Formats, overlaps and crops refuse boxes that
are not, naming the first; only ``box_faults`` takes any. A box without area is sound: it has area 0 and
overlaps nothing. Cost: some nanoseconds a box.
"""

from __future__ import annotations

import enum
import math

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InvalidBox, ParamsError
from mmgic.geometry.arrays import Boxes, box_rows
from mmgic.library import require_same_version

require_same_version(_core.__version__)


class BoxFault(enum.IntFlag):
    """What is wrong with a box; ``UNSOUND`` joins what makes the other functions refuse it."""

    NOT_FINITE = 1
    """A corner is infinite or not a number; no other flag is set beside it."""
    INVERTED = 2
    """``x1 < x0`` or ``y1 < y0``; no flag of area or place is set beside it."""
    TOO_LARGE = 4
    """A corner lies beyond 1e150, so that areas could overflow."""
    DEGENERATE = 8
    """The area is 0."""
    STICKS_OUT = 16
    """Part of the box lies outside the picture."""
    OUTSIDE = 32
    """None of the box lies inside the picture; one that touches the border from outside is outside."""
    UNSOUND = NOT_FINITE | INVERTED | TOO_LARGE


def box_faults(boxes_xyxy: Boxes, width: float | None = None, height: float | None = None) -> NDArray[np.uint8]:
    """Flags of ``BoxFault`` (N,) for each box; 0 where nothing is wrong.

    Args:
        boxes_xyxy: Boxes (N, 4) of any values.
        width: Width of the picture in the boxes' unit; without it no flag of place is set.
        height: Height of the picture, given with the width.

    Raises:
        InvalidBox: The shape is not (N, 4).
        ParamsError: Only one of width and height is given, or one is not a finite number above 0.
    """
    if width is None and height is None:
        return _core.box_faults(box_rows(boxes_xyxy), None)
    if width is None or height is None:
        raise ParamsError("width and height do not come alone", where="width" if width is None else "height")
    return _core.box_faults(box_rows(boxes_xyxy), require_size(width, height))


def require_size(width: float, height: float) -> tuple[float, float]:
    """The size of a picture, in pixels or any unit.

    Raises:
        ParamsError: A side is not a finite number above 0.
    """
    for name, side in (("width", width), ("height", height)):
        if not (math.isfinite(side) and side > 0):
            raise ParamsError(f"a {name} of {side}", where=name, hint="give a finite number above 0")
    return float(width), float(height)


def sound_boxes(boxes: Boxes, name: str) -> Boxes:
    """Boxes as a contiguous (N, 4) array of float64, all sound; ``name`` stands in the error.

    Raises:
        InvalidBox: The shape is not (N, 4), or a box is not finite, inverted or too large; the first is named.
    """
    rows = box_rows(boxes)
    _core.require_sound(rows, name)
    return rows


def sound_box(box: Boxes, name: str) -> Boxes:
    """One box (4,) of float64, sound.

    Raises:
        InvalidBox: The shape is not (4,), or the box is not finite, inverted or too large.
    """
    corners = np.ascontiguousarray(box, dtype=np.float64)
    if corners.shape != (4,):
        raise InvalidBox(f"{name} of shape {corners.shape}", where=name, hint="the shape must be (4,)")
    faults = BoxFault(int(_core.box_faults(corners[None], None)[0])) & BoxFault.UNSOUND
    if faults:
        kinds = " and ".join(str(fault.name).lower().replace("_", " ") for fault in faults)
        raise InvalidBox(f"{name} {corners.tolist()} is {kinds}", where=name)
    return corners
