"""Formats of boxes, their units, and EXIF turns.

Cost: linear in the boxes, vectorised.
"""

from __future__ import annotations

import numpy as np

from mmgic.errors import InvalidBox, ParamsError
from mmgic.geometry.arrays import Boxes, box_corners, box_rows


def xyxy_from_xywh(boxes_xywh: Boxes) -> Boxes:
    """Corners from corner and size, (N, 4)."""
    rows = box_rows(boxes_xywh)
    return np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1)


def xywh_from_xyxy(boxes_xyxy: Boxes) -> Boxes:
    """Corner and size from corners, (N, 4)."""
    rows = box_rows(boxes_xyxy)
    return np.concatenate([rows[:, :2], rows[:, 2:] - rows[:, :2]], axis=1)


def clip_boxes(boxes_xyxy_px: Boxes, width: float, height: float) -> Boxes:
    """Boxes cut to a picture, (N, 4); a box outside becomes empty."""
    limits = np.array([width, height, width, height], dtype=np.float64)
    return np.clip(box_rows(boxes_xyxy_px), 0.0, limits)


def _size_of(crop_xyxy_px: Boxes) -> tuple[Boxes, Boxes]:
    x0, y0, x1, y1 = box_corners(crop_xyxy_px, "crop")
    if x0 == x1 or y0 == y1:
        raise InvalidBox(f"crop {[x0, y0, x1, y1]} is empty", where="crop")
    return np.array([x0, y0, x0, y0]), np.array([x1 - x0, y1 - y0] * 2)


def norm_from_px(boxes_xyxy_px: Boxes, crop_xyxy_px: Boxes) -> Boxes:
    """Boxes as fractions of a crop, (N, 4); what sticks out of it is below 0 or above 1.

    Raises:
        InvalidBox: The crop is empty, inverted or not finite.
    """
    origin, size = _size_of(crop_xyxy_px)
    return (box_rows(boxes_xyxy_px) - origin) / size


def px_from_norm(boxes_xyxy_norm: Boxes, crop_xyxy_px: Boxes) -> Boxes:
    """Boxes in the pixels of the picture that the crop was cut from, (N, 4): undoes ``norm_from_px``.

    Raises:
        InvalidBox: The crop is empty, inverted or not finite.
    """
    origin, size = _size_of(crop_xyxy_px)
    return box_rows(boxes_xyxy_norm) * size + origin


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
    x0, y0, x1, y1 = box_rows(boxes_xyxy_px).T
    if orientation in (2, 3, 7, 8):
        x0, x1 = width_px - x1, width_px - x0
    if orientation in (3, 4, 6, 7):
        y0, y1 = height_px - y1, height_px - y0
    if orientation >= 5:
        x0, y0, x1, y1 = y0, x0, y1, x1
    return np.stack([x0, y0, x1, y1], axis=1)
