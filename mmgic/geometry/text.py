"""Boxes written as location tokens, and read back.

Cost: some ten nanoseconds a box; the reader is linear in the text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InvalidBox
from mmgic.geometry.arrays import Boxes, box_rows
from mmgic.library import require_same_version

require_same_version(_core.__version__)


def location_ids_from_boxes(boxes_xyxy_norm: Boxes, notation: str = "florence-2") -> NDArray[np.int32]:
    """Location ids (N, 4): ``floor(v * 1000)``, held to 0..999.

    Raises:
        InvalidBox: A box is not finite or inverted; the first such row is named.
        ParamsError: The notation is unknown.
    """
    return _core.location_ids_from_boxes(box_rows(boxes_xyxy_norm), notation).reshape(-1, 4)


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
    rows = box_rows(boxes_xyxy_norm)
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
