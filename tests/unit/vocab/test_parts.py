"""Where tokenized documents may be cut: never in a picture or a label, never behind words of the template alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.packing import PartFlag, documents_from_sequences
from mmgic.schema.documents import Document, ImagePart, Part, TextPart
from mmgic.schema.sequences import Sequence
from mmgic.template.documents import merged
from mmgic.vocab.encode import CodesPart, documents_from_sequence, encode_parts, sequence_from_document
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.parts import parts_of_documents, truncated_sequence
from mmgic.vocab.visual import Codes

IMAGE, REGION = ImagePart((0.0, 0.0, 4.0, 4.0), "image"), ImagePart((1.0, 1.0, 3.0, 3.0), "region")


def codes(part: ImagePart) -> Codes:
    return np.array([int(part.crop_xyxy_px[0]), 9, 0, 3], np.uint16)


def sequence_of(parts: list[Part], vocabulary: Vocabulary) -> Sequence:
    return sequence_from_document(Document("k", "train", "C", parts), vocabulary, codes)


parts_of_any = st.lists(
    st.builds(
        TextPart,
        text=st.text("abc é🙂\n", min_size=1, max_size=12),
        concept=st.sampled_from(["caption", "label", "description", "template"]),
    )
    | st.sampled_from([IMAGE, REGION]),
    min_size=1,
    max_size=8,
).map(lambda parts: merged(iter(parts)))


@settings(deadline=None)
@given(documents=st.lists(parts_of_any, min_size=1, max_size=4))
def test_parts_are_those_of_the_documents(vocabulary: Vocabulary, documents: list[list[Part]]) -> None:
    sequences = [sequence_of(parts, vocabulary) for parts in documents]
    found = parts_of_documents(
        documents_from_sequences(sequences, vocabulary.id_type.itemsize), vocabulary.image_end_id
    )
    assert found.sums(found.lengths).tolist() == [sequence.lengths[0] for sequence in sequences]
    pictures = [sum(isinstance(part, ImagePart) for part in parts) for parts in documents]
    assert found.sums(found.second).tolist() == pictures
    assert found.flags is not None
    for number, parts in enumerate(documents):
        own = found.between(number, number + 1)
        encoded = [len(part.ids) for part in encode_parts(parts, vocabulary, codes) if len(part.ids)]
        is_template = [isinstance(part, TextPart) and part.concept == "template" for part in parts]
        # Begin and end markers are words of the template: a part of their own, or one with the words beside them.
        expected = [1 + encoded[0], *encoded[1:]] if is_template[0] else [1, *encoded]
        expected = [*expected[:-1], expected[-1] + 1] if is_template[-1] else [*expected, 1]
        assert own.lengths.tolist() == expected
        assert own.flags is not None and own.flags[-1] == PartFlag.TRAILS


@settings(deadline=None)
@given(parts=parts_of_any, row_length=st.integers(1, 60))
def test_what_is_truncated_is_a_beginning_that_says_something(
    vocabulary: Vocabulary, parts: list[Part], row_length: int
) -> None:
    whole = sequence_of(parts, vocabulary)
    width = vocabulary.id_type.itemsize
    cut = truncated_sequence(whole, row_length, width, vocabulary.image_end_id)
    if cut is None:
        first = next((part for part in parts if isinstance(part, ImagePart) or part.concept != "template"), None)
        assert first is None or isinstance(first, ImagePart) or first.concept == "label" or row_length < 40
        return
    assert cut.lengths[0] <= row_length and whole.ids.startswith(cut.ids) and whole.kinds.startswith(cut.kinds)
    if cut.lengths == whole.lengths:
        return
    ((_, decoded),) = documents_from_sequence(cut, vocabulary)
    for part, original in zip(decoded, parts, strict=False):
        if isinstance(part, CodesPart):
            assert isinstance(original, ImagePart) and part.codes.tolist() == codes(original).tolist()
        elif part is not decoded[-1] or part.concept not in ("caption", "description"):
            assert part == original
    last = decoded[-1]
    assert last.concept != "template"


@pytest.mark.parametrize("parts", [[IMAGE], [TextPart("x " * 200, "label")], [TextPart("a b c", "template"), IMAGE]])
def test_nothing_is_left_where_the_first_concept_does_not_fit(vocabulary: Vocabulary, parts: list[Part]) -> None:
    assert (
        truncated_sequence(sequence_of(parts, vocabulary), 6, vocabulary.id_type.itemsize, vocabulary.image_end_id)
        is None
    )


def test_a_token_of_no_kind_is_named(vocabulary: Vocabulary) -> None:
    whole = sequence_of([IMAGE], vocabulary)
    broken = Sequence(whole.keys, whole.lengths, whole.ids, bytes([200]) * len(whole.kinds))
    with pytest.raises(InputError, match="a token of kind 200, there are 7"):
        truncated_sequence(broken, 6, vocabulary.id_type.itemsize, vocabulary.image_end_id)
    with pytest.raises(InputError, match="a token of kind 200, there are 7"):
        list(documents_from_sequence(broken, vocabulary))
