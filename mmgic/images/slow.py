"""GIF, BMP and TIFF through Pillow: one at a time, on the caller's thread. Same statuses, same upright RGB.

What Pillow complains of is ``WARNED``; a cut file is refused even if ``lenient`` (Pillow's switch for that is global).
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mmgic.images.types import DecodedPicture, PictureHeader, PictureStatus, Reading

_SIGNATURES = {b"GIF8": "gif", b"BM": "bmp", b"II*\0": "tiff", b"MM\0*": "tiff"}
_NO_PIXELS = np.zeros((0, 0, 3), dtype=np.uint8)
_BYTES_A_PIXEL = 16  # four bands of up to four bytes, read, turned and converted one after another
_CHANNELS = {"1": 1, "L": 1, "I;16": 1, "I;16B": 1, "LA": 2, "RGBA": 4, "RGBX": 4, "CMYK": 4, "PA": 4}
_LOCK = threading.Lock()
_PILLOW = str(Path(PIL.__file__).parent)


def format_of(data: bytes) -> str:
    """``"gif"``, ``"bmp"``, ``"tiff"``, or ``""`` for what this module does not read."""
    return next((name for start, name in _SIGNATURES.items() if data.startswith(start)), "")


def probe(data: bytes, reading: Reading) -> PictureHeader:
    """Reads the header of a picture of a format that :func:`format_of` knows."""
    try:
        with _alone(), _opened(data) as picture:
            return _header(picture, data, reading)
    except Exception as error:  # a decoder of untrusted bytes: whatever it raises is a fault of the picture
        return PictureHeader(_status_of(error))


def decode(data: bytes, reading: Reading) -> DecodedPicture:
    """Decodes such a picture, its first frame, to upright RGB."""
    status = probe(data, reading).status
    if status != PictureStatus.OK:
        return DecodedPicture(status, _NO_PIXELS)
    try:
        with _alone() as complaints, _opened(data) as picture:
            pixels = _upright_rgb(picture, reading.alpha)
    except Exception as error:  # as above
        return DecodedPicture(_status_of(error), _NO_PIXELS)
    if not complaints:
        return DecodedPicture(PictureStatus.OK, pixels)
    if reading.warnings == "reject":
        return DecodedPicture(PictureStatus.DAMAGED, _NO_PIXELS)
    return DecodedPicture(PictureStatus.WARNED, pixels)


@contextmanager
def _alone() -> Iterator[list[str]]:
    """Collects what Pillow complains of, and lifts its limit of pixels, since ours hold.

    Both are switches of the whole process, hence the lock. Warnings of others that fall into this time are given on.
    """
    complaints: list[str] = []
    with _LOCK:
        limit = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        caught: list[warnings.WarningMessage] = []
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                yield complaints
                complaints += [str(each.message) for each in caught if _is_complaint(each)]
        finally:
            Image.MAX_IMAGE_PIXELS = limit
            for each in caught:
                if not each.filename.startswith(_PILLOW):
                    # Shown whatever the filters are: raised here, it would pass for a fault of the picture.
                    warnings.showwarning(each.message, each.category, each.filename, each.lineno)


def _is_complaint(warning: warnings.WarningMessage) -> bool:
    """Whether Pillow says that a picture is damaged, not that a caller of it is out of date."""
    return warning.filename.startswith(_PILLOW) and not issubclass(
        warning.category, (DeprecationWarning, ResourceWarning)
    )


class _Unsupported(Exception):
    """A kind of pixels that has no sensible RGB."""


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=[format_of(data).upper()])


def _status_of(error: Exception) -> PictureStatus:
    if isinstance(error, MemoryError):
        return PictureStatus.TOO_MUCH_MEMORY
    # Pillow raises the second for kinds that it does not read.
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
        return PictureHeader(PictureStatus.TOO_LONG_SIDE)
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
        channels=4 if picture.mode == "P" and picture.has_transparency_data else _CHANNELS.get(picture.mode, 3),
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
