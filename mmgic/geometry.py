"""Boxes: formats, EXIF turns, overlaps, square crops, and boxes written as location tokens.

Boxes are float64 arrays (N, 4). ``xyxy`` is x0, y0, x1, y1; ``xywh`` is x0, y0, width, height; pixels count
from the outer edge of the first pixel, so that a picture covers 0..width. ``norm`` are fractions of a crop.
Crops are one array (4,), whole-numbered, still float64.

Cost: linear in the boxes, but for ``iou_matrix`` and ``main_square_crop`` (quadratic, vectorised).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InvalidBox, ParamsError
from mmgic.library import require_same_version

require_same_version(_core.__version__)

Boxes = NDArray[np.float64]


def _rows(boxes: Boxes) -> Boxes:
    """Boxes as a contiguous (N, 4) array of float64."""
    rows = np.ascontiguousarray(boxes, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InvalidBox(f"boxes of shape {rows.shape}", hint="the shape must be (n, 4)")
    return rows


def _corners(box: Boxes, name: str) -> tuple[float, float, float, float]:
    """The corners of one sound box."""
    x0, y0, x1, y1 = (float(v) for v in box)
    if not (np.isfinite([x0, y0, x1, y1]).all() and x0 <= x1 and y0 <= y1):
        raise InvalidBox(f"{name} {[x0, y0, x1, y1]} is not finite or inverted", where=name)
    return x0, y0, x1, y1


def xyxy_from_xywh(boxes_xywh: Boxes) -> Boxes:
    """Corners from corner and size, (N, 4)."""
    rows = _rows(boxes_xywh)
    return np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)


def xywh_from_xyxy(boxes_xyxy: Boxes) -> Boxes:
    """Corner and size from corners, (N, 4)."""
    rows = _rows(boxes_xyxy)
    return np.concatenate([rows[:, :2], rows[:, 2:] - rows[:, :2]], axis=1)


def clip_boxes(boxes_xyxy_px: Boxes, width: float, height: float) -> Boxes:
    """Boxes cut to a picture, (N, 4); a box outside becomes empty."""
    limits = np.array([width, height, width, height], dtype=np.float64)
    return np.clip(_rows(boxes_xyxy_px), 0.0, limits)


def box_areas(boxes_xyxy: Boxes) -> NDArray[np.float64]:
    """Areas (N,), in the square of the boxes' unit."""
    rows = _rows(boxes_xyxy)
    areas: NDArray[np.float64] = (rows[:, 2] - rows[:, 0]) * (rows[:, 3] - rows[:, 1])
    return areas


