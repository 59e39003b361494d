"""A PNG writer for every colour type, depth and layout, one row at a time: Pillow writes only some of them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
# Of each pass of Adam7: first column, step, first row, step.
_PASSES = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))

Samples = NDArray[np.uint16]


def chunk(kind: bytes, content: bytes) -> bytes:
    """Length, kind, content, checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int, depth: int, colour: int, *, interlaced: bool = False) -> bytes:
    """The IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def _packed(row: Samples, depth: int) -> bytes:
    flat = row.reshape(-1)
    if depth == 16:
        return flat.astype(">u2").tobytes()
    if depth == 8:
        return flat.astype(np.uint8).tobytes()
    bits = (flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.reshape(-1).astype(np.uint8)).tobytes()


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        base = left + up - corner
        return min((left, up, corner), key=lambda value: abs(base - value))
    return (0, left, up, (left + up) // 2)[kind]


def _filtered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    out = bytearray([kind])
    for at, value in enumerate(row):
        left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
        out.append((value - _predicted(kind, left, above[at], corner)) & 0xFF)
    return bytes(out)


def stream(samples: Samples, depth: int, filters: Sequence[int]) -> bytes:
    """The filtered rows of a picture or a pass (h, w, c); ``filters`` are used in turn."""
    if not samples.size:
        return b""
    step = max(1, samples.shape[2] * depth // 8)
    out, above = [], b"\0" * len(_packed(samples[0], depth))
    for number, samples_row in enumerate(samples):
        row = _packed(samples_row, depth)
        out.append(_filtered(filters[number % len(filters)], row, above, step))
        above = row
    return b"".join(out)


def encoded(
    samples: Samples,
    depth: int,
    colour: int,
    *,
    chunks: Iterable[bytes] = (),
    interlaced: bool = False,
    filters: Sequence[int] = (0, 1, 2, 3, 4),
) -> bytes:
    """A whole file.

    Args:
        samples: (h, w, c) values below ``2 ** depth``.
        depth: Bits a sample.
        colour: The colour type.
        chunks: What stands between the header and the pixels, such as a palette.
        interlaced: Whether the seven passes of Adam7 are written.
        filters: The filters of the rows, in turn.
    """
    height, width, channels = samples.shape
    assert channels == CHANNELS[colour] and depth in DEPTHS[colour]
    parts = [samples[y::dy, x::dx] for x, dx, y, dy in _PASSES] if interlaced else [samples]
    rows = b"".join(stream(part, depth, filters) for part in parts)
    start = SIGNATURE + header(width, height, depth, colour, interlaced=interlaced)
    return start + b"".join(chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def eight_bit(samples: Samples, depth: int) -> NDArray[np.uint8]:
    """Samples at eight bits: small depths scaled to 0..255, of 16 bits the high byte."""
    return (samples >> 8 if depth == 16 else samples * (255 // (2**depth - 1))).astype(np.uint8)


def rgba_of(
    samples: Samples, depth: int, colour: int, *, palette: NDArray[np.uint8] | None = None, key: Samples | None = None
) -> NDArray[np.uint8]:
    """RGBA of samples (h, w, c); ``palette`` (n, 4) gives a palette's colours, ``key`` (c,) is transparent."""
    if colour == PALETTE:
        assert palette is not None
        return palette[samples[..., 0]]
    small = eight_bit(samples, depth)
    colours = small[..., :3] if colour in (RGB, RGBA) else np.repeat(small[..., :1], 3, axis=2)
    alpha = small[..., -1] if colour in (GREY_ALPHA, RGBA) else np.full(small.shape[:2], 255, np.uint8)
    if key is not None:
        alpha = np.where((samples == key).all(axis=2), 0, alpha).astype(np.uint8)
    return np.dstack([colours, alpha])


def blended(rgba: NDArray[np.uint8], ground: tuple[int, int, int]) -> NDArray[np.uint8]:
    """RGBA (h, w, 4) laid on a colour: ``round((c a + g (255 - a)) / 255)``, exactly."""
    colour, alpha = rgba[..., :3].astype(np.int64), rgba[..., 3:].astype(np.int64)
    return ((2 * (colour * alpha + np.array(ground) * (255 - alpha)) + 255) // 510).astype(np.uint8)
