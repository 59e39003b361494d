"""What is wrong with a box: flags against the twin, and every function that must refuse it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmgic import geometry as g
from mmgic.errors import InvalidBox, ParamsError
from tests.unit.geometry.strategies import relaxed
from tests.unit.twins.overlap import faults_of

GOOD = [0.0, 0, 4, 4]
UNSOUND = {
    "not finite": [0.0, np.nan, 1, 1],
    "inverted": [2.0, 0, 1, 1],
    "too large": [0.0, 0, 1e151, 1],
}
CROP = np.array([0.0, 0, 8, 8])

corners = st.sampled_from([-1e151, -3.0, 0.0, 1e-200, 1.0, 5.0, 9.0, 10.0, 10.5, 12.0, 2e150, np.inf, -np.inf, np.nan])
any_boxes = arrays(np.float64, st.tuples(st.integers(0, 30), st.just(4)), elements=corners | st.floats(-20, 20))

# Each takes boxes of corners, and names them so in its errors.
TAKERS: dict[str, tuple[str, Callable[[g.Boxes], Any]]] = {
    "xywh_from_xyxy": ("boxes_xyxy", g.xywh_from_xyxy),
    "cxcywh_from_xyxy": ("boxes_xyxy", g.cxcywh_from_xyxy),
    "clip_boxes": ("boxes_xyxy_px", lambda b: g.clip_boxes(b, 5, 5)),
    "norm_from_px": ("boxes_xyxy_px", lambda b: g.norm_from_px(b, CROP)),
    "px_from_norm": ("boxes_xyxy_norm", lambda b: g.px_from_norm(b, CROP)),
    "turn_boxes": ("boxes_xyxy_px", lambda b: g.turn_boxes(b, 6, 9, 7)),
    "main_square_crop": ("boxes_xyxy_px", lambda b: g.main_square_crop(9, 7, b)),
    "box_areas": ("boxes_xyxy", g.box_areas),
    "iou_matrix a": ("boxes_a_xyxy", lambda b: g.iou_matrix(b, CROP[None])),
    "iou_matrix b": ("boxes_b_xyxy", lambda b: g.iou_matrix(CROP[None], b)),
    "iou_blocks a": ("boxes_a_xyxy", lambda b: g.iou_blocks(b, CROP[None])),
    "iou_blocks b": ("boxes_b_xyxy", lambda b: g.iou_blocks(CROP[None], b)),
    "iou_pairs a": ("boxes_a_xyxy", lambda b: g.iou_pairs(b, CROP[None], 0.5)),
    "iou_pairs b": ("boxes_b_xyxy", lambda b: g.iou_pairs(CROP[None], b, 0.5)),
}


def names(flags: int) -> set[str]:
    return {str(fault.name) for fault in g.BoxFault(flags)}


@relaxed
@given(any_boxes)
def test_faults_agree_with_the_twin(boxes: g.Boxes) -> None:
    plain, placed = g.box_faults(boxes), g.box_faults(boxes, 10, 9.5)
    assert plain.dtype == placed.dtype == np.uint8 and plain.shape == placed.shape == (len(boxes),)
    assert [names(int(flags)) for flags in plain] == [faults_of(box) for box in boxes.tolist()]
    assert [names(int(flags)) for flags in placed] == [faults_of(box, (10, 9.5)) for box in boxes.tolist()]


@relaxed
@given(any_boxes, st.sampled_from(sorted(TAKERS)))
def test_boxes_are_refused_exactly_where_a_fault_is_unsound(boxes: g.Boxes, taker: str) -> None:
    name, function = TAKERS[taker]
    unsound = np.flatnonzero(g.box_faults(boxes) & g.BoxFault.UNSOUND)
    if unsound.size:
        with pytest.raises(InvalidBox, match=f"^box {unsound[0]} is ") as caught:
            function(boxes)
        assert caught.value.where == f"{name}, row {unsound[0]}"
    else:
        function(boxes)


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("kind", UNSOUND)
def test_the_first_unsound_row_is_named(taker: str, kind: str) -> None:
    boxes = np.array([GOOD, UNSOUND[kind], [np.nan] * 4])
    with pytest.raises(InvalidBox, match=f"^box 1 is {kind}: ") as caught:
        TAKERS[taker][1](boxes)
    assert caught.value.where == f"{TAKERS[taker][0]}, row 1" and caught.value.hint


@pytest.mark.parametrize("taker", TAKERS)
def test_bad_shapes_are_named(taker: str) -> None:
    for shape in ((4,), (2, 5), (1, 2, 4)):
        with pytest.raises(InvalidBox, match=r"boxes of shape \(") as caught:
            TAKERS[taker][1](np.zeros(shape))
        assert "(n, 4)" in caught.value.hint


@pytest.mark.parametrize("kind", UNSOUND)
def test_single_boxes_are_named(kind: str) -> None:
    bad = np.array(UNSOUND[kind])
    with pytest.raises(InvalidBox, match=rf"^box \[.*\] is {kind}") as caught:
        g.region_square_crop(bad, CROP)
    assert caught.value.where == "box"
    with pytest.raises(InvalidBox, match=rf"^within \[.*\] is {kind}"):
        g.region_square_crop(CROP, bad)
    for function in (g.norm_from_px, g.px_from_norm):
        with pytest.raises(InvalidBox, match=rf"^crop \[.*\] is {kind}"):
            function(CROP[None], bad)
        with pytest.raises(InvalidBox, match=r"^crop of shape \(1, 4\)"):
            function(CROP[None], CROP[None])
        with pytest.raises(InvalidBox, match=r"crop .* is empty"):
            function(CROP[None], np.array([3.0, 3, 3, 9]))


def test_sizes_of_pictures_are_checked() -> None:
    boxes = np.array([GOOD])
    for bad in (0, -1, np.nan, np.inf):
        for call in (
            lambda bad: g.box_faults(boxes, bad, 5),
            lambda bad: g.clip_boxes(boxes, bad, 5),
            lambda bad: g.turn_boxes(boxes, 1, bad, 5),
            lambda bad: g.main_square_crop(bad, 5, boxes),
        ):
            with pytest.raises(ParamsError, match="a width of ") as caught:
                call(bad)
            assert caught.value.where == "width"
    with pytest.raises(ParamsError, match="do not come alone") as alone:
        g.box_faults(boxes, width=5)
    assert alone.value.where == "height"
