"""Pictures by Pillow, one at a time: what the compiled library must equal."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]


def drawn(width: int, height: int, seed: int) -> Image.Image:
    """A smooth coloured picture with some noise, so that every kind of coding has work to do."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    noisy = np.asarray(smooth).astype(np.int16) + rng.integers(-20, 21, (height, width, 3))
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, *, orientation: int = 1, **options: Any) -> bytes:
    """A whole file; orientation 1 writes no EXIF."""
    if orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def decoded(file: bytes) -> Image.Image:
    """Upright RGB."""
    with Image.open(io.BytesIO(file)) as picture:
        turned = ImageOps.exif_transpose(picture)
        assert turned is not None
        return turned.convert("RGB")


def crop(picture: Image.Image, box: Box, side: int) -> Pixels:
    """A crop resized to a square."""
    return np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC, box=box))
