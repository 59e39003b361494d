"""Boxes written in the notations of models, and read back from what a model wrote.

Boxes are fractions of the picture's sides. A notation is a name of the table or a ``Notation`` of your own.
Cost, through Python, a batch at a time: see docs/boxes.md; the reader is linear in the text, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmgic import _core
from mmgic.errors import InputError, InvalidBox, ParamsError
from mmgic.geometry.arrays import Boxes, aligned, box_rows
from mmgic.geometry.compiled import Name, compiled, picture_sizes, row_of, str_list, whole_numbers


class BoxStatus(IntFlag):
    """What is the matter with a box that was read; 0: nothing.

    ``SWAPPED``: corners were put in order. ``OUT_OF_RANGE``: a number was held to the border. ``UNCLOSED``: what closes
    the box, its label or its object is missing. ``EMPTY``: no area. ``NO_LABEL``: no label belongs to it, the label is
    empty. ``INCOMPLETE``: numbers are missing, the box is NaN. ``NOT_WHOLE``: a number has a point where whole ones are
    written.
    """

    SWAPPED = 1
    OUT_OF_RANGE = 2
    UNCLOSED = 4
    EMPTY = 8
    NO_LABEL = 16
    INCOMPLETE = 32
    NOT_WHOLE = 64


@dataclass(frozen=True, eq=False)
class BoxesInText:
    """Every box found in a batch of M findings, in reading order.

    Attributes:
        boxes_xyxy_norm: Corners (M, 4) float64 as fractions, in order, within 0..1; NaN where numbers are missing.
        labels: One label a box, without outer spaces.
        text_index: Number of the text (M,) int64.
        status: Bits of ``BoxStatus`` (M,) uint8.
        spans: Start and end of the box in its text (M, 2) int64, in characters; the label is not within.
    """

    boxes_xyxy_norm: Boxes
    labels: list[str]
    text_index: NDArray[np.int64]
    status: NDArray[np.uint8]
    spans: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def ids_from_boxes(boxes_xyxy_norm: Boxes, notation: Name, *, sizes_px: ArrayLike | None = None) -> NDArray[np.int32]:
    """Location ids (N, 4), or (N, 2) for cells, in the order in which the notation writes them.

    Args:
        boxes_xyxy_norm: Boxes (N, 4); what sticks out of 0..1 is held to the border.
        notation: Name or row.
        sizes_px: Width and height of each box's picture (N, 2), or of all (2,); only where the notation counts pixels.

    Raises:
        InvalidBox: A box is not finite, inverted, outside of the picture, or without area where cells are written; the
            first such row is named.
        ParamsError: The notation is unknown, or sizes are missing.
    """
    row = row_of(notation)
    ids = _core.ids_from_boxes(box_rows(boxes_xyxy_norm), compiled(row), picture_sizes(row, sizes_px))
    return ids.reshape(-1, 2 if row.rule == "cells" else 4)


def boxes_from_ids(ids: NDArray[np.int32], notation: Name, *, sizes_px: ArrayLike | None = None) -> Boxes:
    """Boxes (N, 4) of location ids, in fractions; within the row's bound of what was written.

    Args:
        ids: Ids (N, 4), or (N, 2) for cells, as ``ids_from_boxes`` gives them.
        notation: Name or row.
        sizes_px: As there.

    Raises:
        InvalidBox: An id is outside its range, or the ids are inverted; the first such row is named.
        ParamsError: The notation is unknown, or sizes are missing.
    """
    row = row_of(notation)
    width = 2 if row.rule == "cells" else 4
    rows = np.asarray(ids)
    if rows.ndim != 2 or rows.shape[1] != width:
        raise InvalidBox(f"location ids of shape {rows.shape}", where="ids", hint=f"the shape must be (n, {width})")
    limits = np.iinfo(np.int32)
    if not np.issubdtype(rows.dtype, np.integer) or (
        rows.size and (rows.min() < limits.min or rows.max() > limits.max)
    ):
        raise InvalidBox(f"location ids of type {rows.dtype} that are no int32", hint="give whole numbers")
    rows = aligned(rows, np.int32)
    return _core.boxes_from_ids(rows, compiled(row), picture_sizes(row, sizes_px)).reshape(-1, 4)


def text_from_boxes(
    boxes_xyxy_norm: Boxes,
    labels: Sequence[str],
    notation: Name,
    *,
    starts: ArrayLike | None = None,
    sizes_px: ArrayLike | None = None,
) -> list[str]:
    """Texts that name boxes.

    Args:
        boxes_xyxy_norm: Boxes (N, 4); what sticks out of 0..1 is held to the border.
        labels: One label a box. Outer spaces are written, but not read back. Neighbours of one text with equal labels
            become several boxes of one phrase where the notation has that.
        notation: Name or row.
        starts: Text i holds the boxes ``starts[i]`` to ``starts[i + 1]`` (T + 1,); none: one text a box.
        sizes_px: Width and height of each text's picture (T, 2), or of all (2,); only where the notation counts pixels.

    Returns:
        T texts.

    Raises:
        InvalidBox: As ``ids_from_boxes``; a label would be read back as something else; numbers of boxes, labels, starts
            and sizes do not fit together.
        ParamsError: The notation is unknown, or sizes are missing.
    """
    row = row_of(notation)
    rows = box_rows(boxes_xyxy_norm)
    firsts = None if starts is None else whole_numbers(starts, "starts")
    return _core.text_from_boxes(rows, str_list(labels, "labels"), firsts, compiled(row), picture_sizes(row, sizes_px))


def boxes_from_text(texts: Sequence[str], notation: Name, *, sizes_px: ArrayLike | None = None) -> BoxesInText:
    """Every box in texts that a model may have written; no text makes it fail.

    Other spaces, missing closers, text that is cut short, swapped corners, numbers out of range, several boxes for one
    phrase are read and told by ``status``; of JSON also code fences, talk around, single quotes, trailing commas, other
    keys. What makes no box is passed over.

    Args:
        texts: T texts.
        notation: Name or row.
        sizes_px: Width and height of each text's picture (T, 2), or of all (2,); only where the notation counts pixels.

    Raises:
        ParamsError: The notation is unknown, or sizes are missing.
        InvalidBox: The sizes do not fit the texts.
        InputError: The texts are no list, or a picture cannot be resized.
    """
    row = row_of(notation)
    boxes, labels, index, status, spans = _core.boxes_from_text(
        str_list(texts, "texts"), compiled(row), picture_sizes(row, sizes_px)
    )
    return BoxesInText(boxes.reshape(-1, 4), labels, index, status, spans.reshape(-1, 2))


def smart_resize(
    width: int, height: int, factor: int = 28, min_pixels: int = 3136, max_pixels: int = 1_003_520
) -> tuple[int, int]:
    """Width and height of a picture as Qwen2.5-VL resizes it: multiples of ``factor``, the area within limits.

    Source: ``smart_resize`` of huggingface/transformers, ``models/qwen2_vl/image_processing_qwen2_vl.py``, which takes and
    gives height first.

    Raises:
        InputError: A side is 0, over 2**20, over 200 times the other, or would become 0.
        ParamsError: ``factor``, ``min_pixels`` or ``max_pixels`` is out of range.
    """
    if not (1 <= factor <= 4096 and 0 <= min_pixels <= max_pixels <= 2**32):
        raise ParamsError(
            f"factor {factor}, min_pixels {min_pixels}, max_pixels {max_pixels}",
            where="factor",
            hint="1 to 4096, and 0 <= min_pixels <= max_pixels",
        )
    if not all(isinstance(side, (int, np.integer)) for side in (width, height)):
        raise InputError(f"sides {width} x {height}", where="width, height", hint="give whole numbers of pixels")
    sides = np.clip([[width, height]], 0, 2**32 - 1).astype(np.uint32)
    resized = _core.resized_sizes(sides, factor, min_pixels, max_pixels)
    return int(resized[0]), int(resized[1])
