"""A record to a document: picture, caption, labels, descriptions, regions, in the order of PAPER's template; then boxes.

1. One of the captions is drawn; a coin drawn with it puts the caption before the picture.
2. Labels and descriptions stand in the record's order, regions largest first as `normalize` chose them.
3. Both draws hash (seed, key), so that a document does not depend on its neighbours.

Cost: about 20 microseconds a record; no pixels are read.
"""

from collections.abc import Iterator
from itertools import chain

from blake3 import blake3

from mmgic.errors import InvalidBox
from mmgic.schema.documents import Document, ImagePart, Part, TextConcept, TextPart
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import TemplateParams
from mmgic.schema.records import Record
from mmgic.template import wording
from mmgic.template.boxes import box_notation, text_of_boxes
from mmgic.template.recipes import RECIPES


def document_from_record(record: Record, params: TemplateParams, seed: int) -> Document | Rejection:
    """The document of a record, or why there is none (no caption, or a box that its notation cannot say).

    Raises:
        ParamsError: the params name no notation that is known.
    """
    if not record.captions:
        return Rejection(record.key, "no_caption")
    coin, number = _draws(record.key, seed)
    caption_first = coin < params.caption_first_fraction
    caption = record.captions[number % len(record.captions)].text
    parts = _parts(record, params.recipe, caption, caption_first)
    if chosen := box_notation(params.boxes):
        try:
            parts = chain(parts, _boxes(text_of_boxes(record, chosen)))
        except InvalidBox as error:
            return Rejection(record.key, "unwritable_box", f"{params.boxes}: {error}")
    return Document(record.key, record.split, params.recipe, merged(parts))


def merged(parts: Iterator[Part]) -> list[Part]:
    """Parts with neighbouring texts of one concept joined and empty ones left out."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, TextPart) and not part.text:
            continue
        if isinstance(part, TextPart) and isinstance(last, TextPart) and last.concept == part.concept:
            joined[-1] = TextPart(last.text + part.text, part.concept)
        else:
            joined.append(part)
    return joined


def image_part(record: Record) -> ImagePart:
    """The main crop of a record."""
    return ImagePart(record.crop_xyxy_px, "image")


def _parts(record: Record, recipe: str, caption: str, caption_first: bool) -> Iterator[Part]:
    concepts = RECIPES[recipe]
    caption_parts = (_fixed(wording.CAPTION), TextPart(caption, "caption"), _fixed(wording.END))
    if caption_first:
        yield from caption_parts
    yield image_part(record)
    yield _fixed(wording.END)
    if not caption_first:
        yield from caption_parts
    names = {label.id: label.name for label in record.labels}
    if "labels" in concepts and record.labels:
        yield _fixed(wording.LABELS)
        for label in record.labels:
            yield from _line(TextPart(label.name, "label"))
    described = [label for label in record.labels if label.description]
    if "descriptions" in concepts and described:
        yield _fixed(wording.DESCRIPTIONS)
        for label in described:
            yield from _line(_fixed(label.name + wording.OF), TextPart(label.description, "description"))
    if "regions" in concepts and record.regions:
        yield _fixed(wording.REGIONS)
        for region in record.regions:
            yield from _line(_fixed(names[region.label_id] + wording.OF), ImagePart(region.crop_xyxy_px, "region"))


def _boxes(text: str) -> Iterator[Part]:
    if text:
        yield _fixed(wording.BOXES)
        yield from _line(TextPart(text, "box"))


def _line(*parts: Part) -> Iterator[Part]:
    yield from parts
    yield _fixed(wording.END)


def _fixed(text: str) -> TextPart:
    concept: TextConcept = "template"
    return TextPart(text, concept)


def _draws(key: str, seed: int) -> tuple[float, int]:
    """A number in [0, 1) and a large integer, from the hash of seed and key."""
    digest = blake3(f"{seed}/template/{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64, int.from_bytes(digest[8:16], "big")
