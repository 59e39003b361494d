"""The regions' boxes as text, in the notation that `template.boxes` names, as fractions of the main crop.

The paper shows regions as pictures and writes no coordinates, as far as is known; this is for models that are to point.
Cost: about 10 microseconds a record.
"""

import numpy as np

from mmgic.errors import ParamsError
from mmgic.geometry import Notation, norm_from_px, notation, text_from_boxes
from mmgic.schema.params import NO_BOXES
from mmgic.schema.records import Record


def box_notation(name: str) -> Notation | None:
    """The notation that the params name, or none.

    Raises:
        ParamsError: there is no such notation; the nearest is named.
    """
    if name == NO_BOXES:
        return None
    try:
        return notation(name)
    except ParamsError as error:
        hint = f"{error.hint}; or {NO_BOXES}"
        raise ParamsError(error.what, where="template.boxes", hint=hint) from None


def text_of_boxes(record: Record, chosen: Notation) -> str:
    """The boxes of all regions with their labels, as one text; empty where there are none.

    Raises:
        InvalidBox: the notation cannot say a box or a label.
    """
    if not record.regions:
        return ""
    names = {label.id: label.name for label in record.labels}
    crop = np.array(record.crop_xyxy_px, np.float64)
    boxes = norm_from_px(np.array([region.box_xyxy_px for region in record.regions], np.float64), crop)
    sizes = np.array([crop[2] - crop[0], crop[3] - crop[1]]).astype(np.int64)
    labels = [names[region.label_id] for region in record.regions]
    return text_from_boxes(boxes, labels, chosen, starts=[0, len(boxes)], sizes_px=sizes)[0]
