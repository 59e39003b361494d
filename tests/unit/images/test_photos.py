"""Photographs that come inside the wheels of the dependencies: equal to Pillow, and as near as each mode promises."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmgic.images import MODES, DecodeMode, PictureStatus, decode, decode_crops
from tests.unit.twins.pictures import Box, crop, decoded, encoded

# Mean and largest difference from Pillow's crop where most of the pictures are reduced.
MOST: dict[DecodeMode, tuple[float, int]] = {"exact": (0.0, 0), "gap2": (0.5, 40), "gap1": (4.0, 160)}


def _photos() -> Iterator[Path]:
    """Every photograph of scikit-image and scikit-learn that Pillow opens as 8-bit colour or grey."""
    for package in ("scikit-image", "scikit-learn"):
        for file in distribution(package).files or ():
            if file.suffix in (".jpg", ".jpeg", ".png", ".gif", ".bmp") and "/tests/" not in str(file):
                yield Path(str(distribution(package).locate_file(file)))


PHOTOS = sorted(_photos())


@pytest.mark.parametrize("path", PHOTOS, ids=lambda path: path.name)
def test_whole_photographs_equal_pillow(path: Path) -> None:
    with Image.open(path) as picture:
        mode = picture.mode
    (found,) = decode([path.read_bytes()])
    assert found.status == PictureStatus.OK
    if not mode.startswith("I;16"):
        assert np.array_equal(found.pixels, np.asarray(decoded(path.read_bytes())))


@pytest.mark.parametrize("mode", MODES)
def test_modes_keep_their_distance_from_pillow(mode: DecodeMode) -> None:
    files = []
    for path in PHOTOS:
        with Image.open(path) as picture:
            if picture.mode == "RGB" and min(picture.size) > 250:
                files.append(encoded(picture, "JPEG", quality=90) if path.suffix == ".png" else path.read_bytes())
    assert len(files) > 7
    means, largest = [], 0
    for file in files:
        upright = decoded(file)
        side = min(upright.size)
        box: Box = (0, 0, side, side)
        pixels, _ = decode_crops([file], [np.array([box])], side=96, mode=mode)
        difference = np.abs(pixels[0].astype(int) - crop(upright, box, 96))
        means.append(difference.mean())
        largest = max(largest, int(difference.max()))
    assert np.mean(means) <= MOST[mode][0] and largest <= MOST[mode][1]
    assert mode == "exact" or np.mean(means) > 0


def test_formats_of_one_photograph_agree() -> None:
    (path,) = [path for path in PHOTOS if path.name == "china.jpg"]
    upright = decoded(path.read_bytes())
    for kind, options in [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {})]:
        out = io.BytesIO()
        upright.save(out, kind, **options)
        assert np.array_equal(decode([out.getvalue()])[0].pixels, np.asarray(upright)), kind
