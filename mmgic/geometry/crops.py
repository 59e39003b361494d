"""Square crops: one array (4,), whole-numbered, float64. The work is done by the compiled library.

Cost: ``main_square_crop`` is n log n in the boxes.
"""

from __future__ import annotations

import numpy as np

from mmgic import _core
from mmgic.errors import InvalidBox, ParamsError
from mmgic.geometry.arrays import Boxes
from mmgic.geometry.faults import require_size, sound_box, sound_boxes
from mmgic.library import require_same_version

require_same_version(_core.__version__)

_MAX_SCALE = 1e6
"""Beyond it the numbers would grow past what float64 holds exactly, and then past what it holds."""


def main_square_crop(width_px: int, height_px: int, boxes_xyxy_px: Boxes) -> Boxes:
    """The largest square of a picture that keeps the most box area; at ties the one nearest the centre.

    The area kept is linear between the places where an edge of the square meets an edge of a box, so only
    the whole numbers beside those places, and the centre, are tried.

    Args:
        width_px: Width of the picture.
        height_px: Height of the picture.
        boxes_xyxy_px: Boxes (N, 4); N may be 0. What sticks out of the picture does not count.

    Returns:
        The square (4,), whole-numbered, of side ``min(width_px, height_px)``.

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
        ParamsError: The width or the height is below 1.
    """
    size = require_size(width_px, height_px)
    for name, side in zip(("width", "height"), size, strict=True):
        if side < 1 or side % 1:
            raise ParamsError(f"a {name} of {side:g}", where=name, hint="give a whole number of pixels, at least 1")
    square = _core.main_square(size, sound_boxes(boxes_xyxy_px, "boxes_xyxy_px"))
    return np.array(square, dtype=np.float64)


def region_square_crop(box_xyxy_px: Boxes, within_xyxy_px: Boxes, scale: float = 1.15) -> Boxes:
    """A square around a box, held inside another box.

    The square has ``scale`` times the box's long side and its centre, rounded outwards to whole pixels; it
    is cut down to the short side of ``within`` and shifted to lie inside.

    Args:
        box_xyxy_px: The box (4,).
        within_xyxy_px: What the square must lie in (4,); its whole pixels count.
        scale: Side of the square over the long side of the box.

    Returns:
        The square (4,), whole-numbered, at least one pixel wide.

    Raises:
        InvalidBox: A box is not finite, inverted or too large, or ``within`` holds no whole pixel.
        ParamsError: The scale is not above 0, or above a million.
    """
    if not 0 < scale <= _MAX_SCALE:
        raise ParamsError(f"a scale of {scale}", where="scale", hint=f"give a number above 0, at most {_MAX_SCALE:g}")
    box, outer = sound_box(box_xyxy_px, "box"), sound_box(within_xyxy_px, "within")
    square = _core.region_square(box.tolist(), outer.tolist(), float(scale))
    if square is None:
        raise InvalidBox(f"{outer.tolist()} holds no whole pixel", where="within")
    return np.array(square, dtype=np.float64)
