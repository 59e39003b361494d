"""Pictures: headers, upright RGB, and crops resized to squares, in batches.

JPEG, PNG and WebP are read by the compiled library, GIF, BMP and TIFF by Pillow (the slow path). Pixels equal Pillow's
(``exif_transpose``, ``convert("RGB")``, ``resize(box=...)``); docs/pictures.md lists every oddity. A bad picture is a
status, not an exception.

* ``types``: what goes in and comes out;
* ``batch``: the calls;
* ``slow``: the formats that Pillow reads.
"""

from mmgic.images.batch import decode, decode_crops, probe
from mmgic.images.types import (
    MAX_PIXELS,
    MAX_SIDE,
    MODES,
    RESAMPLINGS,
    DecodedPicture,
    DecodeMode,
    Normalization,
    PictureHeader,
    PictureStatus,
    Reading,
    Resampling,
)

__all__ = [
    "MAX_PIXELS",
    "MAX_SIDE",
    "MODES",
    "RESAMPLINGS",
    "DecodeMode",
    "DecodedPicture",
    "Normalization",
    "PictureHeader",
    "PictureStatus",
    "Reading",
    "Resampling",
    "decode",
    "decode_crops",
    "probe",
]
