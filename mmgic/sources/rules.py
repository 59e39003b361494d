"""The rules that turn raw records into records: upright pixels, one main square crop, which boxes become regions.

1. Boxes move with the EXIF turn, into the pixels that a decoder shows; where the annotation states another size than the
   pixels have, `size_mismatch` says what becomes of them. Normalised boxes are scaled to the stored picture.
2. The main crop is the largest square that keeps the most box area (crowds and groups do not count).
3. Boxes with under `min_inside_fraction` of their area inside are dropped, the others clipped to the crop.
4. Crowd, group and depiction boxes, boxes too small, too large, or nearly equal to a larger one of the same label give no
   region; then the largest win, at most `max_per_label` a label and `max_per_record` in all.
5. Phrases and relations stay where their boxes stay under the first three rules, relations only between labels of the
   record; the others are counted.
6. Ancestors of the labels follow them where `ancestors` says so. They have no boxes.

PAPER: "large square crops around the objects"; the figures are params. Cost: one call of the compiled library for a batch, and
some 20 microseconds a record to build it.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

import msgspec
import numpy as np

from mmgic.geometry import DROP_CAUSES, BoxKind, RegionRules, place_boxes
from mmgic.images import PictureHeader
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import NormalizeParams
from mmgic.schema.records import (
    LABEL_LOST,
    Box,
    DropCause,
    DroppedBox,
    Label,
    Phrase,
    PictureExtension,
    RawBox,
    RawRecord,
    Record,
    Region,
    Relation,
)

_EXTENSIONS: dict[str, PictureExtension] = {
    "jpeg": "jpg",
    "png": "png",
    "webp": "webp",
    "gif": "gif",
    "bmp": "bmp",
    "tiff": "tif",
}


def records_from_raw(
    raw_records: Sequence[RawRecord], headers: Sequence[PictureHeader], params: NormalizeParams
) -> list[Record | Rejection]:
    """The record of each image whose header was read, or why there is none."""
    settings = [_placement(raw, header, params) for raw, header in zip(raw_records, headers, strict=True)]
    usable = [
        (raw, header, setting)
        for raw, header, setting in zip(raw_records, headers, settings, strict=True)
        if isinstance(setting, _Placement)
    ]
    placed = iter(_placed([raw for raw, _, _ in usable], [setting for _, _, setting in usable], params))
    has_ancestors = params.ancestors == "labels"
    made = iter([_record(raw, header, next(placed), has_ancestors) for raw, header, _ in usable])
    return [setting if isinstance(setting, Rejection) else next(made) for setting in settings]


class _Placement(NamedTuple):
    """How native boxes get into upright pixels: scaled to the stored size (width, height), then turned."""

    scale: tuple[float, float]
    stored: tuple[int, int]
    orientation: int


def is_of_other_size(raw: RawRecord, header: PictureHeader) -> bool:
    """Whether the annotation states a size that the picture has neither as it is stored nor upright."""
    sizes = ((0, 0), _stored_size(header), (header.width_px, header.height_px))
    return not raw.is_normalized and raw.declared_size_px not in sizes


class _Placed(NamedTuple):
    """A picture's boxes in its main crop: plain lists, a row a box; parts of phrases and relations stand behind."""

    crop: Box
    upright: list[Box]
    inside: list[Box]
    squares: list[Box]
    causes: list[DropCause | None]
    ranks: list[int]


def _placement(raw: RawRecord, header: PictureHeader, params: NormalizeParams) -> _Placement | Rejection:
    size, stored, declared = (header.width_px, header.height_px), _stored_size(header), raw.declared_size_px
    if raw.is_normalized:
        return _Placement(stored, stored, header.orientation)
    if declared in ((0, 0), stored):
        return _Placement((1.0, 1.0), stored, header.orientation)
    if declared == size:
        return _Placement((1.0, 1.0), size, 1)
    if params.size_mismatch == "trust":
        return _Placement((1.0, 1.0), stored, header.orientation)
    if params.size_mismatch == "scale" and min(declared) > 0:
        # The side that is nearer in shape tells whether the annotation counts turned pixels.
        is_turned = stored != size and _shape_gap(declared, size) < _shape_gap(declared, stored)
        target = size if is_turned else stored
        scale = target[0] / declared[0], target[1] / declared[1]
        return _Placement(scale, target, 1 if is_turned else header.orientation)
    return Rejection(raw.key, "size_mismatch", f"declared {declared[0]}x{declared[1]}, stored {stored[0]}x{stored[1]}")


def _stored_size(header: PictureHeader) -> tuple[int, int]:
    if header.orientation >= 5:
        return header.height_px, header.width_px
    return header.width_px, header.height_px


def _shape_gap(a: tuple[int, int], b: tuple[int, int]) -> float:
    return abs(math.log(a[0] * b[1] / (a[1] * b[0])))


