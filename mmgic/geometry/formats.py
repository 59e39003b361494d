"""Formats of boxes, their units, and EXIF turns.

Names of formats as torchvision has them: ``xyxy`` corners, ``xywh`` corner and size, ``cxcywh`` centre and size.
All refuse boxes that are not sound (see ``faults``), in whatever format they come.
Cost: linear in the boxes, vectorised.
"""

from __future__ import annotations

import numpy as np

from mmgic.errors import InvalidBox, ParamsError
from mmgic.geometry.arrays import Boxes, box_rows
from mmgic.geometry.faults import require_size, sound_box, sound_boxes


def xyxy_from_xywh(boxes_xywh: Boxes) -> Boxes:
    """Corners from corner and size, (N, 4).

    Raises:
        InvalidBox: A number is not finite, a size is below 0, or a corner is beyond 1e150; the first such row is named.
    """
    rows = _sized_rows(boxes_xywh, "boxes_xywh")
    return sound_boxes(np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:]], axis=1), "boxes_xywh")


def xywh_from_xyxy(boxes_xyxy: Boxes) -> Boxes:
    """Corner and size from corners, (N, 4).

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
    """
    rows = sound_boxes(boxes_xyxy, "boxes_xyxy")
    return np.concatenate([rows[:, :2], rows[:, 2:] - rows[:, :2]], axis=1)


def xyxy_from_cxcywh(boxes_cxcywh: Boxes) -> Boxes:
    """Corners from centre and size, (N, 4).

    Raises:
        InvalidBox: A number is not finite, a size is below 0, or a corner is beyond 1e150; the first such row is named.
    """
    rows = _sized_rows(boxes_cxcywh, "boxes_cxcywh")
    half = rows[:, 2:] / 2
    return sound_boxes(np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1), "boxes_cxcywh")


def cxcywh_from_xyxy(boxes_xyxy: Boxes) -> Boxes:
    """Centre and size from corners, (N, 4).

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
    """
    rows = sound_boxes(boxes_xyxy, "boxes_xyxy")
    return np.concatenate([(rows[:, :2] + rows[:, 2:]) / 2, rows[:, 2:] - rows[:, :2]], axis=1)


def _sized_rows(boxes: Boxes, name: str) -> Boxes:
    rows = box_rows(boxes)
    # A small negative size can vanish in the sum with a corner, so it is looked for here.
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1) | (rows[:, 2:] < 0).any(axis=1))
    if bad.size:
        row = int(bad[0])
        raise InvalidBox(
            f"box {row} is not finite or has a size below 0: {rows[row].tolist()}",
            where=f"{name}, row {row}",
            hint="all four numbers must be finite, width and height no less than 0",
        )
    return rows


def clip_boxes(boxes_xyxy_px: Boxes, width: float, height: float) -> Boxes:
    """Boxes cut to a picture, (N, 4); one outside becomes empty, and lies on the border.

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
        ParamsError: The width or the height is not a finite number above 0.
    """
    limits = np.array(require_size(width, height) * 2)
    return np.clip(sound_boxes(boxes_xyxy_px, "boxes_xyxy_px"), 0.0, limits)


def norm_from_px(boxes_xyxy_px: Boxes, crop_xyxy_px: Boxes) -> Boxes:
    """Boxes as fractions of a crop, (N, 4); what sticks out of it is below 0 or above 1.

    Raises:
        InvalidBox: A box or the crop is not finite, inverted or too large, or the crop is empty.
    """
    origin, size = _origin_and_size(crop_xyxy_px)
    rows = sound_boxes(boxes_xyxy_px, "boxes_xyxy_px")
    with np.errstate(over="ignore"):  # a box that overflows over a tiny crop is refused by the last check
        return sound_boxes((rows - origin) / size, "boxes_xyxy_norm")


def px_from_norm(boxes_xyxy_norm: Boxes, crop_xyxy_px: Boxes) -> Boxes:
    """Boxes in the pixels of the picture that the crop was cut from, (N, 4): undoes ``norm_from_px``.

    Raises:
        InvalidBox: A box or the crop is not finite, inverted or too large, or the crop is empty.
    """
    origin, size = _origin_and_size(crop_xyxy_px)
    return sound_boxes(sound_boxes(boxes_xyxy_norm, "boxes_xyxy_norm") * size + origin, "boxes_xyxy_px")


def _origin_and_size(crop_xyxy_px: Boxes) -> tuple[Boxes, Boxes]:
    crop = sound_box(crop_xyxy_px, "crop")
    size = crop[2:] - crop[:2]
    if not size.all():
        raise InvalidBox(f"crop {crop.tolist()} is empty", where="crop")
    return np.tile(crop[:2], 2), np.tile(size, 2)


def turn_boxes(boxes_xyxy_px: Boxes, orientation: int, width_px: float, height_px: float) -> Boxes:
    """Boxes of the stored picture as boxes of the upright one, (N, 4).

    Args:
        boxes_xyxy_px: Boxes in stored pixels.
        orientation: EXIF orientation, 1 to 8 (CIPA DC-008, tag 0x0112).
        width_px: Width of the stored picture.
        height_px: Height of the stored picture.

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
        ParamsError: The orientation is not 1 to 8, or a side of the picture is not a finite number above 0.
    """
    if not 1 <= orientation <= 8:
        raise ParamsError(f"orientation {orientation}", where="orientation", hint="1 to 8 are allowed")
    width, height = require_size(width_px, height_px)
    x0, y0, x1, y1 = sound_boxes(boxes_xyxy_px, "boxes_xyxy_px").T
    if orientation in (2, 3, 7, 8):
        x0, x1 = width - x1, width - x0
    if orientation in (3, 4, 6, 7):
        y0, y1 = height - y1, height - y0
    if orientation >= 5:
        x0, y0, x1, y1 = y0, x0, y1, x1
    return np.stack([x0, y0, x1, y1], axis=1)
