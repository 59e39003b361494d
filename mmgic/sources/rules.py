"""The rules that turn a raw record into a record: upright pixels, one main square crop, which boxes become regions.

1. Boxes move with the EXIF turn, into the pixels that a decoder shows.
2. The main crop is the largest square that keeps the most box area (crowds and groups do not count).
3. Boxes with under `min_inside_fraction` of their area inside are dropped, the others clipped to the crop.
4. Crowd, group and depiction boxes, boxes too small, too large, or nearly equal to a larger one of the same label give no
   region; then the largest win, at most `max_per_label` a label and `max_per_record` in all.

PAPER: "large square crops around the objects"; the figures are params. Cost: a few numpy calls a record.
"""

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
from mmgic.schema.params import RegionParams
from mmgic.schema.records import (
    LABEL_LOST,
    Box,
    DropCause,
    DroppedBox,
    PictureExtension,
    RawBox,
    RawRecord,
    Record,
    Region,
)

_EXTENSIONS: dict[str, PictureExtension] = {
    "jpeg": "jpg",
    "png": "png",
    "webp": "webp",
    "gif": "gif",
    "bmp": "bmp",
    "tiff": "tif",
}


def record_from_raw(raw: RawRecord, header: PictureHeader, params: RegionParams) -> Record | Rejection:
    """The record of an image whose header was read, or why there is none."""
    stored = _stored_size(header)
    declared = raw.declared_size_px
    if declared == (0, 0) or declared == stored:
        orientation = header.orientation
    elif declared == (header.width_px, header.height_px):
        orientation = 1
    else:
        return Rejection(
            raw.key, "size_mismatch", f"declared {declared[0]}x{declared[1]}, stored {stored[0]}x{stored[1]}"
        )
    size = (header.width_px, header.height_px)
    native = _array(raw.boxes)
    faults = box_faults(native, *stored)
    causes = _early_causes(raw.boxes, faults)
    # Boxes that cannot be turned are empty in what follows, and reported as they came but for what is no number.
    sound = (faults & BoxFault.UNSOUND) == 0
    boxes = turn_boxes(np.where(sound[:, None], native, 0.0), orientation, *stored)
    reported = np.where(sound[:, None], boxes, np.where(np.isfinite(native), native, 0.0))
    whole = np.array([cause in (None, "depiction") for cause in causes], dtype=bool)
    crop = main_square_crop(*size, clip_boxes(boxes[whole], *size))
    inside = _clipped(boxes, crop)
    _crop_causes(causes, boxes, inside, crop, params)
    regions = _chosen(raw.boxes, inside, causes, params)
    return Record(
        key=raw.key,
        source=raw.source,
        split=raw.split,
        extension=_EXTENSIONS[header.format],
        width_px=size[0],
        height_px=size[1],
        orientation=header.orientation,
        crop_xyxy_px=_box(crop),
        captions=raw.captions,
        labels=list(
            {raw.boxes[i].label.id: raw.boxes[i].label for i, c in enumerate(causes) if c not in LABEL_LOST}.values()
        ),
        regions=[
            Region(raw.boxes[i].label.id, _box(inside[i]), _box(region_square_crop(inside[i], crop, params.crop_scale)))
            for i in regions
        ],
        dropped_boxes=[
            DroppedBox(raw.boxes[i].label.id, _box(reported[i]), cause)
            for i, cause in enumerate(causes)
            if cause is not None
        ],
        license=raw.license,
        origin=raw.origin,
    )


def _stored_size(header: PictureHeader) -> tuple[int, int]:
    if header.orientation >= 5:
        return header.height_px, header.width_px
    return header.width_px, header.height_px


def _array(boxes: list[RawBox]) -> NDArray[np.float64]:
    return np.array([box.box_xyxy_px for box in boxes], dtype=np.float64).reshape(-1, 4)


def _early_causes(raw: list[RawBox], faults: NDArray[np.uint8]) -> list[DropCause | None]:
    causes: list[DropCause | None] = []
    for note, fault in zip(raw, faults, strict=True):
        if fault & (BoxFault.UNSOUND | BoxFault.DEGENERATE):
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
