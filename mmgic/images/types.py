"""What the calls on pictures take and give."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from mmgic.errors import ParamsError

MAX_PIXELS = 89_478_485
"""Pictures with more pixels are refused unless the caller says otherwise (Pillow warns from here on)."""

MAX_SIDE = 8192
"""The largest side that crops are resized to."""

DecodeMode = Literal["exact", "gap2", "gap1"]
"""How far a JPEG may be reduced while it is decoded: not at all, or to no less than 2x or 1x the wanted side."""

Resampling = Literal["bicubic", "bilinear", "box"]
"""Antialiasing filters, Pillow's of the same name."""

MODES: tuple[DecodeMode, ...] = get_args(DecodeMode)
RESAMPLINGS: tuple[Resampling, ...] = get_args(Resampling)


_LIMIT_BITS = {"max_pixels": 63, "max_side_px": 32, "max_bytes": 63, "max_scans": 32, "max_memory_bytes": 63}


class PictureStatus(enum.IntEnum):
    """What came of a picture, or of one crop of it."""

    OK = 0
    UNKNOWN_FORMAT = 1
    TRUNCATED = 2
    CORRUPT = 3
    TOO_MANY_PIXELS = 4
    UNSUPPORTED = 5
    BAD_CROP = 6
    TOO_MANY_BYTES = 7
    TOO_LONG_SIDE = 8
    TOO_MANY_SCANS = 9
    TOO_MUCH_MEMORY = 10
    DAMAGED = 11
    """The decoder complained, and ``warnings="reject"``."""
    WARNED = 12
    """The decoder complained; the pixels are those it made (as Pillow's are, without a word)."""
    FILLED = 13
    """The file ends early, and ``lenient``: what it lacks is grey."""

    @property
    def has_pixels(self) -> bool:
        """Whether pixels came with it."""
        return self in (PictureStatus.OK, PictureStatus.WARNED, PictureStatus.FILLED)


@dataclass(frozen=True)
class Reading:
    """How files are read. Limits are checked on the header, before memory is taken.

    Attributes:
        max_pixels: Of a picture.
        max_side_px: Of either side of a picture.
        max_bytes: Of a file.
        max_scans: Of a progressive JPEG: each costs a pass over the picture. All of them together may not go over more
            than 16 times ``max_pixels``.
        max_memory_bytes: For the results and the working memory of one call, all threads together: a picture may take
            what the result of the call leaves.
        alpha: ``None`` drops alpha, so that the hidden colour shows (Pillow's ``convert("RGB")``); a colour
            (r, g, b) is laid under the picture.
        lenient: Fill what a cut JPEG, PNG or WebP lacks with grey and say ``FILLED``, rather than refuse it.
        warnings: Whether to keep or reject what the decoder complains of but decodes. ``"reject"`` decodes
            JPEGs to their end, whatever the crops need.

    Raises:
        ParamsError: A value is outside its range.
    """

    max_pixels: int = MAX_PIXELS
    max_side_px: int = 65_535
    max_bytes: int = 1 << 30
    max_scans: int = 100
    max_memory_bytes: int = 8 << 30
    alpha: tuple[int, int, int] | None = None
    lenient: bool = False
    warnings: Literal["keep", "reject"] = "keep"

    def __post_init__(self) -> None:
        for name, bits in _LIMIT_BITS.items():
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value < 1 << bits:
                raise ParamsError(
                    f"{value!r} is no limit", where=name, hint=f"a whole number from 1 to {(1 << bits) - 1}"
                )
        if self.alpha is not None and not (
            len(self.alpha) == 3 and all(type(v) is int and 0 <= v <= 255 for v in self.alpha)
        ):
            raise ParamsError(f"{self.alpha!r} is no colour", where="alpha", hint="three whole numbers to 255, or None")
        if type(self.lenient) is not bool:
            raise ParamsError(f"{self.lenient!r}", where="lenient", hint="True or False")
        if self.warnings not in ("keep", "reject"):
            raise ParamsError(f"{self.warnings!r}", where="warnings", hint='"keep" or "reject"')


@dataclass(frozen=True)
class Normalization:
    """Squares as planes of ``(value / 255 - mean) / std`` instead of bytes.

    Attributes:
        mean: For red, green, blue.
        std: For red, green, blue; above 0.
        dtype: ``"bfloat16"`` gives its bits as uint16, which numpy lacks a type for:
            ``torch.from_numpy(pixels).view(torch.bfloat16)``.

    Raises:
        ParamsError: A value is not finite, or a ``std`` is not above 0 in single precision.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    dtype: Literal["float32", "bfloat16"] = "float32"

    def __post_init__(self) -> None:
        if len(self.mean) != 3 or len(self.std) != 3 or not np.isfinite([*self.mean, *self.std]).all():
            raise ParamsError("mean and std must be three finite numbers each", where="normalization")
        if not all(np.float32(value) > np.finfo(np.float32).tiny for value in self.std):
            raise ParamsError(f"a std of {min(self.std)}", where="normalization.std", hint="each must be above 0")
        if self.dtype not in ("float32", "bfloat16"):
            raise ParamsError(f"{self.dtype!r}", where="normalization.dtype", hint='"float32" or "bfloat16"')


class PictureHeader(NamedTuple):
    """What a picture's header says; the rest is empty unless the status is OK.

    Attributes:
        status: OK, or why the rest is empty.
        format: ``"jpeg"``, ``"png"``, ``"webp"``, ``"gif"``, ``"bmp"``, ``"tiff"`` or ``""``.
        width_px: Width after the EXIF turn.
        height_px: Height after the EXIF turn.
        orientation: The EXIF turn, 1 (upright) to 8.
        channels: 1 grey, 2 grey and alpha, 3 RGB or a palette, 4 RGB and alpha, or CMYK.
        has_icc: Whether a colour profile is embedded (it is not applied).
        is_progressive: Whether it is a progressive JPEG or an interlaced PNG.
    """

    status: PictureStatus
    format: str = ""
    width_px: int = 0
    height_px: int = 0
    orientation: int = 1
    channels: int = 0
    has_icc: bool = False
    is_progressive: bool = False


class DecodedPicture(NamedTuple):
    """A whole picture: its status and pixels (height, width, 3); (0, 0, 3) without any."""

    status: PictureStatus
    pixels: NDArray[np.uint8]
