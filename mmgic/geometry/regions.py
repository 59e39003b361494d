"""Boxes of many pictures in their main crops, and which of them become regions; done by the compiled library.

Cost: some microseconds a picture, with one call for all of them.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import ParamsError
from mmgic.geometry.arrays import Boxes, aligned, box_rows
from mmgic.library import require_same_version

require_same_version(_core.__version__)

DROP_CAUSES: tuple[str, ...] = tuple(_core.drop_causes())
"""Why a box is no region, by its number in ``PlacedBoxes.causes``; 0 is no cause."""


class BoxKind(enum.IntEnum):
    """What the source says of a box."""

    OBJECT = 0
    CROWD = 1
    GROUP = 2
    DEPICTION = 3
    PART = 4
    """Of a phrase or a relation: it has a place in the main crop, but is never a region and draws no crop."""
    LOST = 5
    """The annotation could not be used: the box has no place."""


class RegionRules(NamedTuple):
    """Which boxes become regions; ``mmgic.schema.params.RegionParams`` says what each bounds."""

    min_inside_fraction: float
    crop_scale: float
    min_side_px: float
    min_area_fraction: float
    max_area_fraction: float
    duplicate_iou: float
    max_per_record: int
    max_per_label: int


class PlacedBoxes(NamedTuple):
    """What became of P pictures and their N boxes.

    Attributes:
        crops_xyxy_px: The main crop of each picture (P, 4).
        upright_xyxy_px: The boxes in upright pixels (N, 4); an unsound one as it came, with 0 for what is no number.
        inside_xyxy_px: Their parts in the main crop (N, 4).
        squares_xyxy_px: The square crop of each region (N, 4); 0 of other boxes.
        causes: Numbers of ``DROP_CAUSES`` (N,).
        ranks: Place of each region among those of its picture, largest first (N,); -1 of other boxes.
    """

    crops_xyxy_px: Boxes
    upright_xyxy_px: Boxes
    inside_xyxy_px: Boxes
    squares_xyxy_px: Boxes
    causes: NDArray[np.uint8]
    ranks: NDArray[np.int32]


def place_boxes(
    boxes_xyxy: Boxes,
    kinds: NDArray[np.uint8],
    labels: NDArray[np.uint32],
    starts: NDArray[np.uint64],
    sizes_px: NDArray[np.float64],
    scales: NDArray[np.float64],
    orientations: NDArray[np.uint8],
    rules: RegionRules,
) -> PlacedBoxes:
    """Places boxes in the main crop of their picture, and chooses regions among them.

    1. Boxes are scaled to the stored pixels and turned upright.
    2. The main crop is that of ``main_square_crop`` over objects and depictions.
    3. A box with under ``min_inside_fraction`` of its area inside is dropped, the others are clipped.
    4. Crowds, groups and depictions, too small or too large boxes, those nearly equal to a larger one of the same label,
       and those past the limits are no regions.

    Args:
        boxes_xyxy: Boxes of any values (N, 4), in the unit that ``scales`` take to stored pixels.
        kinds: ``BoxKind`` of each box (N,).
        labels: A number for the label of each box (N,).
        starts: First box of each picture, and N at the end (P + 1,).
        sizes_px: Width and height of the stored pictures (P, 2).
        scales: Stored pixels for one unit of the boxes, across and down (P, 2).
        orientations: EXIF orientation of each picture, 1 to 8 (P,).

    Raises:
        InputError: The arrays do not fit together, or a kind is none.
        ParamsError: A size is not whole and at least 1, an orientation is not 1 to 8, or a rule is no number.
    """
    if not all(np.isfinite(rules)) or min(rules) < 0:
        raise ParamsError(f"rules {tuple(rules)}", where="rules", hint="give finite numbers, at least 0")
    placed = _core.place_boxes(
        box_rows(boxes_xyxy),
        aligned(kinds, np.uint8),
        aligned(labels, np.uint32),
        aligned(starts, np.uint64),
        aligned(sizes_px, np.float64).reshape(-1, 2),
        aligned(scales, np.float64).reshape(-1, 2),
        aligned(orientations, np.uint8),
        rules,
    )
    crops, upright, inside, squares = (array.reshape(-1, 4) for array in placed[:4])
    return PlacedBoxes(crops, upright, inside, squares, *placed[4:])
