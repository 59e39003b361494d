"""Prompts are true beginnings of documents, so that the model is asked in the words that it learned."""

from collections.abc import Callable

import msgspec
import pytest

from mmgic.schema.documents import Document, ImagePart, Part, TextPart
from mmgic.schema.params import Params
from mmgic.schema.records import Record
from mmgic.template import caption_prompt, document_from_record, label_prompt


def _text(parts: list[Part]) -> str:
    return "".join(part.text if isinstance(part, TextPart) else "\0" for part in parts)


@pytest.mark.parametrize("recipe", ["C", "CL", "CLD", "CLDR"])
def test_a_caption_prompt_begins_the_document(params: Params, record: Callable[..., Record], recipe: str) -> None:
    settings = msgspec.structs.replace(params.template, recipe=recipe, caption_first_fraction=0.0)
    document = document_from_record(record(), settings, 1)
    assert isinstance(document, Document)
    prompt = caption_prompt(record())
    assert _text(document.parts).startswith(_text(prompt) + "A red cup")
    assert isinstance(prompt[0], ImagePart) and prompt[0] == document.parts[0]


def test_a_label_prompt_ends_where_the_first_label_begins(params: Params, record: Callable[..., Record]) -> None:
    settings = msgspec.structs.replace(params.template, recipe="CL", caption_first_fraction=1.0)
    document = document_from_record(record(), settings, 1)
    assert isinstance(document, Document)
    assert (_text(label_prompt(record(), "CL")) + "red cup") in _text(document.parts)
    assert label_prompt(record(), "C") == caption_prompt(record())
