"""Pictures: headers, upright RGB, and crops resized to squares, in batches.

JPEG and PNG. Pixels equal Pillow's (``exif_transpose``, ``convert("RGB")``, ``resize(BICUBIC, box=...)``), but
for 16-bit grey, which keeps its high byte. A bad picture is a status, not an exception. The header is read
first, and more than ``max_pixels`` are refused before memory is taken.

Cost: a 1-megapixel JPEG takes some milliseconds on one core. The work runs on threads of this process
without the interpreter; memory is one decoded picture a thread, and the result.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InvalidBox, ParamsError
from mmgic.library import require_same_version

require_same_version(_core.__version__)

MAX_PIXELS = 89_478_485
"""Pictures with more pixels are refused unless the caller says otherwise (Pillow warns from here on)."""

MAX_SIDE = 8192
"""The largest side that crops are resized to."""


class PictureStatus(enum.IntEnum):
    """What came of a picture, or of one crop of it."""

    OK = 0
    UNKNOWN_FORMAT = 1
    TRUNCATED = 2
    CORRUPT = 3
    TOO_MANY_PIXELS = 4
    UNSUPPORTED = 5
    BAD_CROP = 6


class PictureHeader(NamedTuple):
    """What a picture's header says.

    Attributes:
        status: OK, or why the rest is empty.
        format: ``"jpeg"``, ``"png"`` or ``""``.
        width_px: Width after the EXIF turn; 0 if not OK.
        height_px: Height after the EXIF turn; 0 if not OK.
        orientation: The EXIF turn, 1 (upright) to 8.
    """

    status: PictureStatus
    format: str
    width_px: int
    height_px: int
    orientation: int


def _check_counts(max_pixels: int, threads: int) -> None:
    if max_pixels < 1:
        raise ParamsError(f"a limit of {max_pixels} pixels lets no picture through", where="max_pixels")
    if threads < 0:
        raise ParamsError(f"{threads} threads", where="threads", hint="0 means one for each core")


def probe(pictures: Sequence[bytes], *, max_pixels: int = MAX_PIXELS, threads: int = 0) -> list[PictureHeader]:
    """Reads the headers of pictures, not their pixels: a sound header may still have bad pixels.

    Args:
        pictures: Whole files.
        max_pixels: More are ``TOO_MANY_PIXELS``.
        threads: 0 for one each core.

    Raises:
        ParamsError: A count is outside its range.
    """
    _check_counts(max_pixels, threads)
    rows = _core.probe(pictures, max_pixels, threads)
    return [
        PictureHeader(PictureStatus(status), name, width, height, orientation)
        for status, name, width, height, orientation in rows
    ]


def decode(
    pictures: Sequence[bytes], *, max_pixels: int = MAX_PIXELS, threads: int = 0
) -> list[NDArray[np.uint8] | PictureStatus]:
    """Decodes pictures to upright RGB.

    Returns:
        For each picture its pixels (height, width, 3), or the status that says why there are none.

    Raises:
        ParamsError: A count is outside its range.
    """
    _check_counts(max_pixels, threads)
    decoded = _core.decode(pictures, max_pixels, threads)
    return [PictureStatus(picture) if isinstance(picture, int) else picture for picture in decoded]


def decode_crops(
    pictures: Sequence[bytes],
    crops_xyxy_px: Sequence[NDArray[np.float64]],
    *,
    side: int,
    max_pixels: int = MAX_PIXELS,
    threads: int = 0,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Decodes each picture once and resizes its crops to squares (antialiased bicubic, as Pillow).

    Args:
        pictures: Whole files.
        crops_xyxy_px: For each picture its crops (n, 4) in upright pixels; n may be 0, which opens nothing.
            A crop need be neither square nor whole-numbered, but must lie inside the picture (to 1e-6).
        side: Width and height of the result, in pixels.
        max_pixels: Pictures with more are ``TOO_MANY_PIXELS``.
        threads: 0 for one each core.

    Returns:
        Pixels (M, side, side, 3) and statuses (M,) of all M crops, in order. The crops of a bad picture all
        carry its status; pixels without ``PictureStatus.OK`` are zero.

    Raises:
        InvalidBox: The crops are not one array (n, 4) for each picture.
        ParamsError: ``side`` or a count is outside its range.
    """
    _check_counts(max_pixels, threads)
    if not 1 <= side <= MAX_SIDE:
        raise ParamsError(f"a side of {side} pixels", where="side", hint=f"1 to {MAX_SIDE} are allowed")
    if len(crops_xyxy_px) != len(pictures):
        raise InvalidBox(f"crops for {len(crops_xyxy_px)} pictures, but {len(pictures)} pictures")
    rows = [np.asarray(crops, dtype=np.float64) for crops in crops_xyxy_px]
    for index, crops in enumerate(rows):
        if crops.ndim != 2 or crops.shape[1] != 4:
            raise InvalidBox(f"crops of shape {crops.shape}", where=f"picture {index}", hint="the shape must be (n, 4)")
    starts = np.zeros(len(pictures) + 1, dtype=np.uintp)
    np.cumsum([len(crops) for crops in rows], out=starts[1:], dtype=np.uintp)
    count = int(starts[-1])
    flat = np.empty((count, 4))
    if count:
        np.concatenate(rows, out=flat)
    pixels = np.zeros((count, side, side, 3), dtype=np.uint8)
    status = np.zeros(count, dtype=np.uint8)
    _core.decode_crops(pictures, starts, flat, max_pixels, threads, pixels, status)
    return pixels, status
