"""Writes the PNG and WebP samples beside this file, and prints the table of their checksums for ``formats.rs``.

Run at the root of the checkout: ``PYTHONPATH=. python crates/mmgic-core/tests/data/make_samples.py``.
The checksums are of Pillow's pixels (``exif_transpose``, ``convert("RGB")``) and of its RGBA laid on a colour.
"""

from __future__ import annotations

import io
import pathlib
import struct
import sys
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tests.unit.twins import png
from tests.unit.twins.pictures import drawn, encoded

HERE = pathlib.Path(__file__).parent
GROUND = (10, 200, 90)
WIDTH, HEIGHT = 53, 37


def smooth(channels: int, depth: int) -> png.Samples:
    """Ramps that differ by channel: small files."""
    y, x, c = np.mgrid[:HEIGHT, :WIDTH, :channels]
    return ((x * (c + 1) * 7 + y * (3 - c) * 5) * 2**depth // 256 % 2**depth).astype(np.uint16)


def png_samples() -> dict[str, tuple[bytes, png.Samples]]:
    """File and RGBA of each."""
    palette = np.full((16, 4), 255, np.uint8)
    palette[:, :3] = np.arange(48).reshape(16, 3) * 5
    palette[:5, 3] = (0, 50, 100, 150, 200)
    colours = [png.chunk(b"PLTE", palette[:, :3].tobytes()), png.chunk(b"tRNS", palette[:5, 3].tobytes())]
    out = {}
    for name, depth, colour, interlaced in [
        ("palette_alpha", 4, png.PALETTE, False),
        ("grey_key", 2, png.GREY, False),
        ("grey_alpha", 8, png.GREY_ALPHA, False),
        ("rgb16_key", 16, png.RGB, False),
        ("rgba16", 16, png.RGBA, False),
        ("rgb_interlaced", 8, png.RGB, True),
        ("rgba_interlaced", 8, png.RGBA, True),
    ]:
        samples = smooth(png.CHANNELS[colour], depth)
        key = samples[3, 4] if name.endswith("_key") else None
        chunks = colours if colour == png.PALETTE else []
        if key is not None:
            chunks = [png.chunk(b"tRNS", key.astype(">u2").tobytes())]
        file = png.encoded(samples, depth, colour, chunks=chunks, interlaced=interlaced)
        out[f"{name}.png"] = (file, png.rgba_of(samples, depth, colour, palette=palette, key=key))
    return out


def inside(frame: bytes, x: int, y: int, width: int, height: int) -> bytes:
    """An animation of one frame, the chunks of ``frame`` (a file with alpha), that leaves room on its canvas."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)

    def number(value: int) -> bytes:
        return struct.pack("<I", value)[:3]

    chunks = frame[30:]
    place = b"".join(number(v) for v in (x // 2, y // 2, width - 1, height - 1, 50)) + b"\0"
    header = chunk(b"VP8X", b"\x12\0\0\0" + number(WIDTH - 1) + number(HEIGHT - 1))
    body = b"WEBP" + header + chunk(b"ANIM", b"\1\2\3\4\0\0") + chunk(b"ANMF", place + chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_samples() -> dict[str, bytes]:
    """Lossy, lossless, alpha, turned, animated."""
    picture = drawn(WIDTH, HEIGHT, 5)
    ramp = Image.fromarray(smooth(4, 8).astype(np.uint8))
    coarse = picture.point(lambda value: value & 0xE0)
    small = encoded(ramp.crop((0, 0, 40, 30)), "WEBP", quality=60)
    later = ramp.copy()
    later.paste((9, 8, 7, 200), (10, 10, 30, 20))
    return {
        "lossy.webp": encoded(picture, "WEBP", quality=60),
        "lossy_turned.webp": encoded(picture, "WEBP", quality=60, orientation=6, icc_profile=b"a profile"),
        "lossy_alpha.webp": encoded(ramp, "WEBP", quality=60),
        "lossless.webp": encoded(coarse, "WEBP", lossless=True),
        "lossless_alpha.webp": encoded(ramp, "WEBP", lossless=True, exact=True),
        "animated_inside.webp": inside(small, 6, 4, 40, 30),
        "animated.webp": encoded(ramp, "WEBP", save_all=True, append_images=[later], lossless=True),
    }


def checksums(rgba: NDArray[np.uint8]) -> tuple[int, int]:
    """Of the colours alone, and laid on the ground."""
    rgb = np.ascontiguousarray(rgba[..., :3])
    return zlib.crc32(rgb.tobytes()), zlib.crc32(png.blended(rgba, GROUND).tobytes())


def main() -> None:
    """Writes and prints."""
    rows = {}
    for name, (file, rgba) in png_samples().items():
        (HERE / name).write_bytes(file)
        with Image.open(io.BytesIO(file)) as picture:
            assert np.array_equal(np.asarray(picture.convert("RGB")), rgba[..., :3])
        rows[name] = checksums(rgba)
    for name, file in webp_samples().items():
        (HERE / name).write_bytes(file)
        with Image.open(io.BytesIO(file)) as picture:
            upright = ImageOps.exif_transpose(picture)
            rgba = np.asarray(upright.convert("RGBA"))
            assert np.array_equal(np.asarray(upright.convert("RGB")), rgba[..., :3])
        rows[name] = checksums(rgba)
    for name, (drop, blend) in rows.items():
        sys.stdout.write(f'    ("{name}", include_bytes!("data/{name}"), 0x{drop:08x}, 0x{blend:08x}),\n')


if __name__ == "__main__":
    main()
