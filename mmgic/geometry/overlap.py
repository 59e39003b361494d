"""Areas and overlaps of boxes.

Cost: ``iou_matrix`` is quadratic, vectorised; the rest is linear.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmgic.geometry.arrays import Boxes, box_rows


def box_areas(boxes_xyxy: Boxes) -> NDArray[np.float64]:
    """Areas (N,), in the square of the boxes' unit."""
    rows = box_rows(boxes_xyxy)
    areas: NDArray[np.float64] = (rows[:, 2] - rows[:, 0]) * (rows[:, 3] - rows[:, 1])
    return areas


def iou_matrix(boxes_a_xyxy: Boxes, boxes_b_xyxy: Boxes) -> NDArray[np.float64]:
    """Intersection over union (N, M) of each box of a with each of b; 0 where both are empty."""
    a, b = box_rows(boxes_a_xyxy), box_rows(boxes_b_xyxy)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared: NDArray[np.float64] = np.clip(high - low, 0.0, None).prod(axis=2)
    union = box_areas(a)[:, None] + box_areas(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
