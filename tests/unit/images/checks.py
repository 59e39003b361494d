"""What most tests of pictures ask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmgic.images import PictureStatus, Reading, decode, probe
from tests.unit.twins.pictures import decoded


def pixels_of(file: bytes, reading: Reading | None = None) -> NDArray[np.uint8]:
    """The pixels of a sound file."""
    (picture,) = decode([file], reading=reading or Reading(), threads=1)
    assert picture.status == PictureStatus.OK
    return picture.pixels


def check_equal(file: bytes) -> None:
    """The file is decoded as Pillow decodes it, and its header says so."""
    expected = decoded(file)
    (header,) = probe([file])
    assert (header.status, header.width_px, header.height_px) == (PictureStatus.OK, *expected.size)
    assert np.array_equal(pixels_of(file), np.asarray(expected))
