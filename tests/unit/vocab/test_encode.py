"""Documents to ids and back: lossless, pictures whole."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmgic.schema.documents import Document, ImagePart, Part, TextPart
from mmgic.schema.sequences import TOKEN_KINDS, Sequence
from mmgic.template.documents import merged
from mmgic.vocab.encode import (
    CodesPart,
    documents_from_sequence,
    encode_parts,
    joined,
    sequence_from_document,
    text_from_ids,
)
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.visual import Codes

_IMAGE = ImagePart((0.0, 0.0, 4.0, 4.0), "image")
_REGION = ImagePart((1.0, 1.0, 3.0, 3.0), "region")
_ODD = st.sampled_from(
    ["<image>", "</image>", "<bos>", "<eos>", "<pad>", "<code_1>", "\0", "\u2028", "é", "🙂", " ", "\n"]
)
_TEXT = st.lists(st.text(min_size=1, max_size=6) | _ODD, min_size=1, max_size=4).map("".join)
_PARTS = st.lists(
    st.builds(TextPart, text=_TEXT, concept=st.sampled_from(["caption", "label", "description", "template"]))
    | st.sampled_from([_IMAGE, _REGION]),
    min_size=1,
    max_size=10,
).map(lambda parts: merged(iter(parts)))


def _codes(part: ImagePart) -> Codes:
    return np.array([int(part.crop_xyxy_px[0]), 9, 0, 3], np.uint16)


def _expected(parts: list[Part]) -> list[object]:
    return [part if isinstance(part, TextPart) else (part.concept, _codes(part).tolist()) for part in parts]


def _decoded(sequence: Sequence, vocabulary: Vocabulary) -> dict[str, list[object]]:
    return {
        key: [part if isinstance(part, TextPart) else (part.concept, part.codes.tolist()) for part in parts]
        for key, parts in documents_from_sequence(sequence, vocabulary)
    }


def _sequence(parts: list[Part], vocabulary: Vocabulary) -> Sequence:
    return sequence_from_document(Document("k", "train", "C", parts), vocabulary, _codes)


@given(parts=_PARTS)
def test_document_to_row_to_document_is_lossless(vocabulary: Vocabulary, parts: list[Part]) -> None:
    document = Document("k", "train", "C", [*parts, _IMAGE])
    sequence = sequence_from_document(document, vocabulary, _codes)
    assert _decoded(sequence, vocabulary) == {"k": _expected(document.parts)}
    ids = np.frombuffer(sequence.ids, vocabulary.id_type)
    assert (ids[0], ids[-1], len(ids), len(sequence.kinds)) == (
        1,
        2,
        sequence.lengths[0],
        sequence.lengths[0],
    )
    assert int((ids == vocabulary.image_start_id).sum()) == sum(isinstance(part, ImagePart) for part in document.parts)


@given(first=_PARTS, second=_PARTS)
def test_a_packed_row_gives_back_each_document(vocabulary: Vocabulary, first: list[Part], second: list[Part]) -> None:
    a, b = (_sequence([_REGION, *parts], vocabulary) for parts in (first, second))
    row = Sequence(["a", "b"], a.lengths + b.lengths, a.ids + b.ids, a.kinds + b.kinds)
    expected = {"a": _expected([_REGION, *first]), "b": _expected([_REGION, *second])}
    assert _decoded(row, vocabulary) == expected


def test_kinds_say_what_each_token_is(vocabulary: Vocabulary) -> None:
    sequence = _sequence([TextPart("a", "caption"), _IMAGE, TextPart("b", "template"), _REGION], vocabulary)
    assert [TOKEN_KINDS[kind] for kind in sequence.kinds] == (
        ["template", "caption", *["image"] * 6, "template", *["region"] * 6, "template"]
    )


def test_an_open_row_has_no_end(vocabulary: Vocabulary, noise: Callable[..., np.ndarray]) -> None:
    encoded = encode_parts([TextPart("Caption: ", "template")], vocabulary, _codes)
    (closed, _), (opened, _) = joined(encoded, vocabulary), joined(encoded, vocabulary, is_open=True)
    assert closed[-1] == vocabulary.eos_id and np.array_equal(closed[:-1], opened)
    assert text_from_ids(opened[1:], vocabulary) == "Caption: "


def test_pictures_side_by_side_are_told_apart(vocabulary: Vocabulary) -> None:
    parts: list[Part] = [_REGION, _REGION, _IMAGE, _IMAGE]
    decoded = [part for _, parts in documents_from_sequence(_sequence(parts, vocabulary), vocabulary) for part in parts]
    assert [part.concept for part in decoded if isinstance(part, CodesPart)] == [
        "region",
        "region",
        "image",
        "image",
    ]
