"""The small files of the Rust tests, one of every kind of JPEG, PNG and WebP: equal to Pillow, whole and in part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmgic.images import PictureStatus, decode, decode_crops
from tests.unit.twins.pictures import Box, crop, decoded

FOLDER = Path(__file__).resolve().parents[3] / "crates/mmgic-core/tests/data"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".jpg", ".png", ".webp"))


@pytest.mark.filterwarnings("ignore:Palette images with Transparency")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_samples_equal_pillow(path: Path) -> None:
    file = path.read_bytes()
    (found,) = decode([file])
    if path.name.startswith("unread"):
        assert found.status == PictureStatus.UNSUPPORTED
        return
    assert found.status == PictureStatus.OK
    with Image.open(path) as picture:
        is_grey_of_16_bits = picture.mode.startswith("I")
    upright = Image.fromarray(found.pixels) if is_grey_of_16_bits else decoded(file)
    assert np.array_equal(found.pixels, np.asarray(upright))
    width, height = upright.size
    boxes: list[Box] = [(0, 0, width, height), (width / 3, height / 4, width - 2.5, height - 1.25)]
    pixels, status = decode_crops([file], [np.array(boxes)], side=11)
    assert not status.any()
    for square, box in zip(pixels, boxes, strict=True):
        assert np.array_equal(square, crop(upright, box, 11))
