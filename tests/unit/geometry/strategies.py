"""Boxes that hypothesis draws."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmgic import geometry as g
from mmgic.geometry import BoxStatus

relaxed = settings(deadline=None)


def sorted_boxes(low: float, high: float) -> st.SearchStrategy[g.Boxes]:
    corner = st.floats(low, high, allow_nan=False, width=32)
    raw = arrays(np.float64, st.tuples(st.integers(0, 12), st.just(4)), elements=corner)
    return raw.map(lambda b: np.concatenate([np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])], axis=1))


pixel_boxes = sorted_boxes(-20, 120)
norm_boxes = sorted_boxes(-0.5, 1.5).map(
    lambda boxes: np.concatenate([np.minimum(boxes[:, :2], 1.0), np.maximum(boxes[:, 2:], 0.0)], axis=1)
)
"""Boxes that touch the picture and may stick out of it."""


def names(status: int) -> set[str]:
    """Names of the bits of a status."""
    return {flag.name or "" for flag in BoxStatus if flag & status}
