"""One image with its concepts, before and after the rules of `normalize`.

Boxes of a `RawRecord` are in the pixels of the stored file, as the native annotation counts them; those of a `Record` are
in upright pixels, after the EXIF turn. Every box of a record is either a `Region` or a `DroppedBox` with its cause, so that
counts always add up.
"""

from typing import Annotated, Literal

import msgspec

Box = tuple[float, float, float, float]

Key = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]+\Z")]
"""A record's name, unique in its folder; it names members of tars and files, so it is checked wherever it is read."""

PictureExtension = Literal["jpg", "png", "webp", "gif", "bmp", "tif"]

DropCause = Literal[
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

LABEL_LOST: frozenset[DropCause] = frozenset(["degenerate", "outside_picture", "outside_main_crop"])
"""Causes that cost a box its label too; the others leave the object in the main crop and only give no region."""


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A category: `id` is unique within its source (`coco:18`), `description` one sentence or empty."""

    id: str
    name: str
    description: str = ""


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object shown as a picture: its box clipped to the main crop, and the square cut around it (integers)."""

    label_id: str
    box_xyxy_px: Box
    crop_xyxy_px: Box


class DroppedBox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A box of the source that gave no region, in upright pixels."""

    label_id: str
    box_xyxy_px: Box
    cause: DropCause


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One image with its concepts, all in upright pixels.

    `orientation` is the EXIF value (1..8) of the stored bytes, which are kept as they came; `extension` says their format.
    `labels` are those present in the main crop, in the order in which they first occur.
    """

    key: Key
    source: str
    split: str
    extension: PictureExtension
    width_px: int
    height_px: int
    orientation: int
    crop_xyxy_px: Box
    captions: list[str]
    labels: list[Label]
    regions: list[Region]
    dropped_boxes: list[DroppedBox]
    license: str = ""
    origin: str = ""


class PictureRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a stored picture lies: `num_bytes` from `offset` of a file below the raw folder; a whole file where both are 0.

    `blake3` is what the ledger says of a whole file; empty for a stretch of one, whose file is checked as a whole.
    """

    path: str
    offset: int = 0
    num_bytes: int = 0
    blake3: str = ""


class RawBox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A box as the source gives it, in the stored file's pixels."""

    label: Label
    box_xyxy_px: Box
    is_crowd: bool = False
    is_group: bool = False
    is_depiction: bool = False


class RawRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One image as its source describes it; what `normalize` turns into a `Record`.

    `declared_size_px` is the width and height that the annotation states, (0, 0) where it states none.
    """

    key: str
    source: str
    split: str
    picture: PictureRef
    captions: list[str]
    boxes: list[RawBox]
    declared_size_px: tuple[int, int] = (0, 0)
    license: str = ""
    origin: str = ""
