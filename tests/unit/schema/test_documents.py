"""Documents: parts of both kinds keep their order and type through JSON."""

import msgspec
import pytest

from mmgic.schema.documents import Document, ImagePart, Part, TextPart


def test_a_document_survives_json() -> None:
    parts: list[Part] = [
        ImagePart((0.0, 0.0, 4.0, 4.0), "image"),
        TextPart("a\nb \u2028", "caption"),
        ImagePart((1.0, 1.0, 2.0, 2.0), "region"),
    ]
    document = Document("k", "train", "C", parts)
    assert msgspec.json.decode(msgspec.json.encode(document), type=Document) == document


@pytest.mark.parametrize(
    "part",
    [{"type": "sound"}, {"type": "text", "text": "x", "concept": "image"}, {"type": "text", "text": "x"}],
)
def test_parts_of_no_known_kind_are_refused(part: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"key": "k", "split": "s", "recipe": "C", "parts": [part]}, Document)
