"""Boxes as text against slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic import geometry as g
from mmgic.errors import InvalidBox, ParamsError
from tests.unit.geometry.strategies import norm_boxes, relaxed
from tests.unit.twins.boxes import box_of, boxes_of, ids_of, text_of


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
    with pytest.raises(InvalidBox, match=r"location ids of shape \(4,\)"):
        g.boxes_from_location_ids(np.zeros(4, dtype=np.int32))
    with pytest.raises(ParamsError, match='unknown notation "kosmos"') as unknown:
        g.location_ids_from_boxes(np.array([good]), "kosmos")
    assert "florence-2" in unknown.value.hint
