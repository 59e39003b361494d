"""Formats, units and turns against slow ways and drawn pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from PIL import Image, ImageOps

from mmgic import geometry as g
from mmgic.errors import InvalidBox, ParamsError
from tests.unit.geometry.strategies import pixel_boxes, relaxed


@relaxed
@given(pixel_boxes)
def test_formats_are_undone(boxes: g.Boxes) -> None:
    assert np.allclose(g.xyxy_from_xywh(g.xywh_from_xyxy(boxes)), boxes)
    assert np.allclose(g.xyxy_from_cxcywh(g.cxcywh_from_xyxy(boxes)), boxes)
    assert np.allclose(g.xywh_from_xyxy(boxes)[:, 2:].prod(axis=1), g.box_areas(boxes))
    assert np.array_equal(g.xywh_from_xyxy(boxes)[:, 2:], g.cxcywh_from_xyxy(boxes)[:, 2:])


def test_formats_by_hand() -> None:
    assert g.xyxy_from_xywh(np.array([[1.0, 2, 3, 4]])).tolist() == [[1, 2, 4, 6]]
    assert g.xywh_from_xyxy(np.array([[1.0, 2, 4, 6]])).tolist() == [[1, 2, 3, 4]]
    assert g.xyxy_from_cxcywh(np.array([[2.5, 4, 3, 4]])).tolist() == [[1, 2, 4, 6]]
    assert g.cxcywh_from_xyxy(np.array([[1.0, 2, 4, 6]])).tolist() == [[2.5, 4, 3, 4]]
    assert g.clip_boxes(np.array([[-1.0, 2, 40, 60]]), 30, 50).tolist() == [[0, 2, 30, 50]]


@relaxed
@given(pixel_boxes)
def test_fractions_are_undone(boxes: g.Boxes) -> None:
    crop = np.array([10.0, 20, 60, 120])
    norm = g.norm_from_px(boxes, crop)
    assert np.allclose(g.px_from_norm(norm, crop), boxes)
    assert np.allclose(norm[:, 0], (boxes[:, 0] - 10) / 50)
    assert np.allclose(norm[:, 3], (boxes[:, 3] - 20) / 100)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_boxes_lie_where_turned_pixels_do(orientation: int) -> None:
    rng = np.random.default_rng(orientation)
    for _ in range(20):
        width, height = (int(v) for v in rng.integers(2, 40, 2))
        x0, x1 = sorted(int(v) for v in rng.choice(width + 1, 2, replace=False))
        y0, y1 = sorted(int(v) for v in rng.choice(height + 1, 2, replace=False))
        pixels = np.zeros((height, width), dtype=np.uint8)
        pixels[y0:y1, x0:x1] = 255
        stored = Image.fromarray(pixels)
        stored.getexif()[0x0112] = orientation
        turned = ImageOps.exif_transpose(stored)
        assert turned is not None
        box = np.array([[x0, y0, x1, y1]], dtype=np.float64)
        u0, v0, u1, v1 = g.turn_boxes(box, orientation, width, height)[0].astype(int)
        expected = np.zeros((turned.height, turned.width), dtype=np.uint8)
        expected[v0:v1, u0:u1] = 255
        assert np.array_equal(np.asarray(turned), expected)


def test_turn_refuses_other_orientations() -> None:
    for orientation in (0, 9):
        with pytest.raises(ParamsError, match=f"orientation {orientation}"):
            g.turn_boxes(np.zeros((1, 4)), orientation, 5, 5)


@pytest.mark.parametrize(("function", "name"), [(g.xyxy_from_xywh, "boxes_xywh"), (g.xyxy_from_cxcywh, "boxes_cxcywh")])
def test_boxes_by_size_are_checked(function: Callable[[g.Boxes], g.Boxes], name: str) -> None:
    good = [1.0, 2, 3, 4]
    assert function(np.array([[1.0, 2, 0, 0]])).tolist() == [[1, 2, 1, 2]]
    for bad in ([np.nan, 0, 1, 1], [0, 0, np.inf, 1], [0, 0, 1, -1], [1e20, 0, -1e-9, 1]):
        with pytest.raises(InvalidBox, match="box 1 is not finite or has a size below 0") as caught:
            function(np.array([good, bad, bad]))
        assert caught.value.where == f"{name}, row 1" and caught.value.hint
    with pytest.raises(InvalidBox, match="box 1 is too large") as large:
        function(np.array([good, [0, 0, 1, 3e150]]))
    assert large.value.where == f"{name}, row 1"
    with pytest.raises(InvalidBox, match=r"boxes of shape \(4,\)"):
        function(np.array(good))


def test_fractions_that_overflow_are_named() -> None:
    with pytest.raises(InvalidBox, match="box 0 is not finite"):
        g.norm_from_px(np.array([[0.0, 0, 1e149, 1]]), np.array([0.0, 0, 1e-200, 1]))
    with pytest.raises(InvalidBox, match="box 0 is too large"):
        g.px_from_norm(np.array([[0.0, 0, 1e149, 1]]), np.array([0.0, 0, 1e20, 1]))