def iou_matrix(boxes_a_xyxy: Boxes, boxes_b_xyxy: Boxes) -> NDArray[np.float64]:
    """Intersection over union (N, M) of each box of a with each of b; 0 where both are empty."""
    a, b = _rows(boxes_a_xyxy), _rows(boxes_b_xyxy)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared: NDArray[np.float64] = np.clip(high - low, 0.0, None).prod(axis=2)
    union = box_areas(a)[:, None] + box_areas(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _size_of(crop_xyxy_px: Boxes) -> tuple[Boxes, Boxes]:
    x0, y0, x1, y1 = _corners(crop_xyxy_px, "crop")
    if x0 == x1 or y0 == y1:
        raise InvalidBox(f"crop {[x0, y0, x1, y1]} is empty", where="crop")
    return np.array([x0, y0, x0, y0]), np.array([x1 - x0, y1 - y0] * 2)


def norm_from_px(boxes_xyxy_px: Boxes, crop_xyxy_px: Boxes) -> Boxes:
    """Boxes as fractions of a crop, (N, 4); what sticks out of it is below 0 or above 1.

    Raises:
        InvalidBox: The crop is empty, inverted or not finite.
    """
    origin, size = _size_of(crop_xyxy_px)
    return (_rows(boxes_xyxy_px) - origin) / size


def px_from_norm(boxes_xyxy_norm: Boxes, crop_xyxy_px: Boxes) -> Boxes:
    """Boxes in the pixels of the picture that the crop was cut from, (N, 4): undoes ``norm_from_px``.

    Raises:
        InvalidBox: The crop is empty, inverted or not finite.
    """
    origin, size = _size_of(crop_xyxy_px)
    return _rows(boxes_xyxy_norm) * size + origin


def turn_boxes(boxes_xyxy_px: Boxes, orientation: int, width_px: float, height_px: float) -> Boxes:
    """Boxes of the stored picture as boxes of the upright one, (N, 4).

    Args:
        boxes_xyxy_px: Boxes in stored pixels.
        orientation: EXIF orientation, 1 to 8.
        width_px: Width of the stored picture.
        height_px: Height of the stored picture.

    Raises:
        ParamsError: The orientation is not 1 to 8.
    """
    if not 1 <= orientation <= 8:
        raise ParamsError(f"orientation {orientation}", where="orientation", hint="1 to 8 are allowed")
    x0, y0, x1, y1 = _rows(boxes_xyxy_px).T
    if orientation in (2, 3, 7, 8):
        x0, x1 = width_px - x1, width_px - x0
    if orientation in (3, 4, 6, 7):
        y0, y1 = height_px - y1, height_px - y0
    if orientation >= 5:
        x0, y0, x1, y1 = y0, x0, y1, x1
    return np.stack([x0, y0, x1, y1], axis=1)


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
    """
    side, room = min(width_px, height_px), abs(width_px - height_px)
    boxes = clip_boxes(boxes_xyxy_px, width_px, height_px)
    along = 0 if width_px >= height_px else 1
    starts, ends = boxes[:, along], boxes[:, along + 2]
    across = boxes[:, 3 - along] - boxes[:, 1 - along]
    edges = np.concatenate([starts, ends, starts - side, ends - side, [room / 2]])
    offsets = np.unique(np.clip(np.concatenate([np.floor(edges), np.ceil(edges), [0, room]]), 0, room))
    overlap = np.minimum(offsets[:, None] + side, ends) - np.maximum(offsets[:, None], starts)
    kept = (np.clip(overlap, 0.0, None) * across).sum(axis=1)
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
        InvalidBox: A box is inverted or not finite, or ``within`` holds no whole pixel.
        ParamsError: The scale is not above 0.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise ParamsError(f"a scale of {scale}", where="scale", hint="give a number above 0")
    x0, y0, x1, y1 = _corners(box_xyxy_px, "box")
    outer = _corners(within_xyxy_px, "within")
    left, top, right, bottom = *np.ceil(outer[:2]), *np.floor(outer[2:])
    most = min(right - left, bottom - top)
    if most < 1:
        raise InvalidBox(f"{list(outer)} holds no whole pixel", where="within")
    half = max(x1 - x0, y1 - y0) * scale / 2
    lows = np.floor([(x0 + x1) / 2 - half, (y0 + y1) / 2 - half])
    highs = np.ceil([(x0 + x1) / 2 + half, (y0 + y1) / 2 + half])
    wanted = float((highs - lows).max())
    side = min(max(wanted, 1.0), most)
    # A square cut down keeps the centre of the one that was wanted.
    lows = lows + np.floor((max(wanted, 1.0) - side) / 2)
    corner = np.clip(lows, [left, top], [right - side, bottom - side])
    return np.concatenate([corner, corner + side])


def location_ids_from_boxes(boxes_xyxy_norm: Boxes, notation: str = "florence-2") -> NDArray[np.int32]:
    """Location ids (N, 4): ``floor(v * 1000)``, held to 0..999.

    Raises:
        InvalidBox: A box is not finite or inverted; the first such row is named.
        ParamsError: The notation is unknown.
    """
    return _core.location_ids_from_boxes(_rows(boxes_xyxy_norm), notation).reshape(-1, 4)


def boxes_from_location_ids(ids: NDArray[np.int32], notation: str = "florence-2") -> Boxes:
    """Boxes (N, 4) whose corners are the centres of their bins: within 0.0005 of what was written.

    Raises:
        InvalidBox: An id is outside 0..999; the first such row is named.
        ParamsError: The notation is unknown.
    """
    rows = np.ascontiguousarray(ids, dtype=np.int32)
    if rows.ndim != 2 or rows.shape[1] != 4:
        raise InvalidBox(f"location ids of shape {rows.shape}", hint="the shape must be (n, 4)")
    return _core.boxes_from_location_ids(rows, notation).reshape(-1, 4)


def text_from_boxes(boxes_xyxy_norm: Boxes, labels: Sequence[str], notation: str = "florence-2") -> list[str]:
    """One text for each box: ``label<loc_x0><loc_y0><loc_x1><loc_y1>``.

    Raises:
        InvalidBox: A box is not finite or inverted, a label holds a location token, or the numbers of boxes
            and labels differ.
        ParamsError: The notation is unknown.
    """
    rows = _rows(boxes_xyxy_norm)
    if len(labels) != len(rows):
        raise InvalidBox(f"{len(labels)} labels for {len(rows)} boxes")
    return _core.text_from_boxes(rows, labels, notation)


def boxes_from_text(texts: Sequence[str], notation: str = "florence-2") -> tuple[Boxes, list[str], NDArray[np.int64]]:
    """Every whole box in texts that a model may have written.

    A box is a run of four location tokens; its label is the text before it, without outer spaces; a box
    right after another shares its label. Other tokens are passed over. Corners are not put in order.

    Returns:
        Boxes (M, 4) as fractions, their labels, and the index of the text each came from (M,).

    Raises:
        ParamsError: The notation is unknown.
    """
    boxes, labels, text_index = _core.boxes_from_text(texts, notation)
    return boxes.reshape(-1, 4), labels, text_index