def _placed(raw_records: list[RawRecord], settings: list[_Placement], params: NormalizeParams) -> list[_Placed]:
    """All boxes of the batch in one call."""
    boxes: list[Box] = []
    kinds: list[int] = []
    labels: list[int] = []
    starts = [0]
    numbers: dict[str, int] = {}
    for raw in raw_records:
        for box in raw.boxes:
            boxes.append(box.box_xyxy_px)
            kinds.append(_kind(box))
            labels.append(numbers.setdefault(box.label.id, len(numbers)))
        ends = [e for r in raw.relations for e in (r.subject_box_xyxy_px, r.object_box_xyxy_px)]
        parts = [*(phrase.box_xyxy_px for phrase in raw.phrases), *ends]
        boxes += parts
        kinds += [BoxKind.PART] * len(parts)
        labels += [0] * len(parts)
        starts.append(len(boxes))
    found = place_boxes(
        np.array(boxes, dtype=np.float64).reshape(-1, 4),
        np.array(kinds, dtype=np.uint8),
        np.array(labels, dtype=np.uint32),
        np.array(starts, dtype=np.uint64),
        np.array([setting.stored for setting in settings], dtype=np.float64),
        np.array([setting.scale for setting in settings], dtype=np.float64),
        np.array([setting.orientation for setting in settings], dtype=np.uint8),
        RegionRules(*(getattr(params.regions, name) for name in RegionRules._fields)),
    )
    upright, inside, squares = (list(map(tuple, array.tolist())) for array in found[1:4])
    causes = [cast(DropCause, DROP_CAUSES[cause]) if cause else None for cause in found.causes.tolist()]
    crops, ranks = found.crops_xyxy_px.tolist(), found.ranks.tolist()
    return [
        _Placed(tuple(crops[i]), *(rows[start:end] for rows in (upright, inside, squares, causes, ranks)))  # type: ignore[arg-type]
        for i, (start, end) in enumerate(zip(starts, starts[1:], strict=False))
    ]


def _kind(box: RawBox) -> BoxKind:
    if box.fault:
        return BoxKind.LOST
    if box.is_crowd:
        return BoxKind.CROWD
    if box.is_group:
        return BoxKind.GROUP
    return BoxKind.DEPICTION if box.is_depiction else BoxKind.OBJECT


def _record(raw: RawRecord, header: PictureHeader, placed: _Placed, has_ancestors: bool) -> Record:
    causes = [box.fault or cause for box, cause in zip(raw.boxes, placed.causes, strict=False)]
    labels = {box.label.id: box.label for box, cause in zip(raw.boxes, causes, strict=True) if cause not in LABEL_LOST}
    if has_ancestors:
        for label in [label for label_id in labels for label in raw.ancestors.get(label_id, ())]:
            labels.setdefault(label.id, label)
    regions = sorted((rank, i) for i, rank in enumerate(placed.ranks) if rank >= 0)
    phrases, relations, dropped = _parts(raw, placed, labels)
    return Record(
        key=raw.key,
        source=raw.source,
        split=raw.split,
        extension=_EXTENSIONS[header.format],
        width_px=header.width_px,
        height_px=header.height_px,
        orientation=header.orientation,
        crop_xyxy_px=placed.crop,
        captions=raw.captions,
        labels=list(labels.values()),
        regions=[
            Region(raw.boxes[i].label.id, placed.inside[i], placed.squares[i], raw.boxes[i].attributes)
            for _, i in regions
        ],
        dropped_boxes=[
            DroppedBox(box.label.id, place, cause)
            for box, place, cause in zip(raw.boxes, placed.upright, causes, strict=False)
            if cause is not None
        ],
        phrases=phrases,
        relations=relations,
        dropped=dict(sorted((Counter(raw.dropped) + dropped).items())),
        ids=raw.ids,
        license=raw.license,
        author=raw.author,
        origin=raw.origin,
    )


def _parts(
    raw: RawRecord, placed: _Placed, labels: Mapping[str, Label]
) -> tuple[list[Phrase], list[Relation], Counter[str]]:
    """Phrases and relations in the main crop, and how many of each were dropped by cause."""
    dropped: Counter[str] = Counter()
    phrases: list[Phrase] = []
    relations: list[Relation] = []
    at = len(raw.boxes)
    for phrase in raw.phrases:
        if cause := placed.causes[at]:
            dropped[f"phrase.{cause}"] += 1
        else:
            phrases.append(Phrase(phrase.text, placed.inside[at]))
        at += 1
    for relation in raw.relations:
        if cause := placed.causes[at] or placed.causes[at + 1]:
            dropped[f"relation.{cause}"] += 1
        elif not {relation.subject_label_id, relation.object_label_id} <= labels.keys():
            dropped["relation.unknown_label"] += 1
        else:
            ends = {"subject_box_xyxy_px": placed.inside[at], "object_box_xyxy_px": placed.inside[at + 1]}
            relations.append(msgspec.structs.replace(relation, **ends))
        at += 2
    return phrases, relations, dropped
