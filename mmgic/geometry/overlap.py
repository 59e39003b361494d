"""Areas and overlaps of boxes.

Intersection over union is ``shared / (area_a + area_b - shared)``, 0 where both boxes are empty: a box without area
overlaps nothing. The values equal those of pycocotools' ``iou`` and torchvision's ``box_iou`` in float64 (which has
NaN for two empty boxes). Cost: about a nanosecond a pair, and 8 bytes a pair where the matrix is kept. One thread
by default, unlike the pictures: most calls are of a few boxes, which starting threads would only delay.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InputError, ParamsError
from mmgic.geometry.arrays import Boxes, box_rows
from mmgic.geometry.faults import sound_boxes
from mmgic.library import require_same_version

require_same_version(_core.__version__)

MAX_MATRIX_BYTES = 8 << 30
"""The largest matrix that ``iou_matrix`` makes by itself."""


def box_areas(boxes_xyxy: Boxes) -> NDArray[np.float64]:
    """Areas (N,), in the square of the boxes' unit.

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
    """
    rows = sound_boxes(boxes_xyxy, "boxes_xyxy")
    areas: NDArray[np.float64] = (rows[:, 2] - rows[:, 0]) * (rows[:, 3] - rows[:, 1])
    return areas


def iou_matrix(
    boxes_a_xyxy: Boxes, boxes_b_xyxy: Boxes, *, out: NDArray[np.float64] | None = None, threads: int = 1
) -> NDArray[np.float64]:
    """Intersection over union (N, M) of each box of a with each of b.

    Args:
        boxes_a_xyxy: Boxes (N, 4).
        boxes_b_xyxy: Boxes (M, 4), in the same unit.
        out: Where the result goes: a contiguous array (N, M) of float64, which is returned.
        threads: 0 for one each core, 1 for the caller's own.

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
        InputError: Without ``out``, the matrix would take more than ``MAX_MATRIX_BYTES``.
        ParamsError: ``out`` is of another shape or kind, or ``threads`` is negative.
    """
    _check_threads(threads)
    a, b = box_rows(boxes_a_xyxy), box_rows(boxes_b_xyxy)
    if out is None:
        if 8 * len(a) * len(b) > MAX_MATRIX_BYTES:
            raise InputError(
                f"a matrix of {len(a)} x {len(b)} takes more than {MAX_MATRIX_BYTES} bytes",
                where="boxes",
                hint="use iou_blocks or iou_pairs, or give out=",
            )
        out = np.empty((len(a), len(b)))
    elif (
        out.shape != (len(a), len(b))
        or out.dtype != np.float64
        or not (out.flags.c_contiguous and out.flags.aligned and out.flags.writeable)
    ):
        raise ParamsError(
            f"out is of shape {out.shape} and {out.dtype}",
            where="out",
            hint=f"give a contiguous, writeable array {(len(a), len(b))} of float64",
        )
    elif np.may_share_memory(out, a) or np.may_share_memory(out, b):
        raise ParamsError("out shares memory with boxes", where="out", hint="give an array of its own")
    _core.iou_matrix(_core.SoundBoxes(a, "boxes_a_xyxy"), _core.SoundBoxes(b, "boxes_b_xyxy"), out, threads)
    return out


def iou_blocks(
    boxes_a_xyxy: Boxes, boxes_b_xyxy: Boxes, *, max_bytes: int = 16 << 20, threads: int = 1
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """The matrix of ``iou_matrix`` in blocks of whole rows, each of at most ``max_bytes``.

    Each block is a new array, so memory is that of the blocks that the caller holds: a loop's variable holds one
    while the next is made.

    Args:
        boxes_a_xyxy: Boxes (N, 4).
        boxes_b_xyxy: Boxes (M, 4), in the same unit.
        max_bytes: Bytes of one block. An allocator gives blocks of the default size again; much larger ones come as
            fresh pages each time, which can cost more than filling them.
        threads: As in ``iou_matrix``.

    Returns:
        Iterator over the first row of each block, and the block (rows, M).

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
        ParamsError: ``max_bytes`` holds no row, or ``threads`` is negative.
    """
    _check_threads(threads)
    # Copies: what is changed between two steps must not change the blocks to come.
    a, b = sound_boxes(boxes_a_xyxy, "boxes_a_xyxy").copy(), box_rows(boxes_b_xyxy)
    num_rows = max_bytes // max(8 * len(b), 1)
    if num_rows < 1:
        raise ParamsError(
            f"{max_bytes} bytes hold no row of {len(b)} values", where="max_bytes", hint=f"give {8 * len(b)} at least"
        )
    columns = _core.SoundBoxes(b, "boxes_b_xyxy")

    def block(start: int) -> NDArray[np.float64]:
        rows = a[start : start + num_rows]
        out = np.empty((len(rows), len(b)))
        _core.iou_matrix(_core.SoundBoxes(rows, "boxes_a_xyxy"), columns, out, threads)
        return out

    # An expression, so that the faults above are raised by the call and not by the first step.
    return ((start, block(start)) for start in range(0, len(a), num_rows))


def iou_pairs(
    boxes_a_xyxy: Boxes, boxes_b_xyxy: Boxes, min_iou: float, *, max_pairs: int = 1 << 26, threads: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The pairs of ``iou_matrix`` that reach ``min_iou``, in its order, without the matrix.

    Args:
        boxes_a_xyxy: Boxes (N, 4).
        boxes_b_xyxy: Boxes (M, 4), in the same unit.
        min_iou: Above 0, at most 1.
        max_pairs: More are an error, so that memory is bounded: a pair takes 24 bytes, twice while they are joined.
        threads: As in ``iou_matrix``.

    Returns:
        Row in a, row in b, and intersection over union of each pair, (K,) each.

    Raises:
        InvalidBox: A box is not finite, inverted or too large; the first such row is named.
        InputError: There are more than ``max_pairs`` pairs.
        ParamsError: ``min_iou`` or ``max_pairs`` is outside its range, or ``threads`` is negative.
    """
    _check_threads(threads)
    if not 0 < min_iou <= 1:
        raise ParamsError(f"a min_iou of {min_iou}", where="min_iou", hint="give a number above 0, at most 1")
    if not 0 <= max_pairs < 1 << 63:
        raise ParamsError(f"max_pairs of {max_pairs}", where="max_pairs", hint="give 0 or more")
    a = _core.SoundBoxes(box_rows(boxes_a_xyxy), "boxes_a_xyxy")
    b = _core.SoundBoxes(box_rows(boxes_b_xyxy), "boxes_b_xyxy")
    return _core.iou_pairs(a, b, min_iou, max_pairs, threads)


def _check_threads(threads: int) -> None:
    if not 0 <= threads < 1 << 32:
        raise ParamsError(f"{threads} threads", where="threads", hint="0 means one for each core")
