"""Boxes: faults, formats, EXIF turns, overlaps, square crops, and boxes written as text.

Boxes are float64 arrays (N, 4). ``xyxy`` is x0, y0, x1, y1; ``xywh`` is x0, y0, width, height; ``cxcywh`` is the
centre, width, height. Pixels count from the outer edge of the first pixel, so that a picture covers 0..width.
``norm`` are fractions of a crop. Crops are one array (4,), whole-numbered, still float64.
"""

from mmgic.geometry.arrays import Boxes
from mmgic.geometry.crops import main_square_crop, region_square_crop
from mmgic.geometry.faults import BoxFault, box_faults
from mmgic.geometry.formats import (
    clip_boxes,
    cxcywh_from_xyxy,
    norm_from_px,
    px_from_norm,
    turn_boxes,
    xywh_from_xyxy,
    xyxy_from_cxcywh,
    xyxy_from_xywh,
)
from mmgic.geometry.notations import NOTATIONS, Notation, notation
from mmgic.geometry.overlap import MAX_MATRIX_BYTES, box_areas, iou_blocks, iou_matrix, iou_pairs
from mmgic.geometry.regions import DROP_CAUSES, BoxKind, PlacedBoxes, RegionRules, place_boxes
from mmgic.geometry.shapes import ShapesInText, shapes_from_text, text_from_shapes
from mmgic.geometry.text import (
    BoxesInText,
    BoxStatus,
    boxes_from_ids,
    boxes_from_text,
    ids_from_boxes,
    smart_resize,
    text_from_boxes,
)

__all__ = [
    "DROP_CAUSES",
    "MAX_MATRIX_BYTES",
    "NOTATIONS",
    "BoxFault",
    "BoxKind",
    "BoxStatus",
    "Boxes",
    "BoxesInText",
    "Notation",
    "PlacedBoxes",
    "RegionRules",
    "ShapesInText",
    "box_areas",
    "box_faults",
    "boxes_from_ids",
    "boxes_from_text",
    "clip_boxes",
    "cxcywh_from_xyxy",
    "ids_from_boxes",
    "iou_blocks",
    "iou_matrix",
    "iou_pairs",
    "main_square_crop",
    "norm_from_px",
    "notation",
    "place_boxes",
    "px_from_norm",
    "region_square_crop",
    "shapes_from_text",
    "smart_resize",
    "text_from_boxes",
    "text_from_shapes",
    "turn_boxes",
    "xywh_from_xyxy",
    "xyxy_from_cxcywh",
    "xyxy_from_xywh",
]
