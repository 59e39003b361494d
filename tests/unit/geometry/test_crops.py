"""Square crops against all offsets."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic import geometry as g
from mmgic.errors import InvalidBox, ParamsError
from tests.unit.geometry.strategies import pixel_boxes, relaxed, sorted_boxes
from tests.unit.twins.crops import best_offset, kept_area


@relaxed
@given(st.integers(1, 120), st.integers(1, 120), pixel_boxes)
def test_main_crop_is_the_best_of_all_offsets(width: int, height: int, boxes: g.Boxes) -> None:
    crop = g.main_square_crop(width, height, boxes)
    side, wide = min(width, height), width >= height
    offset, most = best_offset(width, height, g.clip_boxes(boxes, width, height).tolist())
    assert (crop[2:] - crop[:2]).tolist() == [side, side]
    assert (crop >= 0).all() and crop[2] <= width and crop[3] <= height
    assert (crop == np.floor(crop)).all()
    found = float(crop[0] if wide else crop[1])
    kept = kept_area(found, side, g.clip_boxes(boxes, width, height).tolist(), wide)
    assert kept == pytest.approx(most, abs=1e-6)
    room = abs(width - height)
    assert abs(found - room / 2) <= abs(offset - room / 2) + 1e-9 or kept > most - 1e-6


def test_main_crop_by_hand() -> None:
    nothing = np.zeros((0, 4))
    assert g.main_square_crop(100, 60, nothing).tolist() == [20, 0, 80, 60]
    assert g.main_square_crop(60, 101, nothing).tolist() == [0, 20, 60, 80]
    assert g.main_square_crop(100, 60, np.array([[90.0, 0, 100, 60]])).tolist() == [40, 0, 100, 60]
    # A box that fits at many places: the nearest to the centre.
    assert g.main_square_crop(100, 60, np.array([[5.0, 10, 30, 20]])).tolist() == [5, 0, 65, 60]
    assert g.main_square_crop(100, 60, np.array([[25.0, 10, 30, 20]])).tolist() == [20, 0, 80, 60]
    # Two boxes too far apart: the larger one.
    two = np.array([[0.0, 0, 10, 60], [80, 0, 100, 60]])
    assert g.main_square_crop(100, 60, two).tolist() == [40, 0, 100, 60]


def test_main_crop_of_many_boxes_in_bounded_memory() -> None:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 4_000, (20_000, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(0, 60, (20_000, 2))], axis=1)
    boxes[:, [1, 3]] /= 80
    tracemalloc.start()
    crop = g.main_square_crop(1_000, 50, boxes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All places by all boxes would be 950 x 20,000 numbers of 8 bytes, 152 MB.
    assert peak < 60e6
    cut = g.clip_boxes(boxes, 1_000, 50).tolist()
    best = kept_area(float(crop[0]), 50, cut, True)
    assert all(kept_area(float(offset), 50, cut, True) <= best * (1 + 1e-9) for offset in range(0, 951, 50))


@relaxed
@given(sorted_boxes(0, 100), st.floats(0.1, 4))
def test_region_crop_is_a_whole_square_inside(boxes: g.Boxes, scale: float) -> None:
    within = np.array([3.0, 5, 90, 70])
    for box in boxes:
        crop = g.region_square_crop(box, within, scale)
        assert (crop == np.floor(crop)).all()
        side = crop[2] - crop[0]
        assert side == crop[3] - crop[1] and 1 <= side <= 65
        assert (crop[:2] >= within[:2]).all() and (crop[2:] <= within[2:]).all()
        wanted = max(box[2] - box[0], box[3] - box[1]) * scale
        assert side == 65 or wanted <= side <= wanted + 2 or side == 1


@relaxed
@given(sorted_boxes(20, 60))
def test_region_crop_covers_its_box(boxes: g.Boxes) -> None:
    for box in boxes:
        crop = g.region_square_crop(box, np.array([0.0, 0, 100, 100]))
        assert (crop[:2] <= box[:2] + 1e-9).all() and (crop[2:] >= box[2:] - 1e-9).all()


def test_region_crop_by_hand() -> None:
    within = np.array([0.0, 0, 100, 80])
    assert g.region_square_crop(np.array([40.0, 30, 60, 40]), within).tolist() == [38, 23, 62, 47]
    assert g.region_square_crop(np.array([0.0, 0, 20, 10]), within).tolist() == [0, 0, 24, 24]
    assert g.region_square_crop(np.array([0.0, 0, 100, 80]), within).tolist() == [10, 0, 90, 80]
    with pytest.raises(InvalidBox, match="holds no whole pixel"):
        g.region_square_crop(np.array([0.0, 0, 1, 1]), np.array([0.2, 0.2, 1.1, 9]))
    with pytest.raises(InvalidBox, match=r"box .* is inverted"):
        g.region_square_crop(np.array([5.0, 0, 1, 1]), within)
    for scale in (0.0, -1.0, 1e7, float("nan")):
        with pytest.raises(ParamsError, match="a scale of"):
            g.region_square_crop(np.array([0.0, 0, 1, 1]), within, scale)
