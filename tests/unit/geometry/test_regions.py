"""Boxes in their main crops: causes and ranks are those of plain loops, whatever the pictures beside them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError, ParamsError
from mmgic.geometry import DROP_CAUSES, BoxKind, PlacedBoxes, RegionRules, place_boxes
from tests.unit.twins.crops import kept_area
from tests.unit.twins.regions import most_kept, placed_in, turned

RULES = RegionRules(0.5, 1.15, 3.0, 0.01, 0.8, 0.7, 4, 2)
_NUMBERS = st.integers(-10, 70).map(float) | st.floats(-10, 70) | st.sampled_from([float("nan"), float("inf"), 0.0])
_ORDERED = st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS).map(
    lambda c: (min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3]))
)
_BOXES = st.tuples(_ORDERED | st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS), st.integers(0, 5), st.integers(0, 2))
_PICTURES = st.tuples(st.integers(1, 60), st.integers(1, 60), st.integers(1, 8), st.lists(_BOXES, max_size=9))


def _place(pictures: list[Any], scale: float = 1.0, rules: RegionRules = RULES) -> PlacedBoxes:
    boxes = [box for *_, rows in pictures for box in rows]
    ends = np.cumsum([0, *(len(rows) for *_, rows in pictures)])
    return place_boxes(
        np.array([box for box, _, _ in boxes], dtype=float).reshape(-1, 4) / scale,
        np.array([kind for _, kind, _ in boxes], np.uint8),
        np.array([label for *_, label in boxes], np.uint32),
        ends.astype(np.uint64),
        np.array([picture[:2] for picture in pictures], dtype=float),
        np.full((len(pictures), 2), scale),
        np.array([picture[2] for picture in pictures], np.uint8),
        rules,
    )


@given(pictures=st.lists(_PICTURES, max_size=4))
def test_as_plain_loops_do(pictures: list[Any]) -> None:
    placed = _place(pictures)
    start = 0
    for number, (width, height, orientation, rows) in enumerate(pictures):
        boxes, kinds, labels = ([row[i] for row in rows] for i in range(3))
        crop = placed.crops_xyxy_px[number].tolist()
        upright = (height, width) if orientation >= 5 else (width, height)
        assert (crop[2] - crop[0], crop[3] - crop[1]) == (min(upright),) * 2
        shown = [
            [min(max(v, 0.0), float(upright[i % 2])) for i, v in enumerate(turned(b, orientation, width, height))]
            for b, k in zip(boxes, kinds, strict=True)
            if k in (0, 3) and np.isfinite(b).all() and b[0] <= b[2] and b[1] <= b[3]
        ]
        is_wide = upright[0] >= upright[1]
        kept = kept_area(crop[0] if is_wide else crop[1], min(upright), shown, is_wide)
        assert kept == pytest.approx(most_kept(boxes, kinds, (width, height), orientation), rel=1e-9, abs=1e-9)
        causes, ranks = placed_in(crop, boxes, kinds, labels, (width, height), orientation, RULES)
        end = start + len(rows)
        assert [DROP_CAUSES[cause] for cause in placed.causes[start:end]] == causes
        assert placed.ranks[start:end].tolist() == ranks
        start = end


def test_boxes_in_another_unit_are_scaled() -> None:
    pictures = [(60, 40, 6, [((10.0, 5.0, 30.0, 25.0), 0, 0), ((1.0, 1.0, 9.0, 9.0), 4, 0)])]
    for plain, scaled in zip(_place(pictures), _place(pictures, scale=0.25), strict=True):
        assert np.array_equal(plain, scaled)


def test_squares_lie_around_regions_alone() -> None:
    placed = _place([(60, 40, 1, [((10.0, 5.0, 30.0, 25.0), 0, 0), ((1.0, 1.0, 9.0, 9.0), 1, 0)])])
    assert placed.squares_xyxy_px.tolist() == [[10.0, 3.0, 34.0, 27.0], [0.0] * 4]
    assert placed.ranks.tolist() == [0, -1]


def test_a_hundred_thousand_boxes_of_a_long_picture_are_placed() -> None:
    random = np.random.default_rng(1)
    corners = random.uniform(0, 1_000_000, (100_000, 1))
    boxes = np.concatenate([corners, np.zeros_like(corners), corners + 50, np.full_like(corners, 9)], axis=1)
    placed = place_boxes(
        boxes,
        np.zeros(len(boxes), np.uint8),
        np.zeros(len(boxes), np.uint32),
        np.array([0, len(boxes)], np.uint64),
        np.array([[1_000_100, 100]], dtype=float),
        np.ones((1, 2)),
        np.ones(1, np.uint8),
        RULES,
    )
    assert (placed.ranks >= 0).sum() == 2


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (InputError, {"kinds": np.array([6], np.uint8)}),
        (InputError, {"kinds": np.zeros(2, np.uint8)}),
        (InputError, {"labels": np.zeros(0, np.uint32)}),
        (InputError, {"starts": np.array([0, 2], np.uint64)}),
        (ParamsError, {"orientations": np.array([9], np.uint8)}),
        (ParamsError, {"sizes_px": np.array([[0.0, 4.0]])}),
        (ParamsError, {"rules": RULES._replace(crop_scale=float("nan"))}),
        (ParamsError, {"rules": RULES._replace(max_per_label=-1)}),
    ],
)
def test_what_does_not_fit_together_is_refused(error: type[Exception], changes: dict[str, Any]) -> None:
    sound: dict[str, Any] = {
        "boxes_xyxy": np.array([[1.0, 1.0, 3.0, 3.0]]),
        "kinds": np.array([BoxKind.OBJECT], np.uint8),
        "labels": np.zeros(1, np.uint32),
        "starts": np.array([0, 1], np.uint64),
        "sizes_px": np.array([[8.0, 4.0]]),
        "scales": np.ones((1, 2)),
        "orientations": np.ones(1, np.uint8),
        "rules": RULES,
    }
    place_boxes(**sound)
    with pytest.raises(error):
        place_boxes(**{**sound, **changes})
