"""Perceptual hashes: 64 bits that change little when a picture is compressed again, resized or brightened.

The DCT hash as the library imagehash defines it (`phash`): a grey square of 32 px, its two-dimensional DCT-II, and a bit for
each of the 8 x 8 lowest frequencies that says whether it is above their median; row by row, the highest bit first.
Cosines are whole multiples of 2^-17, so that every sum is exact in a float64: the bits depend on the pixels alone, not on the
machine, nor on the pictures beside. Against exact cosines a bit differs where its frequency all but equals the median.

Cost: some 10 microseconds a picture; memory is 10 kB for each picture of a call.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmgic.errors import InputError
from mmgic.images import PictureHeader, PictureStatus, Reading, decode_crops, probe

HASH_SIDE_PX = 32
"""Side of the square that is hashed: the whole upright picture, squeezed."""

MIN_DETAIL = 2.0
"""Grey levels (of 255) by which the hashed frequencies must make a picture vary, as root mean square.

Below it the bits are those of noise: flat pictures would be near each other, or not, by chance. They have no hash.
"""

_LOW = 8
_COSINE_STEPS = float(1 << 17)
_GREY_WEIGHTS = np.array([19595, 38470, 7471], dtype=np.uint32)  # ITU-R 601-2 in 16 bits, as Pillow's mode "L"
_HEX = re.compile(r"[0-9a-f]{16}")


def _cosines() -> NDArray[np.float64]:
    """Rows of the DCT-II (8, 32), in whole steps."""
    rows = [
        [math.cos(math.pi * k * (2 * i + 1) / (2 * HASH_SIDE_PX)) for i in range(HASH_SIDE_PX)] for k in range(_LOW)
    ]
    return np.rint(np.array(rows) * _COSINE_STEPS)


def _energies() -> NDArray[np.float64]:
    """What the square of each frequency (8, 8) adds to a picture's variance: nothing for the first, the mean."""
    scale = np.full(_LOW, 2.0)
    scale[0] = 1.0
    energies = np.outer(scale, scale) / (HASH_SIDE_PX * _COSINE_STEPS) ** 4
    energies[0, 0] = 0.0
    return energies


_COSINES = _cosines()
_ENERGIES = _energies()


class SmallPictures(NamedTuple):
    """Pictures decoded once: headers, what came of the decoding, and whole upright pictures squeezed to (n, 32, 32, 3)."""

    headers: list[PictureHeader]
    statuses: list[PictureStatus]
    pixels: NDArray[np.uint8]


def small_pictures(pictures: Sequence[bytes], *, reading: Reading, threads: int) -> SmallPictures:
    """Probes and decodes whole files; what cannot be read has a status that says so, and a black square."""
    headers = probe(pictures, reading=reading, threads=threads)
    statuses = [header.status for header in headers]
    readable = [number for number, status in enumerate(statuses) if status == PictureStatus.OK]
    whole = [np.zeros((0, 4))] * len(headers)
    for number in readable:
        whole[number] = np.array([[0.0, 0.0, headers[number].width_px, headers[number].height_px]])
    decoded, found = decode_crops(pictures, whole, side=HASH_SIDE_PX, mode="gap1", reading=reading, threads=threads)
    pixels = np.zeros((len(headers), HASH_SIDE_PX, HASH_SIDE_PX, 3), dtype=np.uint8)
    pixels[readable] = decoded
    for number, status in zip(readable, found.tolist(), strict=True):
        statuses[number] = PictureStatus(status)
    return SmallPictures(headers, statuses, pixels)


def perceptual_hashes(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Hashes of pictures that were squeezed into squares.

    Args:
        pixels: upright RGB (N, 32, 32, 3).

    Returns:
        Hashes (N,), and whether each picture has enough detail for one (N,); the hash is 0 where it has not.
    """
    # At most 8 + 17 + 17 + 10 bits: exact in any order of summing.
    grey = (pixels.astype(np.uint32) @ _GREY_WEIGHTS + np.uint32(0x8000)) >> np.uint32(16)
    low = _COSINES @ grey.astype(np.float64) @ _COSINES.T
    has_detail = (low**2 * _ENERGIES).sum(axis=(1, 2)) >= MIN_DETAIL**2
    flat = low.reshape(len(low), _LOW * _LOW)
    is_above = flat > np.median(flat, axis=1, keepdims=True)
    hashes = np.packbits(is_above, axis=1).view(">u8").astype(np.uint64).reshape(-1)
    return np.where(has_detail, hashes, np.uint64(0)), has_detail


def hex_from_hash(value: int, has_detail: bool = True) -> str:
    """A hash as `Record.perceptual_hash` holds it: 16 hexadecimal digits, empty for a picture without detail."""
    return f"{int(value):016x}" if has_detail else ""


def hash_from_hex(text: str) -> int | None:
    """The hash of 16 hexadecimal digits; none of an empty text.

    Raises:
        InputError: the text is neither.
    """
    if not text:
        return None
    if not _HEX.fullmatch(text):
        raise InputError(f"no perceptual hash: {text[:40]!r}", hint="16 hexadecimal digits, or nothing")
    return int(text, 16)


def hashes_from_hex(texts: Iterable[str]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Hashes (N,) of texts, and which of them have one (N,).

    Raises:
        InputError: a text is neither empty nor a hash.
    """
    values = [hash_from_hex(text) for text in texts]
    return (
        np.array([value or 0 for value in values], dtype=np.uint64),
        np.array([value is not None for value in values], dtype=bool),
    )
