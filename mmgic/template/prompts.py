"""The beginnings of documents that `eval` lets the model go on from: always the picture first."""

from mmgic.schema.documents import Part, TextPart
from mmgic.schema.records import Record
from mmgic.template import wording
from mmgic.template.documents import image_part
from mmgic.template.recipes import RECIPES


def caption_prompt(record: Record) -> list[Part]:
    """The picture and the words that come before a caption."""
    return [image_part(record), TextPart(wording.END + wording.CAPTION, "template")]


def label_prompt(record: Record, recipe: str) -> list[Part]:
    """The picture and the words that come before the first label; before the caption in a recipe without labels."""
    if "labels" not in RECIPES[recipe]:
        return caption_prompt(record)
    return [image_part(record), TextPart(wording.END + wording.LABELS, "template")]
