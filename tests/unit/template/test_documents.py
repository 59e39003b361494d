"""Documents of every recipe, word for word; draws that depend on nothing but seed and key."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.geometry import NOTATIONS, boxes_from_text, norm_from_px
from mmgic.schema.documents import Document, ImagePart, Part, TextPart
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import Params, TemplateParams
from mmgic.schema.records import Caption, Record
from mmgic.template.documents import document_from_record, merged

_CAPTION = "Caption: A red cup and a spoon.\n"
_LABELS = "Labels:\nred cup\nspoon\n"
_DESCRIPTIONS = "Descriptions:\nred cup: A cup as red as a tomato.\n"
_REGIONS = "Regions:\nred cup: [region 8 2 28 22]\n"
_IMAGE = "[image 8 0 40 32]\n"
_TAILS = {"C": "", "CL": _LABELS, "CLD": _LABELS + _DESCRIPTIONS, "CLDR": _LABELS + _DESCRIPTIONS + _REGIONS}


def _shown(parts: Sequence[Part]) -> str:
    return "".join(
        part.text if isinstance(part, TextPart) else f"[{part.concept} {' '.join(f'{v:g}' for v in part.crop_xyxy_px)}]"
        for part in parts
    )


def _settings(params: Params, **changes: Any) -> TemplateParams:
    return msgspec.structs.replace(params.template, **changes)


def _document(record: Record, settings: TemplateParams, seed: int = 1) -> Document:
    document = document_from_record(record, settings, seed)
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("recipe", _TAILS)
def test_the_golden_text_of_a_recipe(params: Params, record: Callable[..., Record], recipe: str) -> None:
    after = _document(record(), _settings(params, recipe=recipe, caption_first_fraction=0.0))
    before = _document(record(), _settings(params, recipe=recipe, caption_first_fraction=1.0))
    assert (after.key, after.split, after.recipe) == ("toy-1", "train", recipe)
    assert _shown(after.parts) == _IMAGE + _CAPTION + _TAILS[recipe]
    assert _shown(before.parts) == _CAPTION + _IMAGE + _TAILS[recipe]


def test_each_stretch_of_text_knows_its_concept(params: Params, record: Callable[..., Record]) -> None:
    parts = _document(record(), _settings(params, recipe="CLDR", caption_first_fraction=0.0)).parts
    texts = [(part.concept, part.text) for part in parts if isinstance(part, TextPart) and part.concept != "template"]
    assert texts == [
        ("caption", "A red cup and a spoon."),
        ("label", "red cup"),
        ("label", "spoon"),
        ("description", "A cup as red as a tomato."),
    ]
    assert [part.concept for part in parts if isinstance(part, ImagePart)] == ["image", "region"]


def test_concepts_that_a_record_lacks_leave_no_heading(params: Params, record: Callable[..., Record]) -> None:
    bare = record(labels=[], regions=[])
    assert _shown(_document(bare, _settings(params, caption_first_fraction=0.0)).parts) == _IMAGE + _CAPTION


def test_a_record_without_caption_is_rejected(params: Params, record: Callable[..., Record]) -> None:
    assert document_from_record(record(captions=[]), params.template, 1) == Rejection("toy-1", "no_caption")


def test_draws_depend_on_seed_and_key_alone(params: Params, record: Callable[..., Record]) -> None:
    captions = [f"Number {i}." for i in range(5)]
    records = [record(f"k{i}", captions=[Caption(text, "toy") for text in captions]) for i in range(2000)]
    documents = [_document(one, params.template) for one in records]
    assert documents == [_document(one, params.template) for one in records]
    changed = [_document(one, params.template, seed=2) for one in records]
    assert sum(a != b for a, b in zip(documents, changed, strict=True)) > 1500
    drawn = Counter(
        part.text
        for document in documents
        for part in document.parts
        if isinstance(part, TextPart) and part.concept == "caption"
    )
    assert set(drawn) == set(captions) and min(drawn.values()) > 330


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 1.0])
def test_the_share_of_captions_before_the_picture(
    params: Params, record: Callable[..., Record], fraction: float
) -> None:
    settings = _settings(params, caption_first_fraction=fraction)
    first = [isinstance(_document(record(f"k{i}"), settings).parts[0], TextPart) for i in range(4000)]
    assert sum(first) / 4000 == pytest.approx(fraction, abs=0.03 if 0 < fraction < 1 else 0)


@given(
    parts=st.lists(
        st.builds(TextPart, text=st.text(max_size=3), concept=st.sampled_from(["caption", "label", "template"]))
        | st.just(ImagePart((0.0, 0.0, 1.0, 1.0), "region")),
        max_size=12,
    )
)
def test_merging_keeps_the_text_and_leaves_no_equal_neighbours(parts: list[Part]) -> None:
    joined = merged(iter(parts))
    assert _shown(joined) == _shown(parts)
    for left, right in zip(joined, joined[1:], strict=False):
        assert isinstance(left, ImagePart) or isinstance(right, ImagePart) or left.concept != right.concept
    assert all(not isinstance(part, TextPart) or part.text for part in joined)


def test_boxes_stand_at_the_end_in_the_notation_that_is_named(params: Params, record: Callable[..., Record]) -> None:
    """The box 10 4 26 20 of the main crop 8 0 40 32: 1/16, 1/8, 9/16, 5/8 of its sides."""
    settings = _settings(params, recipe="C", boxes="florence-2", caption_first_fraction=0.0)
    parts = _document(record(), settings).parts
    assert _shown(parts) == _IMAGE + _CAPTION + "Boxes:\nred cup<loc_62><loc_125><loc_562><loc_625>\n"
    assert [part.concept for part in parts][-3:] == ["template", "box", "template"]
    nothing = msgspec.structs.replace(record(), regions=[])
    assert _shown(_document(nothing, settings).parts) == _IMAGE + _CAPTION


@pytest.mark.parametrize("name", NOTATIONS)
def test_boxes_are_read_back_from_any_notation(params: Params, record: Callable[..., Record], name: str) -> None:
    one = record()
    document = _document(one, _settings(params, boxes=name))
    (text,) = [part.text for part in document.parts if part.concept == "box" and isinstance(part, TextPart)]
    crop = np.array(one.crop_xyxy_px)
    found = boxes_from_text([text], name, sizes_px=[32, 32])
    assert found.labels == ["red cup"] and found.status.tolist() == [0]
    written = norm_from_px(np.array([one.regions[0].box_xyxy_px]), crop)
    side = 56 if NOTATIONS[name].rule == "pixels" else 1
    assert np.abs(found.boxes_xyxy_norm - written).max() <= NOTATIONS[name].bound / side + 1e-12


def test_a_label_that_would_read_back_as_a_box_is_rejected(params: Params, record: Callable[..., Record]) -> None:
    one = record()
    labels = [msgspec.structs.replace(label, name="<loc_1><loc_2><loc_3><loc_4>") for label in one.labels]
    result = document_from_record(msgspec.structs.replace(one, labels=labels), _settings(params, boxes="florence-2"), 1)
    assert isinstance(result, Rejection) and result.cause == "unwritable_box"
    assert result.detail.startswith("florence-2: the label of box 0")
