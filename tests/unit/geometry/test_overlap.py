"""Areas and overlaps against one pair at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from mmgic import geometry as g
from mmgic.errors import InvalidBox
from tests.unit.geometry.strategies import pixel_boxes, relaxed


@relaxed
@given(pixel_boxes, pixel_boxes)
def test_iou_agrees_with_one_pair_at_a_time(a: g.Boxes, b: g.Boxes) -> None:
    matrix = g.iou_matrix(a, b)
    assert matrix.shape == (len(a), len(b))
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            shared = max(0.0, min(p[2], q[2]) - max(p[0], q[0])) * max(0.0, min(p[3], q[3]) - max(p[1], q[1]))
            union = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - shared
            assert matrix[i, j] == pytest.approx(shared / union if union > 0 else 0.0)


def test_bad_shapes_are_named() -> None:
    with pytest.raises(InvalidBox, match=r"boxes of shape \(4,\)"):
        g.box_areas(np.array([0.0, 0, 1, 1]))
