"""Points, quads and polygons written in the notations that have them, and read back.

A shape is one or more points. Cost: some ten nanoseconds a point; the reader is linear in the text, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmgic import _core
from mmgic.errors import InvalidBox
from mmgic.geometry.arrays import aligned
from mmgic.geometry.compiled import Name, compiled, picture_sizes, row_of, str_list, whole_numbers


@dataclass(frozen=True, eq=False)
class ShapesInText:
    """Every shape found in a batch of texts, M of them with P points, in reading order.

    Attributes:
        points_xy_norm: Points (P, 2) float64 as fractions, within 0..1.
        shape_starts: Shape i has the points ``shape_starts[i]`` to ``shape_starts[i + 1]`` (M + 1,) int64.
        labels: One label a shape, without outer spaces.
        instances: Shapes of one text with equal numbers are parts of one instance (M,) int64.
        text_index: Number of the text (M,) int64.
        status: Bits of ``BoxStatus`` (M,) uint8; ``INCOMPLETE``: a number without a partner was left out.
        spans: Start and end of the shape in its text (M, 2) int64, in characters.
    """

    points_xy_norm: NDArray[np.float64]
    shape_starts: NDArray[np.int64]
    labels: list[str]
    instances: NDArray[np.int64]
    text_index: NDArray[np.int64]
    status: NDArray[np.uint8]
    spans: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def text_from_shapes(
    points_xy_norm: NDArray[np.float64],
    shape_starts: ArrayLike,
    labels: Sequence[str],
    notation: Name,
    *,
    instances: ArrayLike | None = None,
    starts: ArrayLike | None = None,
    sizes_px: ArrayLike | None = None,
) -> list[str]:
    """Texts that name points, quads or polygons.

    Args:
        points_xy_norm: Points (P, 2); what is outside 0..1 is held to the border.
        shape_starts: Shape i has the points ``shape_starts[i]`` to ``shape_starts[i + 1]`` (S + 1,).
        labels: One label a shape.
        notation: Name or row.
        instances: A number a shape (S,): neighbours with equal labels share it, and are parts of one instance where the
            numbers are equal too. None: every shape has its own label, as in Florence-2's text with quads.
        starts: Text i holds the shapes ``starts[i]`` to ``starts[i + 1]`` (T + 1,); none: one text a shape.
        sizes_px: As for ``text_from_boxes``.

    Raises:
        ParamsError: The notation is unknown or has no points.
        InvalidBox: A point is not finite, a shape has none, a label would be read back as something else, or the numbers
            of things do not fit together.
    """
    row = row_of(notation)
    points = aligned(points_xy_norm, np.float64)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InvalidBox(f"points of shape {points.shape}", where="points_xy_norm", hint="the shape must be (n, 2)")
    groups = None if instances is None else whole_numbers(instances, "instances")
    firsts = None if starts is None else whole_numbers(starts, "starts")
    return _core.text_from_shapes(
        points,
        whole_numbers(shape_starts, "shape_starts"),
        str_list(labels, "labels"),
        groups,
        firsts,
        compiled(row),
        picture_sizes(row, sizes_px),
    )


def shapes_from_text(texts: Sequence[str], notation: Name, *, sizes_px: ArrayLike | None = None) -> ShapesInText:
    """Every point, quad and polygon in texts that a model may have written; no text makes it fail.

    A run of numbers is a shape; its label is the text before it.

    Args:
        texts: T texts.
        notation: Name or row.
        sizes_px: As for ``boxes_from_text``.

    Raises:
        ParamsError: The notation is unknown or has no points.
    """
    row = row_of(notation)
    points, first, labels, instances, index, status, spans = _core.shapes_from_text(
        str_list(texts, "texts"), compiled(row), picture_sizes(row, sizes_px)
    )
    return ShapesInText(points.reshape(-1, 2), first, labels, instances, index, status, spans.reshape(-1, 2))
