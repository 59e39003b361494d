"""The calls on batches of pictures.

Cost: a 1-megapixel JPEG takes some milliseconds on one core; ``docs/benchmarks.md`` has the rates. The work runs on
threads of this process without the interpreter; memory is one decoded picture a thread, and the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import overload

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InvalidBox, ParamsError
from mmgic.images import slow
from mmgic.images.types import (
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
from mmgic.library import require_same_version

require_same_version(_core.__version__)

Squares = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.uint16]

_DEFAULT = Reading()
_NO_PIXELS = np.zeros((0, 0, 3), dtype=np.uint8)
_DTYPES = {"float32": np.float32, "bfloat16": np.uint16}


def probe(pictures: Sequence[bytes], *, reading: Reading = _DEFAULT, threads: int = 0) -> list[PictureHeader]:
    """Reads the headers of pictures, not their pixels: a sound header may still have bad pixels.

    Args:
        pictures: Whole files.
        reading: Limits; what has more is refused.
        threads: 0 for one each core.

    Raises:
        ParamsError: ``threads`` is negative.
    """
    _check_threads(threads)
    rows = [PictureHeader(PictureStatus(row[0]), *row[1:]) for row in _core.probe(pictures, reading, threads)]
    for index in _slow_ones(pictures, [row.status for row in rows]):
        rows[index] = slow.probe(pictures[index], reading)
    return rows


def decode(pictures: Sequence[bytes], *, reading: Reading = _DEFAULT, threads: int = 0) -> list[DecodedPicture]:
    """Decodes pictures to upright RGB.

    Args:
        pictures: Whole files.
        reading: Limits and policies. All results together count against its limit of memory.
        threads: 0 for one each core.

    Raises:
        ParamsError: ``threads`` is negative.
    """
    _check_threads(threads)
    decoded = [
        DecodedPicture(PictureStatus(status), _NO_PIXELS if pixels is None else pixels)
        for status, pixels in _core.decode(pictures, reading, threads)
    ]
    left = reading.max_memory_bytes - sum(picture.pixels.nbytes for picture in decoded)
    for index in _slow_ones(pictures, [picture.status for picture in decoded]):
        decoded[index] = _slow(pictures[index], reading, left)
        left -= decoded[index].pixels.nbytes
    return decoded


@overload
def decode_crops(
    pictures: Sequence[bytes],
    crops_xyxy_px: Sequence[NDArray[np.float64]],
    *,
    side: int,
    mode: DecodeMode = "exact",
    resampling: Resampling = "bicubic",
    normalization: None = None,
    reading: Reading = _DEFAULT,
    threads: int = 0,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]: ...
@overload
def decode_crops(
    pictures: Sequence[bytes],
    crops_xyxy_px: Sequence[NDArray[np.float64]],
    *,
    side: int,
    mode: DecodeMode = "exact",
    resampling: Resampling = "bicubic",
    normalization: Normalization,
    reading: Reading = _DEFAULT,
    threads: int = 0,
) -> tuple[NDArray[np.float32] | NDArray[np.uint16], NDArray[np.uint8]]: ...
def decode_crops(
    pictures: Sequence[bytes],
    crops_xyxy_px: Sequence[NDArray[np.float64]],
    *,
    side: int,
    mode: DecodeMode = "exact",
    resampling: Resampling = "bicubic",
    normalization: Normalization | None = None,
    reading: Reading = _DEFAULT,
    threads: int = 0,
) -> tuple[Squares, NDArray[np.uint8]]:
    """Decodes each picture once and resizes its crops to squares, antialiased as by Pillow.

    In the modes ``gap2`` and ``gap1`` a JPEG is decoded at the scale that the smallest crop of it allows (so a crop may be
    a little nearer to the exact one in company than alone); or at two, where crops differ so much that this costs less.

    Args:
        pictures: Whole files, as bytes or bytearray.
        crops_xyxy_px: For each picture its crops (n, 4) in upright pixels of its full size; n may be 0, which opens
            nothing. A crop need be neither square nor whole-numbered, but must lie inside the picture (to 1e-6).
        side: Width and height of the result, in pixels.
        mode: How far a JPEG may be reduced while it is decoded.
        resampling: The filter.
        normalization: Gives floats (M, 3, side, side) instead of bytes.
        reading: Limits and policies.
        threads: 0 for one each core.

    Returns:
        Pixels (M, side, side, 3) and statuses (M,) of all M crops, in order. Crops from one decoding carry its status
        (where a picture is decoded at two scales, one may be ``WARNED`` and the other not); pixels without
        ``PictureStatus.has_pixels`` are zero.

    Raises:
        InvalidBox: The crops are not one array (n, 4) for each picture.
        ParamsError: An argument is outside its range, or the result would pass the limit of memory.
    """
    _check_threads(threads)
    if not 1 <= side <= MAX_SIDE:
        raise ParamsError(f"a side of {side} pixels", where="side", hint=f"1 to {MAX_SIDE} are allowed")
    for name, value, known in (("mode", mode, MODES), ("resampling", resampling, RESAMPLINGS)):
        if value not in known:
            raise ParamsError(f"{name} {value!r}", where=name, hint=f"known are {', '.join(known)}")
    starts, flat = _flat(pictures, crops_xyxy_px)
    squares = _empty(len(flat), side, normalization, reading)
    status = np.zeros(len(flat), dtype=np.uint8)
    tables = None if normalization is None else (normalization.mean, normalization.std)
    if _core.decode_crops(pictures, starts, flat, mode, resampling, tables, reading, threads, squares, status):
        for picture, start, stop in zip(pictures, starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            if start < stop and status[start] == PictureStatus.UNKNOWN_FORMAT and slow.format_of(picture):
                own = slice(start, stop)
                status[own], pixels = _slow(picture, reading, reading.max_memory_bytes - squares.nbytes)
                if len(pixels):
                    _core.resize_crops(pixels, flat[own], resampling, tables, squares[own], status[own])
    return squares, status


def _check_threads(threads: int) -> None:
    if not 0 <= threads < 1 << 32:
        raise ParamsError(f"{threads} threads", where="threads", hint="0 means one for each core")


def _slow(picture: bytes, reading: Reading, memory_left: int) -> DecodedPicture:
    """A picture by Pillow, within what is left of the limit of memory."""
    if memory_left < 1:
        return DecodedPicture(PictureStatus.TOO_MUCH_MEMORY, _NO_PIXELS)
    return slow.decode(picture, replace(reading, max_memory_bytes=memory_left))


def _slow_ones(pictures: Sequence[bytes], statuses: Sequence[int]) -> list[int]:
    """Numbers of the pictures that the compiled library does not know, but Pillow does."""
    return [
        index
        for index, (picture, status) in enumerate(zip(pictures, statuses, strict=True))
        if status == PictureStatus.UNKNOWN_FORMAT and slow.format_of(picture)
    ]


def _flat(
    pictures: Sequence[bytes], crops_xyxy_px: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.uintp], NDArray[np.float64]]:
    """All crops (M, 4), and where those of each picture start (pictures + 1)."""
    if len(crops_xyxy_px) != len(pictures):
        raise InvalidBox(f"crops for {len(crops_xyxy_px)} pictures, but {len(pictures)} pictures")
    rows = [np.asarray(crops, dtype=np.float64) for crops in crops_xyxy_px]
    rows = [crops if crops.size else crops.reshape(0, 4) for crops in rows]
    for index, crops in enumerate(rows):
        if crops.ndim != 2 or crops.shape[1] != 4:
            raise InvalidBox(f"crops of shape {crops.shape}", where=f"picture {index}", hint="the shape must be (n, 4)")
    starts = np.array([0, *accumulate(map(len, rows))], dtype=np.uintp)
    if len(rows) == 1:
        return starts, np.ascontiguousarray(rows[0])
    return starts, np.concatenate([np.empty((0, 4)), *rows])


def _empty(count: int, side: int, normalization: Normalization | None, reading: Reading) -> Squares:
    shape = (count, side, side, 3) if normalization is None else (count, 3, side, side)
    dtype = np.dtype(np.uint8 if normalization is None else _DTYPES[normalization.dtype])
    needed = count * side * side * 3 * dtype.itemsize
    if needed > reading.max_memory_bytes:
        raise ParamsError(
            f"{count} squares of {side} pixels take {needed:,} bytes, the limit is {reading.max_memory_bytes:,}",
            where="max_memory_bytes",
            hint="give fewer pictures a call, or raise the limit",
        )
    return np.empty(shape, dtype=dtype)
