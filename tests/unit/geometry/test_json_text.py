"""Boxes in JSON as models write it, beside the json module, and by both ways of reading."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic import geometry as g
from mmgic.geometry import BoxStatus
from tests.unit.geometry.strategies import names, relaxed


def test_json_is_read_as_models_write_it() -> None:
    box = [0.1, 0.2, 0.3, 0.4]
    texts = [
        '```json\n[\n\t{"bbox_2d": [100, 200, 300, 400], "label": "cat"},\n]\n```',
        'Sure! Here it is: {"bbox_2d": [100, 200, 300, 400], "label": "cat"} - that\'s all.',
        "[{'bbox_2d': [100, 200, 300, 400], 'label': 'cat'}]",
        '[{"label": "cat", "score": 0.9, "bbox_2d": [100, 200, 300, 400], "tags": ["a", {"b": 1}]}]',
        '{"objects": [{"label":"cat","bbox_2d":[ 100 ,200,300 , 400 ]}]}',
        '[{"bbox_2d": ["100", "200", "300", "400"], "label": "cat"}]',
        '[{"bbox_2d": [100.0, 200.0, 300.0, 400.0], "label": "c\\u0061t"}]',
        '[{"bbox_2d": [100, 200, 300, 400], "label": "cat',
        '[{"bbox_2d": [300, 400, 100, 200], "label": "cat"}, {"bbox_2d": [1',
    ]
    found = g.boxes_from_text(texts, "qwen3-vl")
    assert found.text_index.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert found.labels == ["cat"] * 9 + [""]
    assert np.allclose(found.boxes_xyxy_norm[:9], box)
    flags = [names(int(s)) for s in found.status]
    assert flags[:6] == [set()] * 6
    assert flags[6:] == [{"NOT_WHOLE"}, {"UNCLOSED"}, {"SWAPPED"}, {"INCOMPLETE", "UNCLOSED", "NO_LABEL"}]
    nested = g.boxes_from_text(['{"label": "it\'s", "bbox_2d": [[1,2,3,4],[5,6,7,8]]}'], "qwen3-vl")
    assert nested.labels == ["it's", "it's"] and nested.boxes_xyxy_norm[1].tolist() == [0.005, 0.006, 0.007, 0.008]


@relaxed
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x1c\x1d\x1e\x1f"), max_size=20))
def test_json_labels_are_what_the_json_module_reads(label: str) -> None:
    (text,) = g.text_from_boxes(np.array([[0, 0, 0.5, 1]]), [label], "gemini", starts=[0, 1])
    assert json.loads(text) == [{"box_2d": [0, 0, 1000, 500], "label": label}]
    for form in (text, json.dumps(json.loads(text)), json.dumps(json.loads(text), indent=2)):
        assert g.boxes_from_text([form], "gemini").labels == [label.strip()]


other_value = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"{}[]:,\\ ö', max_size=6) | st.just("bbox_2d"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=4,
)
json_object = st.fixed_dictionaries(
    {
        "bbox_2d": st.lists(st.integers(0, 1000), min_size=4, max_size=4),
        "label": st.text("ab\"{}[]:,\\'\n ö犬", max_size=8),
    },
    optional={"score": other_value, "tags": other_value, "x": other_value},
)


@settings(deadline=None, max_examples=300)
@given(objects=st.lists(json_object, max_size=4), data=st.data())
def test_json_is_read_as_the_json_module_reads_it(objects: list[dict[str, object]], data: st.DataObject) -> None:
    shuffled = [dict(data.draw(st.permutations(list(one.items())))) for one in objects]
    body = json.dumps(
        shuffled,
        ensure_ascii=data.draw(st.booleans()),
        indent=data.draw(st.sampled_from([None, 0, 2, "\t"])),
        separators=data.draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])),
    )
    before, after = data.draw(st.sampled_from([("", ""), ("```json\n", "\n```"), ("Here it's: ", " - that's all [1]")]))
    found = g.boxes_from_text([before + body + after], "qwen3-vl")
    assert found.labels == [str(one["label"]).strip() for one in objects]
    ends = [one["bbox_2d"] for one in objects]
    numbers = np.array(ends, dtype=np.float64).reshape(-1, 4) / 1000
    assert np.array_equal(
        found.boxes_xyxy_norm,
        np.concatenate(
            [np.minimum(numbers[:, :2], numbers[:, 2:]), np.maximum(numbers[:, :2], numbers[:, 2:])], axis=1
        ),
    )
    allowed = BoxStatus.SWAPPED | BoxStatus.EMPTY | BoxStatus.NO_LABEL
    assert not (found.status & ~np.uint8(allowed)).any()
    for (start, end), four in zip(found.spans.tolist(), ends, strict=True):
        assert json.loads((before + body + after)[start:end]) == four


def fragments() -> st.SearchStrategy[str]:
    """Objects as the row writes them, and what damages them."""
    label = st.sampled_from(
        ["cat", 'a "q" b', "", " pad ", "é漢", "back\\slash", "a}", '{"bbox_2d": [1, 2, 3, 4]', "\0"]
    )
    one = st.builds(
        lambda four, text, plain: f'{{"bbox_2d": {four}, "label": {json.dumps(text, ensure_ascii=plain)}}}',
        st.lists(st.integers(-3, 1005), min_size=4, max_size=4),
        label,
        st.booleans(),
    )
    marks = ["{", "}", '"', "'", "\\", ",", ":", "[", "]", " ", "1", ".5", "é", '{"bbox_2d": [', '], "label": "', '"}']
    return st.lists(one | one | st.sampled_from(marks), max_size=12).map("".join)


@settings(deadline=None, max_examples=1000)
@given(text=fragments(), at=st.integers(0, 400), length=st.integers(0, 3))
def test_objects_as_the_row_writes_them_are_read_like_all_others(text: str, at: int, length: int) -> None:
    """A space behind the brace sends an object through the general way of reading."""
    text = text[:at] + text[at + length :]
    opening = '{"bbox_2d": ['
    plain, spaced = (g.boxes_from_text([t], "qwen3-vl") for t in (text, text.replace(opening, '{ "bbox_2d": [')))
    assert np.array_equal(plain.boxes_xyxy_norm, spaced.boxes_xyxy_norm, equal_nan=True)
    assert plain.status.tolist() == spaced.status.tolist()
    assert plain.labels == [label.replace('{ "bbox_2d": [', opening) for label in spaced.labels]
    openings = [place for place in range(len(text)) if text.startswith(opening, place)]
    shifted = [[at + sum(place < at for place in openings) for at in span] for span in plain.spans.tolist()]
    assert spaced.spans.tolist() == shifted


def test_objects_that_are_too_deep_have_no_label() -> None:
    one = '{"bbox_2d": [1, 2, 3, 4], "label": "cat"'
    found = g.boxes_from_text(
        [one * 80, '{"o": ' * 70 + one.replace("{", "{ ") + "}" + ', "label": "outer"}' * 70], "qwen3-vl"
    )
    of_first = [label for label, text in zip(found.labels, found.text_index, strict=True) if text == 0]
    assert of_first == ["cat"] * 63 + [""] * 17
    assert found.labels[80:] == [""] and found.status[80] & BoxStatus.NO_LABEL
