"""An interleaved document: text and pictures in the order in which the model reads them."""

from typing import Literal

import msgspec

from mmgic.schema.records import Box, Key

TextConcept = Literal["caption", "label", "description", "template", "box"]
"""What a stretch of text says; `template` is the fixed wording around the concepts, `box` boxes with their labels."""

ImageConcept = Literal["image", "region"]


class TextPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="text", tag_field="type"):
    """A stretch of text of one concept. Neighbouring text parts of a document differ in concept."""

    text: str
    concept: TextConcept


class ImagePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="image", tag_field="type"):
    """A square crop of the record's picture, in upright pixels; pixels stay in the record shard."""

    crop_xyxy_px: Box
    concept: ImageConcept


Part = TextPart | ImagePart


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One document, made from the record of the same key."""

    key: Key
    split: str
    recipe: str
    parts: list[Part]
