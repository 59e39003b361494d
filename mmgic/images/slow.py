"""GIF, BMP and TIFF through Pillow: one at a time, on the caller's thread. Same statuses, same upright RGB.

What Pillow complains of is ``WARNED``; a cut file is refused even if ``lenient`` (Pillow's switch for that is global).
"""

from __future__ import annotations

import io
import threading
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mmgic.images.types import DecodedPicture, PictureHeader, PictureStatus, Reading

_SIGNATURES = {b"GIF8": "gif", b"BM": "bmp", b"II*\0": "tiff", b"MM\0*": "tiff"}
_NO_PIXELS = np.zeros((0, 0, 3), dtype=np.uint8)
_BYTES_A_PIXEL = 16  # four bands of up to four bytes, read, turned and converted one after another
_CHANNELS = {"1": 1, "L": 1, "I;16": 1, "I;16B": 1, "LA": 2, "RGBA": 4, "RGBX": 4, "CMYK": 4, "PA": 4}
_WARNINGS = threading.Lock()  # the filters of `warnings` belong to the whole process


def format_of(data: bytes) -> str:
    """``"gif"``, ``"bmp"``, ``"tiff"``, or ``""`` for what this module does not read."""
    return next((name for start, name in _SIGNATURES.items() if data.startswith(start)), "")


def probe(data: bytes, reading: Reading) -> PictureHeader:
    """Reads the header of a picture of a format that :func:`format_of` knows."""
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _opened(data) as picture:
                return _header(picture, data, reading)
    except Exception as error:  # a decoder of untrusted bytes: whatever it raises is a fault of the picture
        return PictureHeader(_status_of(error))


def decode(data: bytes, reading: Reading) -> DecodedPicture:
    """Decodes such a picture, its first frame, to upright RGB."""
    status = probe(data, reading).status
    if status != PictureStatus.OK:
        return DecodedPicture(status, _NO_PIXELS)
    try:
        with _WARNINGS, warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always")
            with _opened(data) as picture:
                pixels = _upright_rgb(picture, reading.alpha)
    except Exception as error:  # as above
        return DecodedPicture(_status_of(error), _NO_PIXELS)
    if not complaints:
        return DecodedPicture(PictureStatus.OK, pixels)
    if reading.warnings == "reject":
        return DecodedPicture(PictureStatus.DAMAGED, _NO_PIXELS)
    return DecodedPicture(PictureStatus.WARNED, pixels)


class _Unsupported(Exception):
    """A kind of pixels that has no sensible RGB."""


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=[format_of(data).upper()])


def _status_of(error: Exception) -> PictureStatus:
    if isinstance(error, Image.DecompressionBombError):
        return PictureStatus.TOO_MANY_PIXELS
    if isinstance(error, MemoryError):
        return PictureStatus.TOO_MUCH_MEMORY
    if isinstance(error, (_Unsupported, NotImplementedError)):
        return PictureStatus.UNSUPPORTED
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return PictureStatus.TRUNCATED
    return PictureStatus.CORRUPT


def _header(picture: Image.Image, data: bytes, reading: Reading) -> PictureHeader:
    orientation = picture.getexif().get(0x0112, 1)
    if orientation not in range(1, 9):
        orientation = 1
    # Pillow states the size of a TIFF as it will be when upright.
    is_stated_upright = orientation < 5 or picture.format == "TIFF"
    width, height = picture.size if is_stated_upright else picture.size[::-1]
    if max(width, height) > reading.max_side_px:
        return PictureHeader(PictureStatus.TOO_LONG)
    if width * height > reading.max_pixels:
        return PictureHeader(PictureStatus.TOO_MANY_PIXELS)
    if width * height * _BYTES_A_PIXEL > reading.max_memory_bytes:
        return PictureHeader(PictureStatus.TOO_MUCH_MEMORY)
    return PictureHeader(
        status=PictureStatus.OK,
        format=format_of(data),
        width_px=width,
        height_px=height,
        orientation=orientation,
        channels=_CHANNELS.get(picture.mode, 3),
        has_icc="icc_profile" in picture.info,
        is_progressive=False,
    )


def _upright_rgb(picture: Image.Image, alpha: tuple[int, int, int] | None) -> NDArray[np.uint8]:
    picture.load()
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith("I;16"):
        # Pillow's own conversion clips; the compiled library keeps the high byte, and so does this.
        grey = (np.asarray(turned) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if turned.mode in ("I", "F"):
        raise _Unsupported(f"pixels of mode {turned.mode}")
    if alpha is None or not turned.has_transparency_data:
        return np.asarray(turned.convert("RGB"))
    rgba = np.asarray(turned.convert("RGBA")).astype(np.uint32)
    over, opacity = rgba[..., :3], rgba[..., 3:]
    blended = over * opacity + np.array(alpha, dtype=np.uint32) * (255 - opacity)
    return ((blended * 2 + 255) // 510).astype(np.uint8)
