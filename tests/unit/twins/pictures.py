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


def crop(picture: Image.Image, box: Box, side: int, resampling: str = "bicubic") -> Pixels:
    """A crop resized to a square."""
    return np.asarray(picture.resize((side, side), Image.Resampling[resampling.upper()], box=box))


def reduction(box: Box, side: int, gap: float) -> int:
    """How far Pillow's `draft` reduces a picture of the size of a box, asked for `gap` times the side."""
    smallest = min(box[2] - box[0], box[3] - box[1])
    return next((den for den in (8, 4, 2) if smallest / (gap * side) >= den), 1)


def draft_crop(file: bytes, box: Box, side: int, den: int) -> Pixels:
    """A crop, in upright pixels of the full size, of the picture that `draft` reduces to one over `den`."""
    with Image.open(io.BytesIO(file)) as picture:
        full, orientation = picture.size, picture.getexif().get(0x0112, 1)
        wanted = (full[0] // den, full[1] // den)
        if den > 1 and min(wanted) > 0:
            picture.draft("RGB", wanted)
        reduced = picture.convert("RGB")
    assert reduced.size == (-(-full[0] // den), -(-full[1] // den))
    upright = ImageOps.exif_transpose(picture if den == 1 else _with_orientation(reduced, orientation))
    assert upright is not None
    upright = upright.convert("RGB")
    # The narrower last row or column of the reduced picture lies where the turn takes the stored corner.
    width, height = full if orientation < 5 else full[::-1]
    from_right = orientation in (2, 3, 7, 8) if orientation < 5 else orientation in (6, 7)
    from_below = orientation in (3, 4) if orientation < 5 else orientation in (7, 8)
    shift_x = upright.size[0] - width / den if from_right else 0.0
    shift_y = upright.size[1] - height / den if from_below else 0.0
    x0, y0, x1, y1 = (value / den for value in box)
    inside = (
        max(0.0, x0 + shift_x),
        max(0.0, y0 + shift_y),
        min(upright.size[0], x1 + shift_x),
        min(upright.size[1], y1 + shift_y),
    )
    return crop(upright, inside, side)


def _with_orientation(picture: Image.Image, orientation: int) -> Image.Image:
    picture.getexif()[0x0112] = orientation
    return picture
