"""Boxes against slow twins, drawn pixels and known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageOps

from mmgic import geometry as g
from mmgic.errors import InvalidBox, ParamsError
from tests.unit.twins.boxes import box_of, boxes_of, ids_of, text_of
from tests.unit.twins.crops import best_offset, kept_area

relaxed = settings(deadline=None)


def sorted_boxes(low: float, high: float) -> st.SearchStrategy[g.Boxes]:
    corner = st.floats(low, high, allow_nan=False, width=32)
    raw = arrays(np.float64, st.tuples(st.integers(0, 12), st.just(4)), elements=corner)
    return raw.map(lambda b: np.concatenate([np.minimum(b[:, :2], b[:, 2:]), np.maximum(b[:, :2], b[:, 2:])], axis=1))


pixel_boxes = sorted_boxes(-20, 120)
norm_boxes = sorted_boxes(-0.5, 1.5)


@relaxed
@given(pixel_boxes)
def test_formats_are_undone(boxes: g.Boxes) -> None:
    assert np.allclose(g.xyxy_from_xywh(g.xywh_from_xyxy(boxes)), boxes)
    assert np.allclose(g.xywh_from_xyxy(boxes)[:, 2:].prod(axis=1), g.box_areas(boxes))


def test_formats_by_hand() -> None:
    assert g.xyxy_from_xywh(np.array([[1.0, 2, 3, 4]])).tolist() == [[1, 2, 4, 6]]
    assert g.xywh_from_xyxy(np.array([[1.0, 2, 4, 6]])).tolist() == [[1, 2, 3, 4]]
    assert g.clip_boxes(np.array([[-1.0, 2, 40, 60]]), 30, 50).tolist() == [[0, 2, 30, 50]]


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
    with pytest.raises(InvalidBox, match=r"box .* not finite or inverted"):
        g.region_square_crop(np.array([5.0, 0, 1, 1]), within)
    with pytest.raises(ParamsError, match="scale"):
        g.region_square_crop(np.array([0.0, 0, 1, 1]), within, 0.0)


@relaxed
@given(norm_boxes)
def test_location_ids_agree_with_the_twin(boxes: g.Boxes) -> None:
    ids = g.location_ids_from_boxes(boxes)
    assert ids.dtype == np.int32 and ids.shape == boxes.shape
    assert ids.tolist() == [ids_of(box) for box in boxes.tolist()]
    back = g.boxes_from_location_ids(ids)
    assert back.tolist() == [box_of(row) for row in ids.tolist()]
    assert np.abs(back - np.clip(boxes, 0, 1)).max(initial=0.0) <= 0.0005 + 1e-12
    assert np.array_equal(g.location_ids_from_boxes(back), ids)


plain = st.text("aZ ö犬<>_loc1\n", max_size=12).filter(lambda t: "<loc_" not in t)


@relaxed
@given(norm_boxes, st.data())
def test_text_agrees_with_the_twin_and_reads_back(boxes: g.Boxes, data: st.DataObject) -> None:
    labels = [data.draw(plain) for _ in boxes]
    texts = g.text_from_boxes(boxes, labels)
    assert texts == [text_of(box, label) for box, label in zip(boxes.tolist(), labels, strict=True)]
    found, read, index = g.boxes_from_text(texts)
    assert np.array_equal(g.location_ids_from_boxes(found), g.location_ids_from_boxes(boxes))
    assert read == [label.strip() for label in labels]
    assert index.tolist() == list(range(len(texts)))


pieces = st.sampled_from(["cat", " ", "<loc_", "<loc_1>", "<loc_999>", "<loc_1000>", "<loc_007>", ">", "ö", "<loc_ 1>"])


@relaxed
@given(st.lists(st.lists(pieces, max_size=20).map("".join), max_size=5))
def test_reader_agrees_with_the_twin(texts: list[str]) -> None:
    boxes, labels, index = g.boxes_from_text(texts)
    expected = [(i, label, box_of(ids)) for i, text in enumerate(texts) for label, ids in boxes_of(text)]
    assert list(zip(index.tolist(), labels, boxes.tolist(), strict=True)) == expected


def test_one_label_for_several_boxes() -> None:
    run = "<loc_1><loc_2><loc_3><loc_4>"
    boxes, labels, index = g.boxes_from_text(["none", f"a cat{run}{run} dog {run}"])
    assert labels == ["a cat", "a cat", "dog"] and index.tolist() == [1, 1, 1] and boxes.shape == (3, 4)
    assert g.boxes_from_text([])[0].shape == (0, 4)


def test_bad_boxes_are_named() -> None:
    good = [0.0, 0, 1, 1]
    with pytest.raises(InvalidBox, match="box 1 is not finite") as caught:
        g.location_ids_from_boxes(np.array([good, [0, np.nan, 1, 1]]))
    assert caught.value.where == "row 1" and caught.value.hint
    with pytest.raises(InvalidBox, match="box 2 is inverted"):
        g.text_from_boxes(np.array([good, good, [0.5, 0, 0.4, 1]]), ["a", "b", "c"])
    with pytest.raises(InvalidBox, match="location id 1000, allowed are 0 to 999"):
        g.boxes_from_location_ids(np.array([[0, 0, 0, 1000]], dtype=np.int32))
    with pytest.raises(InvalidBox, match="label of box 0 holds a location token"):
        g.text_from_boxes(np.array([good]), ["a<loc_1>"])
    with pytest.raises(InvalidBox, match="2 labels for 1 boxes"):
        g.text_from_boxes(np.array([good]), ["a", "b"])
    with pytest.raises(InvalidBox, match=r"boxes of shape \(4,\)"):
        g.box_areas(np.array(good))
    with pytest.raises(InvalidBox, match=r"location ids of shape \(4,\)"):
        g.boxes_from_location_ids(np.zeros(4, dtype=np.int32))
    with pytest.raises(InvalidBox, match=r"crop .* is empty"):
        g.norm_from_px(np.array([good]), np.array([3.0, 3, 3, 9]))
    with pytest.raises(ParamsError, match='unknown notation "kosmos"') as unknown:
        g.location_ids_from_boxes(np.array([good]), "kosmos")
    assert "florence-2" in unknown.value.hint
