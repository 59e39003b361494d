"""Boxes as text against slow twins, in every notation of the table."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic import _core
from mmgic import geometry as g
from mmgic.errors import InputError, InvalidBox, MmgicError, ParamsError
from mmgic.geometry import BoxStatus, Notation
from tests.unit.geometry.strategies import names, relaxed, sorted_boxes
from tests.unit.twins.boxes import Reader, corners_of, divisors, finding, ids_of, text_of

SIZE = (640, 427)
ROWS = list(g.NOTATIONS.values())
TOKEN_ROWS = [row for row in ROWS if not row.json]
every = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
solid = sorted_boxes(0, 1).map(lambda boxes: boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)])


@every
@relaxed
@given(boxes=solid)
def test_ids_agree_with_the_twin(row: Notation, boxes: g.Boxes) -> None:
    ids = g.ids_from_boxes(boxes, row, sizes_px=SIZE)
    assert ids.dtype == np.int32 and ids.shape == (len(boxes), 2 if row.rule == "cells" else 4)
    assert ids.tolist() == [ids_of(row, box, SIZE) for box in boxes.tolist()]
    back = g.boxes_from_ids(ids, row, sizes_px=SIZE)
    assert np.allclose(back, np.reshape([corners_of(row, four, SIZE) for four in ids.tolist()], (-1, 4)), atol=1e-15)


@every
def test_a_million_boxes_are_a_fixed_point_within_the_bound(row: Notation) -> None:
    rng = np.random.default_rng(7)
    boxes = np.sort(rng.random((1_000_000, 2, 2)), axis=1).reshape(-1, 4)
    boxes[:1000] = np.round(boxes[:1000])
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]
    ids = g.ids_from_boxes(boxes, row, sizes_px=SIZE)
    back = g.boxes_from_ids(ids, row, sizes_px=SIZE)
    again = g.ids_from_boxes(back, row, sizes_px=SIZE) if row.rule != "cells" else g.ids_from_boxes(back, row)
    assert np.array_equal(again, ids)
    unit = np.array(divisors(row, SIZE) * 2) if row.rule == "pixels" else 1.0
    worst = (np.abs(back - boxes) * unit).max()
    assert worst <= row.bound * (1 + 1e-9)
    # The bound is tight: a row that states too much would be found.
    assert worst > row.bound * 0.9
    labels = ["cat", "dog"] * (len(boxes) // 2) + ["cat"] * (len(boxes) % 2)
    starts = np.append(np.arange(0, len(boxes), 8), len(boxes))
    texts = g.text_from_boxes(boxes, labels, row, starts=starts, sizes_px=SIZE)
    found = g.boxes_from_text(texts, row, sizes_px=SIZE)
    assert np.array_equal(found.boxes_xyxy_norm, back) and found.labels == labels
    assert g.text_from_boxes(found.boxes_xyxy_norm, found.labels, row, starts=starts, sizes_px=SIZE) == texts


label_text = st.text("aZ ö犬<>_[](),;:{}|/0123\"'\\\n\tloc.-", max_size=14) | st.sampled_from(
    [
        "cat",
        "t-shirt (red)",
        "<loc_1>",
        "</ref>",
        "a [1, 2]",
        "<phrase>x",
        "(3",
        "<bin_",
        "x;y",
        "</s>",
        "<seg001>",
        "[0.1,0.2",
    ]
)


@every
@settings(deadline=None, max_examples=200)
@given(boxes=solid, data=st.data())
def test_text_agrees_with_the_twin_and_reads_back(row: Notation, boxes: g.Boxes, data: st.DataObject) -> None:
    labels = [data.draw(label_text | st.just("cat")) for _ in boxes]
    starts = sorted({0, len(boxes), *data.draw(st.lists(st.integers(0, len(boxes)), max_size=3))})
    starts = starts if len(boxes) else [0, 0]
    try:
        texts = g.text_from_boxes(boxes, labels, row, starts=starts, sizes_px=SIZE)
    except InvalidBox as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        # Refused labels are named, and plain ones never refused.
        assert refused.where.startswith("row ") and refused.hint
        bad = labels[int(refused.where.removeprefix("row "))]
        assert not bad.strip() or not bad.replace(" ", "").isalnum()
        return
    parts = list(zip(starts, starts[1:], strict=False))
    rows = boxes.tolist()
    assert texts == [text_of(row, rows[a:b], labels[a:b], SIZE) for a, b in parts]
    found = g.boxes_from_text(texts, row, sizes_px=SIZE)
    assert found.text_index.tolist() == [i for i, (a, b) in enumerate(parts) for _ in range(a, b)]
    assert found.labels == [label.strip() for label in labels]
    ids = g.ids_from_boxes(boxes, row, sizes_px=SIZE)
    assert np.array_equal(found.boxes_xyxy_norm, g.boxes_from_ids(ids, row, sizes_px=SIZE))
    allowed = BoxStatus.EMPTY | BoxStatus.NO_LABEL
    assert not (found.status & ~np.uint8(allowed)).any()
    has_no_label = [not label.strip() for label in labels]
    assert ((found.status & BoxStatus.NO_LABEL) > 0).tolist() == has_no_label
    for (start, end), text, four in zip(found.spans, (texts[i] for i in found.text_index), ids.tolist(), strict=True):
        inside = [float(n) for n in re.findall(r"[0-9.]+", text[start:end].replace("_2d", ""))]
        expected = [v / 1000 for v in four] if row.rule == "decimals" else four
        assert inside == expected


def pieces(row: Notation) -> st.SearchStrategy[str]:
    """Texts of what the row writes and what it does not."""
    templates = (row.box, row.label, row.boxes, row.object, row.box_separator, row.object_separator)
    literals = {part for text in templates for part in re.split(r"\$\w+", text) if part}
    marks = {mark for part in literals for mark in (part, part.strip(), part[:-1], part[1:])}
    written = text_of(row, [[0.1, 0.2, 0.3, 0.9], [0.5, 0.25, 0.75, 0.625]], ["cat", "cat"], SIZE)
    others = ["cat", "ö", " ", "\n", "1", "07", "999", "1023", "5000", "-3", "0.25", "7.5", "."]
    return st.sampled_from(sorted({*marks, *row.ignored, written, *others}))


@pytest.mark.parametrize("row", TOKEN_ROWS, ids=lambda row: row.name)
@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_reader_agrees_with_the_twin(row: Notation, data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.lists(pieces(row), max_size=24).map("".join), max_size=3))
    found = g.boxes_from_text(texts, row)
    expected = [(i, item) for i, text in enumerate(texts) for item in Reader(row, text).read()]
    assert found.text_index.tolist() == [i for i, _ in expected]
    assert found.labels == [item.label or "" for _, item in expected]
    assert found.spans.tolist() == [[item.start, item.end] for _, item in expected]
    corners = [finding(row, item) for _, item in expected]
    assert [names(int(s)) for s in found.status] == [flags for _, flags in corners]
    assert np.allclose(
        found.boxes_xyxy_norm, np.reshape([box for box, _ in corners], (-1, 4)), equal_nan=True, atol=1e-12
    )


@every
@settings(deadline=None, max_examples=200)
@given(data=st.data())
def test_damaged_text_is_read(row: Notation, data: st.DataObject) -> None:
    text = text_of(row, [[0.1, 0.2, 0.3, 0.9], [0.5, 0.25, 0.75, 0.625]], ["cat", "dög"], SIZE)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 6))
        text = text[:at] + data.draw(pieces(row) | st.characters(codec="utf-8")) + text[at + length :]
    found = g.boxes_from_text([text], row, sizes_px=SIZE)
    boxes = found.boxes_xyxy_norm
    incomplete = (found.status & BoxStatus.INCOMPLETE) > 0
    assert np.isnan(boxes[incomplete]).all() and not np.isnan(boxes[~incomplete]).any()
    whole = boxes[~incomplete]
    assert (whole[:, :2] <= whole[:, 2:]).all() and ((whole >= 0) & (whole <= 1)).all()
    assert ((found.spans >= 0) & (found.spans <= len(text))).all()
    assert (found.spans[:, 0] < found.spans[:, 1]).all()


@every
def test_text_cut_anywhere_is_read_as_far_as_it_goes(row: Notation) -> None:
    boxes = np.array([[0.1, 0.2, 0.3, 0.9], [0.5, 0.25, 0.75, 0.625]])
    (text,) = g.text_from_boxes(boxes, ["cat", "dog"], row, starts=[0, 2], sizes_px=SIZE)
    counts = [len(g.boxes_from_text([text[:end]], row, sizes_px=SIZE)) for end in range(len(text) + 1)]
    assert counts[0] == 0 and counts[-1] == 2 and max(counts) == 2 and counts == sorted(counts)
    (first,) = g.text_from_boxes(boxes[:1], ["cat"], row, starts=[0, 1], sizes_px=SIZE)
    cut = g.boxes_from_text([first.rstrip("]})>t ca")], row, sizes_px=SIZE)
    assert len(cut) == 1


def test_a_box_that_lacks_numbers_takes_what_closes_it() -> None:
    whole = "<loc_1><loc_2><loc_3><loc_4>"
    found = g.boxes_from_text([f"a cat<loc_1><loc_2><loc_3> a dog{whole}<loc_5>sky{whole}"], "florence-2")
    assert found.labels == ["a cat", "a dog", "a dog", "sky"]
    assert [names(int(s)) for s in found.status] == [{"INCOMPLETE"}, set(), {"INCOMPLETE"}, set()]
    assert found.spans[0].tolist() == [5, 5 + len("<loc_1><loc_2><loc_3>")]
    text = "cat <b_st><bin_1> <bin_2> <bin_3><b_ed> dog <b_st><bin_1> <bin_2> <bin_3> <bin_4><b_ed></s>"
    assert g.boxes_from_text([text], "shikra-tokens").labels == ["cat", "dog"]
    found = g.boxes_from_text(
        ["<loc0001><loc0002><loc0003> cat ; <loc0001><loc0002><loc0003><loc0004> dog</s>"], "paligemma"
    )
    assert found.labels == ["cat", "dog"]


def test_one_text_is_no_list_of_texts() -> None:
    with pytest.raises(InputError, match="texts are one str") as caught:
        g.boxes_from_text("<loc_1>", "florence-2")
    assert caught.value.hint == "give a list of str"
    with pytest.raises(InputError, match="texts are one NoneType"):
        g.shapes_from_text(None, "florence-2")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="labels are one str"):
        g.text_from_boxes(np.array([[0, 0, 1, 1]]), "cat", "florence-2")


@every
def test_pixels_are_no_fractions(row: Notation) -> None:
    with pytest.raises(InvalidBox, match="box 1 lies outside of the picture") as caught:
        g.text_from_boxes(np.array([[0, 0, 0.5, 1], [64, 32, 320, 200]]), ["a", "b"], row, sizes_px=SIZE)
    assert "norm_from_px" in caught.value.hint


def test_marks_of_a_row_are_no_labels() -> None:
    common = {"rule": "round", "bins": 101, "scale": 100, "error_bound": (0.5, 100), "source": "nobody/nothing here"}
    braces = Notation(name="mine", object="{$boxes|$label}", box="($x0..$x1)x($y0..$y1)", **common)  # type: ignore[arg-type]
    words = Notation(name="words", object="$boxes $label", object_separator=" ; ", box="x$x0 y$y0 w$x1 h$y1", **common)  # type: ignore[arg-type]
    for row, label in ((braces, "}"), (braces, "a}b"), (words, "x1 y2 w3 h4")):
        with pytest.raises(InvalidBox, match="would be read back as something else"):
            g.text_from_boxes(np.array([[0, 0, 0.5, 1]]), [label], row)


def test_phrases_and_their_boxes_by_hand() -> None:
    run = "<loc_1><loc_2><loc_3><loc_4>"
    found = g.boxes_from_text(["none", f"</s>a cat{run}{run} dog {run}</s>"], "florence-2")
    assert found.labels == ["a cat", "a cat", "dog"] and found.text_index.tolist() == [1, 1, 1]
    found = g.boxes_from_text([run + "x<loc_5><loc_6><loc_2000><loc_8"], "florence-2")
    assert [names(int(s)) for s in found.status] == [{"NO_LABEL"}, {"OUT_OF_RANGE", "UNCLOSED"}]
    found = g.boxes_from_text(["<ref>two cats<box>(1,2), (3,4)</box> <box>( 9 ,9),(5,6)"], "qwen-vl")
    assert found.labels == ["two cats", "two cats"]
    assert [names(int(s)) for s in found.status] == [{"UNCLOSED"}, {"SWAPPED", "UNCLOSED"}]
    run = "<loc0001><loc0002><loc0003><loc0004>"
    found = g.boxes_from_text([f"{run}{run}<seg001><seg002> t-shirt (red) ; x"], "paligemma")
    assert found.labels == ["t-shirt (red)"] * 2
    assert len(g.boxes_from_text([], "florence-2")) == 0
    assert g.boxes_from_text(["see [1] and [2, 3]"], "internvl").status.tolist() == [
        BoxStatus.INCOMPLETE | BoxStatus.NO_LABEL | BoxStatus.UNCLOSED
    ]


OPENERS = [
    "<loc_",
    "<loc_1>",
    "[",
    "{",
    '{"bbox_2d": [',
    "<box>(",
    "<phrase>",
    '"',
    "\\",
    "<",
    " ",
    "1",
    "<ref>",
    "<bin_1> ",
    '{"bbox_2d": [1, 2, 3, 4], "label": "',
    '{"bbox_2d": [1, 2, 3, 4], "label": "\\',
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("opener", OPENERS)
@every
def test_hostile_text_does_not_hang(row: Notation, opener: str) -> None:
    """Time that grows with the square of the text would pass the limit by far."""
    g.boxes_from_text([opener * 300_000], row, sizes_px=SIZE)


def test_statuses_are_those_of_the_core() -> None:
    assert {name: int(flag) for name, flag in BoxStatus.__members__.items()} == dict(_core.box_statuses())


def test_bad_boxes_are_named() -> None:
    good = [0.0, 0, 1, 1]
    with pytest.raises(InvalidBox, match="box 1 is not finite") as caught:
        g.ids_from_boxes(np.array([good, [0, np.nan, 1, 1]]), "florence-2")
    assert caught.value.where == "row 1" and caught.value.hint
    with pytest.raises(InvalidBox, match="box 2 is inverted"):
        g.text_from_boxes(np.array([good, good, [0.5, 0, 0.4, 1]]), ["a", "b", "c"], "gemini")
    with pytest.raises(InvalidBox, match="box 1 has no area"):
        g.ids_from_boxes(np.array([good, [0.5, 0, 0.5, 1]]), "kosmos-2")
    with pytest.raises(InvalidBox, match="location id 1000, allowed are 0 to 999"):
        g.boxes_from_ids(np.array([[0, 0, 0, 1000]], dtype=np.int32), "florence-2")
    with pytest.raises(InvalidBox, match=r"inverted location ids: \[5, 5, 4, 6\]"):
        g.boxes_from_ids(np.array([[5, 5, 4, 6]], dtype=np.int32), "florence-2")
    with pytest.raises(InvalidBox, match="label of box 0 would be read back as something else"):
        g.text_from_boxes(np.array([good]), ["a<loc_1>"], "florence-2")
    with pytest.raises(InvalidBox, match="label of box 1 is empty"):
        g.text_from_boxes(np.array([good, good]), ["a", " "], "florence-2", starts=[0, 2])
    with pytest.raises(InvalidBox, match="2 labels for 1 boxes"):
        g.text_from_boxes(np.array([good]), ["a", "b"], "florence-2")
    for starts in ([0, 2], [1, 1], [0, 1, 0, 1], []):
        with pytest.raises(InvalidBox, match="starts are not 0 to 1"):
            g.text_from_boxes(np.array([good]), ["a"], "florence-2", starts=starts)
    with pytest.raises(InvalidBox, match=r"location ids of shape \(4,\)"):
        g.boxes_from_ids(np.zeros(4, dtype=np.int32), "florence-2")


def test_halves_of_surrogate_pairs_keep_their_place() -> None:
    found = g.boxes_from_text(["\ud800<loc_1><loc_2><loc_3><loc_4>"], "florence-2")
    assert found.labels == ["?"] and found.spans.tolist() == [[1, 29]]
    with pytest.raises(InvalidBox, match="label of box 1 holds half of a surrogate pair"):
        g.text_from_boxes(np.array([[0, 0, 1, 1]] * 2), ["a", "\udc00"], "florence-2")


def test_numbers_that_are_not_whole_are_refused() -> None:
    good = np.array([[0.0, 0, 1, 1]])
    with pytest.raises(InvalidBox, match="starts of shape"):
        g.text_from_boxes(good, ["a"], "florence-2", starts=[0.0, 1.0])
    with pytest.raises(InvalidBox, match="location ids of type float64"):
        g.boxes_from_ids(good, "florence-2")  # type: ignore[arg-type]
    with pytest.raises(InvalidBox, match="no int32"):
        g.boxes_from_ids(np.full((1, 4), 2**40), "florence-2")  # type: ignore[arg-type]


def test_sizes_are_asked_for_and_checked() -> None:
    good = np.array([[0.0, 0, 1, 1], [0, 0, 0.5, 0.5]])
    with pytest.raises(ParamsError, match=r"qwen2\.5-vl counts pixels"):
        g.ids_from_boxes(good, "qwen2.5-vl")
    with pytest.raises(InvalidBox, match="3 picture sizes for 2 boxes"):
        g.ids_from_boxes(good, "qwen2.5-vl", sizes_px=[[28, 28]] * 3)
    with pytest.raises(InvalidBox, match="side is not 1 to"):
        g.ids_from_boxes(good, "qwen2.5-vl", sizes_px=(0, 28))
    with pytest.raises(MmgicError, match="one side is over 200 times"):
        g.ids_from_boxes(good, "qwen2.5-vl", sizes_px=(28, 9000))
    ids = g.ids_from_boxes(good, "qwen2.5-vl", sizes_px=[[56, 84], [640, 480]])
    assert ids.tolist() == [[0, 0, 56, 84], [0, 0, 322, 238]]
