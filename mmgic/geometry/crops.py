"""Square crops: one array (4,), whole-numbered, still float64.

Cost: ``main_square_crop`` is the boxes times the places tried (no more than four a box, and no more than pixels along
the long side), vectorised, in bounded memory.
"""

from __future__ import annotations

import numpy as np

from mmgic.errors import InvalidBox, ParamsError
from mmgic.geometry.arrays import Boxes
from mmgic.geometry.faults import sound_box
from mmgic.geometry.formats import clip_boxes

_MAX_OVERLAPS = 1 << 20
"""Overlaps of places with boxes that are held at a time."""

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
    side, room = min(width_px, height_px), abs(width_px - height_px)
    boxes = clip_boxes(boxes_xyxy_px, width_px, height_px)
    along = 0 if width_px >= height_px else 1
    starts, ends = boxes[:, along], boxes[:, along + 2]
    across = boxes[:, 3 - along] - boxes[:, 1 - along]
    edges = np.concatenate([starts, ends, starts - side, ends - side, [room / 2]])
    offsets = np.unique(np.clip(np.concatenate([np.floor(edges), np.ceil(edges), [0, room]]), 0, room))
    at_a_time = max(1, _MAX_OVERLAPS // max(1, len(boxes)))
    kept = np.empty(len(offsets))
    for first in range(0, len(offsets), at_a_time):
        some = offsets[first : first + at_a_time, None]
        overlap = np.minimum(some + side, ends) - np.maximum(some, starts)
        kept[first : first + at_a_time] = (np.clip(overlap, 0.0, None) * across).sum(axis=1)
    best = offsets[kept >= kept.max() * (1 - 1e-12)]
    offset = best[np.argmin(np.abs(best - room / 2))]
    left, top = (offset, 0.0) if along == 0 else (0.0, offset)
    return np.array([left, top, left + side, top + side], dtype=np.float64)


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
    x0, y0, x1, y1 = sound_box(box_xyxy_px, "box")
    outer = sound_box(within_xyxy_px, "within")
    left, top, right, bottom = *np.ceil(outer[:2]), *np.floor(outer[2:])
    most = min(right - left, bottom - top)
    if most < 1:
        raise InvalidBox(f"{outer.tolist()} holds no whole pixel", where="within")
    half = max(x1 - x0, y1 - y0) * scale / 2
    lows = np.floor([(x0 + x1) / 2 - half, (y0 + y1) / 2 - half])
    highs = np.ceil([(x0 + x1) / 2 + half, (y0 + y1) / 2 + half])
    wanted = float((highs - lows).max())
    side = min(max(wanted, 1.0), most)
    # A square cut down keeps the centre of the one that was wanted.
    lows = lows + np.floor((max(wanted, 1.0) - side) / 2)
    corner = np.clip(lows, [left, top], [right - side, bottom - side])
    return np.concatenate([corner, corner + side])
