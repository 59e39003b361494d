"""One image with its concepts, before and after the rules of `normalize`.

Boxes of a `RawRecord` are in the pixels of the stored file, as the native annotation counts them; those of a `Record` are
in upright pixels, after the EXIF turn. Every box of a record is either a `Region` or a `DroppedBox` with its cause, so that
counts always add up. An image that gives no raw record is a `LostImage` with its boxes, for the same reason.
"""

from typing import Annotated, Literal

import msgspec

Box = tuple[float, float, float, float]

Key = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]+\Z")]
"""A record's name, unique in its folder; it names members of tars and files, so it is checked wherever it is read."""

PictureExtension = Literal["jpg", "png", "webp", "gif", "bmp", "tif"]

DropCause = Literal[
    "unreadable",
    "unknown_label",
    "degenerate",
    "outside_picture",
    "outside_main_crop",
    "crowd",
    "group",
    "depiction",
    "too_small_px",
    "too_small_area",
    "too_large",
    "duplicate",
    "over_label_limit",
    "over_region_limit",
]
"""Why a box became no region. `normalize` writes one of these for every box that it drops."""

LABEL_LOST: frozenset[DropCause] = frozenset(
    ["unreadable", "unknown_label", "degenerate", "outside_picture", "outside_main_crop"]
)
"""Causes that cost a box its label too; the others leave the object in the main crop and only give no region."""


WANTED_LOSSES: frozenset[str] = frozenset(
    ["not_downloaded", "no_caption_left", "duplicate_exact", "duplicate_id", "duplicate_near", "in_benchmark"]
)
"""Why an image gave no record although nothing is wrong with the set: these do not count for `max_bad_fraction`."""


class Caption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence about the whole image.

    `origin` is the source that it came with (`coco`), or the model that wrote it; `score` is that of the model which chose it.
    """

    text: str
    origin: str
    score: float | None = None


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A category: `id` carries its source (`coco:18`) and is unique, so that words with several senses stay apart.

    `sense` is what the source itself adds to tell senses apart (V3Det: `crane (bird)`), `description` one sentence or empty.
    """

    id: str
    name: str
    description: str = ""
    sense: str = ""


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object shown as a picture: its box clipped to the main crop, and the square cut around it (integers)."""

    label_id: str
    box_xyxy_px: Box
    crop_xyxy_px: Box
    attributes: list[str] = []


class DroppedBox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A box of the source that gave no region, in upright pixels."""

    label_id: str
    box_xyxy_px: Box
    cause: DropCause


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A few words about a part of the image (Visual Genome's region descriptions)."""

    text: str
    box_xyxy_px: Box


class Relation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one object of the image stands to another: man (subject) wears (predicate) shoes (object)."""

    predicate: str
    subject_label_id: str
    subject_box_xyxy_px: Box
    object_label_id: str
    object_box_xyxy_px: Box


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One image with its concepts, all in upright pixels.

    `orientation` is the EXIF value (1..8) of the stored bytes, which are kept as they came; `extension` says their format.
    `labels` are those present in the main crop, in the order in which they first occur. `ids` are the image's names in other
    sets (`coco`, `flickr`). `dropped` counts what else was dropped, as `caption.too_short` or `phrase.outside_main_crop`;
    `blake3` is of the stored bytes, `perceptual_hash` of the upright pixels, in hexadecimal and empty
    where it was not asked for.
    """

    key: Key
    source: str
    split: str
    extension: PictureExtension
    width_px: int
    height_px: int
    orientation: int
    crop_xyxy_px: Box
    captions: list[Caption]
    labels: list[Label]
    regions: list[Region]
    dropped_boxes: list[DroppedBox]
    phrases: list[Phrase] = []
    relations: list[Relation] = []
    dropped: dict[str, int] = {}
    ids: dict[str, str] = {}
    blake3: str = ""
    perceptual_hash: str = ""
    license: str = ""
    author: str = ""
    origin: str = ""


class PictureRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Where a stored picture lies: `num_bytes` from `offset` of a file below the raw folder; a whole file where both are 0.

    `blake3` is what the ledger says of the picture; empty for a stretch of a file that is checked as a whole. No length
    and no hash: the picture was not fetched.
    """

    path: str
    offset: int = 0
    num_bytes: int = 0
    blake3: str = ""


class RawBox(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A box as the source gives it, in the stored file's pixels, or in parts of its size where its record says so.

    `fault` is set where the annotation cannot be used at all: its box is then empty, its label whatever could be read.
    """

    label: Label
    box_xyxy_px: Box
    is_crowd: bool = False
    is_group: bool = False
    is_depiction: bool = False
    attributes: list[str] = []
    fault: Literal["unreadable", "unknown_label"] | None = None


class RawRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True, array_like=True):
    """One image as its source describes it; what `normalize` turns into a `Record`.

    `declared_size_px` is the width and height that the annotation states, (0, 0) where it states none. Boxes of one that
    `is_normalized` go from 0 to 1 on both sides of the stored picture. `ancestors` has, for labels of the boxes, what stands
    above them in the source's hierarchy, the nearest first. `dropped` counts the phrases, relations, attributes and captions
    that the source itself could not use.
    """

    key: str
    source: str
    split: str
    picture: PictureRef
    captions: list[Caption]
    boxes: list[RawBox]
    phrases: list[Phrase] = []
    relations: list[Relation] = []
    dropped: dict[str, int] = {}
    ids: dict[str, str] = {}
    declared_size_px: tuple[int, int] = (0, 0)
    is_normalized: bool = False
    ancestors: dict[str, list[Label]] = {}
    license: str = ""
    author: str = ""
    origin: str = ""


class LostImage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag=True, array_like=True):
    """An image that its annotation makes unusable (a name that leaves its folder, a broken row), or that is not listed at all.

    It becomes a rejection with `cause`; `num_boxes` are counted as dropped with it, and what `dropped` says as for a record.
    """

    key: str
    source: str
    split: str
    cause: str
    detail: str = ""
    num_boxes: int = 0
    dropped: dict[str, int] = {}
