"""The rules that turn a raw record into a record: upright pixels, one main square crop, which boxes become regions.

1. Boxes move with the EXIF turn, into the pixels that a decoder shows; where the annotation states another size than the
   pixels have, `size_mismatch` says what becomes of them.
2. The main crop is the largest square that keeps the most box area (crowds and groups do not count).
3. Boxes with under `min_inside_fraction` of their area inside are dropped, the others clipped to the crop.
4. Crowd, group and depiction boxes, boxes too small, too large, or nearly equal to a larger one of the same label give no
   region; then the largest win, at most `max_per_label` a label and `max_per_record` in all.
5. Phrases and relations stay where their boxes stay under the first three rules; the others are counted.

PAPER: "large square crops around the objects"; the figures are params. Cost: a few numpy calls a record.
"""

import math
from collections import Counter
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from mmgic.geometry import (
    BoxFault,
    box_areas,
    box_faults,
    clip_boxes,
    iou_matrix,
    main_square_crop,
    region_square_crop,
    turn_boxes,
)
from mmgic.images import PictureHeader
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import NormalizeParams, RegionParams
from mmgic.schema.records import (
    LABEL_LOST,
    Box,
    DropCause,
    DroppedBox,
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


def record_from_raw(raw: RawRecord, header: PictureHeader, params: NormalizeParams) -> Record | Rejection:
    """The record of an image whose header was read, or why there is none."""
    placed = _placement(raw, header, params)
    if isinstance(placed, Rejection):
        return placed
    native = _array([box.box_xyxy_px for box in raw.boxes])
    faults = box_faults(native * np.tile(placed.scale, 2), *placed.stored)
    causes = _early_causes(raw.boxes, faults)
    # Boxes that cannot be turned are empty in what follows, and reported as they came but for what is no number.
    sound = (faults & BoxFault.UNSOUND) == 0
    boxes = placed.upright(np.where(sound[:, None], native, 0.0))
    reported = np.where(sound[:, None], boxes, np.where(np.isfinite(native), native, 0.0))
    whole = np.array([cause in (None, "depiction") for cause in causes], dtype=bool)
    crop = main_square_crop(*placed.size, clip_boxes(boxes[whole], *placed.size))
    inside = _clipped(boxes, crop)
    _crop_causes(causes, boxes, inside, crop, params.regions)
    regions = _chosen(raw.boxes, inside, causes, params.regions)
    phrases, relations, dropped = _parts(raw, placed, crop, params.regions.min_inside_fraction)
    return Record(
        key=raw.key,
        source=raw.source,
        split=raw.split,
        extension=_EXTENSIONS[header.format],
        width_px=placed.size[0],
        height_px=placed.size[1],
        orientation=header.orientation,
        crop_xyxy_px=_box(crop),
        captions=raw.captions,
        labels=list(
            {raw.boxes[i].label.id: raw.boxes[i].label for i, c in enumerate(causes) if c not in LABEL_LOST}.values()
        ),
        regions=[
            Region(
                raw.boxes[i].label.id,
                _box(inside[i]),
                _box(region_square_crop(inside[i], crop, params.regions.crop_scale)),
                raw.boxes[i].attributes,
            )
            for i in regions
        ],
        dropped_boxes=[
            DroppedBox(raw.boxes[i].label.id, _box(reported[i]), cause)
            for i, cause in enumerate(causes)
            if cause is not None
        ],
        phrases=phrases,
        relations=relations,
        dropped=dict(sorted((Counter(raw.dropped) + dropped).items())),
        ids=raw.ids,
        license=raw.license,
        origin=raw.origin,
    )


class _Placement(NamedTuple):
    """How native boxes get into upright pixels: scaled to the stored size, then turned. Sizes are (width, height)."""

    scale: tuple[float, float]
    stored: tuple[int, int]
    orientation: int
    size: tuple[int, int]

    def upright(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        return turn_boxes(boxes * np.tile(self.scale, 2), self.orientation, *self.stored)


def _placement(raw: RawRecord, header: PictureHeader, params: NormalizeParams) -> _Placement | Rejection:
    size, stored, declared = (header.width_px, header.height_px), _stored_size(header), raw.declared_size_px
    if declared in ((0, 0), stored):
        return _Placement((1.0, 1.0), stored, header.orientation, size)
    if declared == size:
        return _Placement((1.0, 1.0), size, 1, size)
    if params.size_mismatch == "trust":
        return _Placement((1.0, 1.0), stored, header.orientation, size)
    if params.size_mismatch == "scale" and min(declared) > 0:
        # The side that is nearer in shape tells whether the annotation counts turned pixels.
        is_turned = stored != size and _shape_gap(declared, size) < _shape_gap(declared, stored)
        target = size if is_turned else stored
        scale = target[0] / declared[0], target[1] / declared[1]
        return _Placement(scale, target, 1 if is_turned else header.orientation, size)
    return Rejection(raw.key, "size_mismatch", f"declared {declared[0]}x{declared[1]}, stored {stored[0]}x{stored[1]}")


def _shape_gap(a: tuple[int, int], b: tuple[int, int]) -> float:
    return abs(math.log(a[0] * b[1] / (a[1] * b[0])))


def _parts(
    raw: RawRecord, placed: _Placement, crop: NDArray[np.float64], min_inside: float
) -> tuple[list[Phrase], list[Relation], Counter[str]]:
    """Phrases and relations in the main crop, and how many of each were dropped by cause."""
    dropped: Counter[str] = Counter()
    phrases: list[Phrase] = []
    found = _kept(_array([phrase.box_xyxy_px for phrase in raw.phrases]), placed, crop, min_inside)
    for phrase, (cause, box) in zip(raw.phrases, found, strict=True):
        if cause:
            dropped[f"phrase.{cause}"] += 1
        else:
            phrases.append(Phrase(phrase.text, box))
    relations: list[Relation] = []
    ends = [box for each in raw.relations for box in (each.subject_box_xyxy_px, each.object_box_xyxy_px)]
    both = _kept(_array(ends), placed, crop, min_inside)
    for number, relation in enumerate(raw.relations):
        (first, subject), (second, object_) = both[2 * number : 2 * number + 2]
        if first or second:
            dropped[f"relation.{first or second}"] += 1
        else:
            relations.append(msgspec.structs.replace(relation, subject_box_xyxy_px=subject, object_box_xyxy_px=object_))
    return phrases, relations, dropped


def _kept(
    native: NDArray[np.float64], placed: _Placement, crop: NDArray[np.float64], min_inside: float
) -> list[tuple[DropCause | None, Box]]:
    """Why each box goes, or its part in the main crop."""
    faults = box_faults(native * np.tile(placed.scale, 2), *placed.stored)
    sound = (faults & BoxFault.UNSOUND) == 0
    boxes = placed.upright(np.where(sound[:, None], native, 0.0))
    inside = _clipped(boxes, crop)
    areas, kept = box_areas(boxes), box_areas(inside)
    results: list[tuple[DropCause | None, Box]] = []
    for i, fault in enumerate(faults):
        cause: DropCause | None = None
        if fault & (BoxFault.UNSOUND | BoxFault.DEGENERATE):
            cause = "degenerate"
        elif fault & BoxFault.OUTSIDE:
            cause = "outside_picture"
        elif kept[i] <= 0 or kept[i] < min_inside * areas[i]:
            cause = "outside_main_crop"
        results.append((cause, _box(inside[i])))
    return results


def _stored_size(header: PictureHeader) -> tuple[int, int]:
    if header.orientation >= 5:
        return header.height_px, header.width_px
    return header.width_px, header.height_px


def _array(boxes: list[Box]) -> NDArray[np.float64]:
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)


def _early_causes(raw: list[RawBox], faults: NDArray[np.uint8]) -> list[DropCause | None]:
    causes: list[DropCause | None] = []
    for note, fault in zip(raw, faults, strict=True):
        if note.fault:
            causes.append(note.fault)
        elif fault & (BoxFault.UNSOUND | BoxFault.DEGENERATE):
            causes.append("degenerate")
        elif fault & BoxFault.OUTSIDE:
            causes.append("outside_picture")
        elif note.is_crowd or note.is_group or note.is_depiction:
            causes.append("crowd" if note.is_crowd else "group" if note.is_group else "depiction")
        else:
            causes.append(None)
    return causes


def _clipped(boxes: NDArray[np.float64], crop: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.tile(crop[:2], 2), np.tile(crop[2:], 2)
    return np.clip(boxes, low, high)


def _crop_causes(
    causes: list[DropCause | None],
    boxes: NDArray[np.float64],
    inside: NDArray[np.float64],
    crop: NDArray[np.float64],
    params: RegionParams,
) -> None:
    areas, kept = box_areas(boxes), box_areas(inside)
    crop_area = float(box_areas(crop[None])[0])
    for i, cause in enumerate(causes):
        if cause in LABEL_LOST:
            continue
        if kept[i] <= 0 or kept[i] < params.min_inside_fraction * areas[i]:
            causes[i] = "outside_main_crop"
        elif cause is None:
            width, height = inside[i][2] - inside[i][0], inside[i][3] - inside[i][1]
            if max(width, height) < params.min_side_px:
                causes[i] = "too_small_px"
            elif kept[i] < params.min_area_fraction * crop_area:
                causes[i] = "too_small_area"
            elif kept[i] > params.max_area_fraction * crop_area:
                causes[i] = "too_large"


def _chosen(
    raw: list[RawBox], inside: NDArray[np.float64], causes: list[DropCause | None], params: RegionParams
) -> list[int]:
    areas = box_areas(inside)
    chosen: list[int] = []
    for i in sorted((i for i, cause in enumerate(causes) if cause is None), key=lambda i: (-areas[i], i)):
        same = [j for j in chosen if raw[j].label.id == raw[i].label.id]
        if same and float(iou_matrix(inside[[i]], inside[same]).max()) > params.duplicate_iou:
            causes[i] = "duplicate"
        elif len(same) >= params.max_per_label:
            causes[i] = "over_label_limit"
        elif len(chosen) >= params.max_per_record:
            causes[i] = "over_region_limit"
        else:
            chosen.append(i)
    return chosen


def _box(box: NDArray[np.float64]) -> Box:
    x1, y1, x2, y2 = (float(value) for value in box)
    return x1, y1, x2, y2
