"""The rules of regions: every cause of dropping is reached, boxes always add up, and turns move boxes with their pixels."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.images import PictureHeader, PictureStatus, decode, probe
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import NormalizeParams, Params
from mmgic.schema.records import (
    LABEL_LOST,
    Box,
    DropCause,
    Label,
    Phrase,
    PictureRef,
    RawBox,
    RawRecord,
    Record,
    Relation,
)
from mmgic.sources.rules import records_from_raw

_INF = float("inf")


def _header(width: int = 200, height: int = 100, orientation: int = 1) -> PictureHeader:
    return PictureHeader(PictureStatus.OK, "png", width, height, orientation)


def _raw(*boxes: RawBox, **fields: Any) -> RawRecord:
    return RawRecord(
        **{
            "key": "k",
            "source": "toy",
            "split": "train",
            "picture": PictureRef("p"),
            "captions": [],
            **fields,
        },
        boxes=list(boxes),
    )


def _box(*corners: float, label: str = "toy:1", **flags: Any) -> RawBox:
    x1, y1, x2, y2 = corners
    return RawBox(Label(label, label), (x1, y1, x2, y2), **flags)


def _record(params: NormalizeParams, *boxes: RawBox, header: PictureHeader | None = None, **fields: Any) -> Record:
    (record,) = records_from_raw([_raw(*boxes, **fields)], [header or _header()], params)
    assert isinstance(record, Record)
    return record


@pytest.fixture(scope="session")
def rules(params: Params) -> NormalizeParams:
    regions = msgspec.structs.replace(
        params.normalize.regions,
        min_side_px=12,
        min_area_fraction=0.01,
        max_area_fraction=0.9,
        max_per_label=2,
        max_per_record=3,
    )
    return msgspec.structs.replace(params.normalize, regions=regions)


# One box that keeps the main crop at 0..100, then the one that is dropped. The main crop of 200 x 100 is a square of 100.
_CASES: dict[str, list[RawBox]] = {
    "unreadable": [_box(0, 0, 0, 0, fault="unreadable")],
    "unknown_label": [_box(5, 5, 40, 40, fault="unknown_label")],
    "degenerate": [_box(5, 5, 5, 40)],
    "outside_picture": [_box(200, 5, 240, 40)],
    "outside_main_crop": [_box(150, 5, 170, 25)],
    "crowd": [_box(5, 5, 40, 40, is_crowd=True)],
    "group": [_box(5, 5, 40, 40, is_group=True)],
    "depiction": [_box(5, 5, 40, 40, is_depiction=True)],
    "too_small_px": [_box(5, 5, 16, 16)],
    "too_small_area": [_box(5, 5, 25, 9)],
    "too_large": [_box(0, 0, 100, 95, label="toy:2")],
    "duplicate": [_box(2, 2, 90, 92)],
    "over_label_limit": [_box(0, 0, 30, 30), _box(60, 60, 85, 85)],
    "over_region_limit": [
        _box(0, 0, 30, 30),
        _box(60, 60, 85, 85, label="toy:2"),
        _box(40, 0, 64, 20, label="toy:3"),
    ],
}


@pytest.mark.parametrize("cause", get_args(DropCause))
def test_every_cause_is_reached_and_named(rules: NormalizeParams, cause: DropCause) -> None:
    record = _record(rules, _box(0, 2, 94, 92), *_CASES[cause])
    assert record.crop_xyxy_px == (0.0, 0.0, 100.0, 100.0)
    assert [dropped.cause for dropped in record.dropped_boxes] == [cause]
    assert record.dropped_boxes[0].box_xyxy_px == _CASES[cause][-1].box_xyxy_px
    assert len(record.regions) == len(_CASES[cause])


def test_a_cause_costs_the_label_only_where_the_object_is_not_in_the_crop(rules: NormalizeParams) -> None:
    for cause in get_args(DropCause):
        boxes = [_box(0, 2, 94, 92), *_CASES[cause]]
        lost = msgspec.structs.replace(boxes[-1], label=Label("toy:9", "nine"))
        labels = [label.id for label in _record(rules, *boxes[:-1], lost).labels]
        assert ("toy:9" in labels) == (cause not in LABEL_LOST), cause


@pytest.mark.parametrize(
    "corners",
    [(5.0, 5, 4, 9), (float("nan"), 0, 5, 5), (0, 0, _INF, 5), (-_INF, 0, 5, 5), (5, 5, 5, 5), (0, 0, 1e200, 5)],
)
@pytest.mark.parametrize("orientation", [1, 6])
def test_boxes_that_are_none_are_degenerate(rules: NormalizeParams, corners: Box, orientation: int) -> None:
    good = _box(10, 10, 60, 60)
    alone = _record(rules, good, header=_header(orientation=orientation))
    record = _record(rules, good, _box(*corners, label="toy:9"), header=_header(orientation=orientation))
    (dropped,) = record.dropped_boxes
    assert dropped.cause == "degenerate" and record.regions == alone.regions and record.labels == alone.labels
    # As it came: what is no box has no turn. Numbers that JSON lacks are 0.
    if corners != (5, 5, 5, 5):
        assert dropped.box_xyxy_px == tuple(v if np.isfinite(v) else 0.0 for v in corners)


@pytest.mark.parametrize("corners", [(-9, 5, 0, 40), (5, -9, 40, 0), (200, 5, 220, 40), (5, 100, 40, 130)])
def test_a_box_that_touches_the_picture_from_outside_is_outside(rules: NormalizeParams, corners: Box) -> None:
    assert [dropped.cause for dropped in _record(rules, _box(*corners)).dropped_boxes] == ["outside_picture"]


def test_regions_are_clipped_to_the_main_crop_and_the_largest_come_first(rules: NormalizeParams) -> None:
    record = _record(rules, _box(-8, 10, 30, 40), _box(30, 10, 95, 90))
    assert [region.box_xyxy_px for region in record.regions] == [(30, 10, 95, 90), (0, 10, 30, 40)]
    for region in record.regions:
        x1, y1, x2, y2 = region.crop_xyxy_px
        assert x2 - x1 == y2 - y1 and 0 <= x1 and 0 <= y1 and x2 <= 100 and y2 <= 100


def test_crowds_do_not_draw_the_main_crop(rules: NormalizeParams) -> None:
    record = _record(rules, _box(0, 0, 90, 100, is_crowd=True), _box(150, 10, 190, 50))
    assert record.crop_xyxy_px[0] >= 90


def test_a_declared_size_decides_where_boxes_were_counted(rules: NormalizeParams) -> None:
    header = _header(100, 200, orientation=6)  # stored 200 x 100, shown 100 x 200
    stored = _record(rules, _box(10, 20, 60, 80), header=header, declared_size_px=(200, 100))
    upright = _record(rules, _box(20, 10, 80, 60), header=header, declared_size_px=(100, 200))
    assert [one.regions[0].box_xyxy_px for one in (stored, upright)] == [(20, 10, 80, 60)] * 2
    assert _record(rules, _box(10, 20, 60, 80), header=header).regions == stored.regions
    refused: object = records_from_raw([_raw(declared_size_px=(200, 101))], [header], rules)[0]
    assert refused == Rejection("k", "size_mismatch", "declared 200x101, stored 200x100")


@pytest.mark.parametrize(
    ("policy", "declared", "expected"),
    [
        ("scale", (400, 200), (10, 5, 40, 35)),  # twice the stored 200 x 100
        ("scale", (50, 100), (30, 10, 90, 70)),  # half of the upright 100 x 200
        ("trust", (400, 200), (20, 10, 80, 70)),
    ],
)
def test_a_picture_of_another_size_than_stated(
    rules: NormalizeParams, policy: Any, declared: tuple[int, int], expected: Box
) -> None:
    params = msgspec.structs.replace(rules, size_mismatch=policy)
    orientation = 6 if declared == (50, 100) else 1
    box = (15, 5, 45, 35) if orientation == 6 else (20, 10, 80, 70)
    header = _header(100, 200, 6) if orientation == 6 else _header()
    record = _record(params, _box(*box), header=header, declared_size_px=declared)
    if orientation == 6:
        assert record.regions[0].box_xyxy_px == (30, 10, 90, 70)
    else:
        assert record.regions[0].box_xyxy_px == expected
    hopeless = records_from_raw([_raw(declared_size_px=(-4, 7))], [_header()], params)[0]
    assert isinstance(hopeless, Rejection) == (policy == "scale")


def test_phrases_and_relations_stay_with_their_boxes(rules: NormalizeParams) -> None:
    inside, beyond, flat = (10.0, 20.0, 60.0, 80.0), (150.0, 0.0, 190.0, 40.0), (5.0, 5.0, 5.0, 9.0)
    phrases = [Phrase("here", inside), Phrase("beyond", beyond), Phrase("flat", flat), Phrase("off", (900, 0, 950, 9))]
    relations = [
        Relation("on", "toy:1", inside, "toy:2", inside),
        Relation("by", "toy:1", inside, "toy:2", beyond),
        Relation("of", "toy:1", inside, "toy:3", inside),
    ]
    record = _record(
        rules,
        _box(0, 2, 94, 92),
        _box(10, 20, 60, 80, label="toy:2"),
        phrases=phrases,
        relations=relations,
        dropped={"phrase.repeated": 2},
        ids={"coco": "7"},
    )
    assert (record.phrases, record.relations) == (phrases[:1], relations[:1])
    assert record.dropped == {
        "phrase.degenerate": 1,
        "phrase.outside_main_crop": 1,
        "phrase.outside_picture": 1,
        "phrase.repeated": 2,
        "relation.outside_main_crop": 1,
        "relation.unknown_label": 1,
    }
    turned = _record(
        rules,
        _box(10, 20, 60, 80),
        phrases=phrases[:1],
        header=_header(100, 200, orientation=6),
        declared_size_px=(200, 100),
    )
    assert turned.phrases == [Phrase("here", (20.0, 10.0, 80.0, 60.0))]
    assert record.ids == {"coco": "7"}


def test_normalised_boxes_are_scaled_to_the_stored_picture_and_turned_with_it(rules: NormalizeParams) -> None:
    box = _box(0.05, 0.2, 0.3, 0.8)
    assert _record(rules, box, is_normalized=True).regions[0].box_xyxy_px == (10, 20, 60, 80)
    turned = _record(rules, box, is_normalized=True, header=_header(100, 200, orientation=6))
    assert turned.regions[0].box_xyxy_px == (20, 10, 80, 60)
    flat = _record(rules, _box(0.3, 0.2, 0.3, 0.8), is_normalized=True).dropped_boxes[0]
    assert (flat.cause, flat.box_xyxy_px) == ("degenerate", (60, 20, 60, 80))


def test_ancestors_are_labels_only_where_the_params_say_so(rules: NormalizeParams) -> None:
    fruit, food, tool = (Label(f"toy:{name}", name) for name in ("fruit", "food", "tool"))
    boxes = [
        _box(10, 20, 60, 80, label="toy:pear"),
        _box(10, 20, 60, 70, label="toy:food"),
        _box(900, 20, 960, 70, label="toy:hammer"),
    ]
    ancestors = {"toy:pear": [fruit, food], "toy:hammer": [tool]}
    assert [label.id for label in _record(rules, *boxes, ancestors=ancestors).labels] == ["toy:pear", "toy:food"]
    record = _record(msgspec.structs.replace(rules, ancestors="labels"), *boxes, ancestors=ancestors)
    assert [label.id for label in record.labels] == ["toy:pear", "toy:food", "toy:fruit"]
    assert len(record.regions) + len(record.dropped_boxes) == 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_a_turned_box_holds_the_pixels_that_it_held(
    rules: NormalizeParams, picture: Callable[..., bytes], orientation: int, format: str
) -> None:
    stored = (9, 3, 29, 17)
    data = picture(48, 32, box=stored, format=format, orientation=orientation)
    (header,) = probe([data])
    assert (header.orientation, sorted((header.width_px, header.height_px))) == (orientation, [32, 48])
    record = _record(rules, _box(*stored), header=header, declared_size_px=(48, 32))
    pixels = decode([data])[0].pixels
    assert pixels.shape == (record.height_px, record.width_px, 3)
    x1, y1, x2, y2 = (int(value) for value in record.regions[0].box_xyxy_px)
    is_red = (pixels[:, :, 0] > 180) & (pixels[:, :, 1] < 90)
    expected = np.zeros_like(is_red)
    expected[y1:y2, x1:x2] = True
    assert (x2 - x1) * (y2 - y1) == 20 * 14
    assert np.array_equal(is_red, expected)


_CORNERS = st.floats(-50, 300, allow_nan=False) | st.sampled_from([float("nan"), _INF, -_INF, 0.0, 100.0])
_BOXES = st.lists(
    st.builds(
        RawBox,
        label=st.sampled_from([Label(f"toy:{i}", f"{i}") for i in range(3)]),
        box_xyxy_px=st.tuples(_CORNERS, _CORNERS, _CORNERS, _CORNERS),
        is_crowd=st.booleans(),
        is_group=st.booleans(),
        is_depiction=st.booleans(),
    ),
    max_size=12,
)


@given(
    boxes=_BOXES,
    orientation=st.integers(1, 8),
    side=st.sampled_from([(200, 100), (90, 130), (64, 64), (1, 300)]),
)
def test_boxes_are_regions_plus_dropped_and_everything_lies_inside(
    rules: NormalizeParams, boxes: list[RawBox], orientation: int, side: tuple[int, int]
) -> None:
    record = _record(rules, *boxes, header=_header(*side, orientation=orientation))
    assert len(record.regions) + len(record.dropped_boxes) == len(boxes)
    assert len(record.regions) <= rules.regions.max_per_record
    x1, y1, x2, y2 = record.crop_xyxy_px
    assert x2 - x1 == y2 - y1 == min(side)
    for region in record.regions:
        for box in (region.box_xyxy_px, region.crop_xyxy_px):
            assert x1 <= box[0] < box[2] <= x2 and y1 <= box[1] < box[3] <= y2
        assert region.label_id in {label.id for label in record.labels}
    assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record
