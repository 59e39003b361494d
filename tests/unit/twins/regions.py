"""Boxes placed in their main crop by plain loops. Cost: boxes times offsets, and boxes times boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mmgic.geometry import BoxKind, RegionRules
from tests.unit.twins.crops import best_offset

Corners = Sequence[float]


def turned(box: Corners, orientation: int, width: float, height: float) -> list[float]:
    """A stored box in upright pixels, corner by corner."""
    points = []
    for x, y in ((box[0], box[1]), (box[2], box[3])):
        points.append(
            {
                1: (x, y),
                2: (width - x, y),
                3: (width - x, height - y),
                4: (x, height - y),
                5: (y, x),
                6: (height - y, x),
                7: (height - y, width - x),
                8: (y, width - x),
            }[orientation]
        )
    (xa, ya), (xb, yb) = points
    return [min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)]


def area(box: Corners) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a: Corners, b: Corners) -> float:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = area(a) + area(b) - shared
    return shared / union if union > 0 else 0.0


def placed_in(
    crop: Corners,
    boxes: Sequence[Corners],
    kinds: Sequence[int],
    labels: Sequence[int],
    size: tuple[int, int],
    orientation: int,
    rules: RegionRules,
) -> tuple[list[str], list[int]]:
    """Cause and rank of each box of one picture, given its main crop; boxes are in stored pixels."""
    width, height = size
    causes: list[str] = []
    inside: list[list[float]] = []
    for box, kind in zip(boxes, kinds, strict=True):
        inside.append([0.0] * 4)
        if kind == BoxKind.LOST:
            causes.append("")
            continue
        is_ordered = all(map(math.isfinite, box)) and box[0] <= box[2] and box[1] <= box[3]
        if not is_ordered or max(map(abs, box)) > 1e150 or area(box) == 0:
            causes.append("degenerate")
            continue
        whole = turned(box, orientation, width, height)
        clipped = [min(max(v, crop[i % 2]), crop[2 + i % 2]) for i, v in enumerate(whole)]
        inside[-1] = clipped
        if box[2] <= 0 or box[3] <= 0 or box[0] >= width or box[1] >= height:
            causes.append("outside_picture")
        elif area(clipped) <= 0 or area(clipped) < rules.min_inside_fraction * area(whole):
            causes.append("outside_main_crop")
        elif kind in (BoxKind.CROWD, BoxKind.GROUP, BoxKind.DEPICTION):
            causes.append(BoxKind(kind).name.lower())
        elif kind == BoxKind.PART:
            causes.append("")
        elif max(clipped[2] - clipped[0], clipped[3] - clipped[1]) < rules.min_side_px:
            causes.append("too_small_px")
        elif area(clipped) < rules.min_area_fraction * area(crop):
            causes.append("too_small_area")
        elif area(clipped) > rules.max_area_fraction * area(crop):
            causes.append("too_large")
        else:
            causes.append("")
    ranks = [-1] * len(boxes)
    chosen: list[int] = []
    open_ones = [i for i, cause in enumerate(causes) if not cause and kinds[i] == BoxKind.OBJECT]
    for i in sorted(open_ones, key=lambda i: (-area(inside[i]), i)):
        same = [j for j in chosen if labels[j] == labels[i]]
        if any(overlap(inside[i], inside[j]) > rules.duplicate_iou for j in same):
            causes[i] = "duplicate"
        elif len(same) >= rules.max_per_label:
            causes[i] = "over_label_limit"
        elif len(chosen) >= rules.max_per_record:
            causes[i] = "over_region_limit"
        else:
            ranks[i] = len(chosen)
            chosen.append(i)
    return causes, ranks


def most_kept(boxes: Sequence[Corners], kinds: Sequence[int], size: tuple[int, int], orientation: int) -> float:
    """The box area that the best main crop keeps."""
    width, height = size
    upright = (height, width) if orientation >= 5 else (width, height)
    drawing = []
    for box, kind in zip(boxes, kinds, strict=True):
        is_sound = all(map(math.isfinite, box)) and box[0] <= box[2] and box[1] <= box[3]
        if kind in (BoxKind.OBJECT, BoxKind.DEPICTION) and is_sound:
            whole = turned(box, orientation, width, height)
            drawing.append([min(max(v, 0.0), float(upright[i % 2])) for i, v in enumerate(whole)])
    return best_offset(*upright, drawing)[1]
