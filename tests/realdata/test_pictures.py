"""Every real photograph: decoded as Pillow decodes it, cropped as Pillow crops it."""

from pathlib import Path

import numpy as np
import pytest

from mmgic.images import PictureStatus, Reading, decode, decode_crops, probe
from tests.unit.twins.pictures import Box, crop, decoded

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def files(real_data: Path) -> list[bytes]:
    paths = [path for path in sorted(real_data.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]
    assert len(paths) >= 101
    return [path.read_bytes() for path in paths]


def test_whole_pictures_equal_pillow(files: list[bytes]) -> None:
    for file, header, found in zip(files, probe(files), decode(files), strict=True):
        expected = np.asarray(decoded(file))
        assert (header.status, found.status) == (PictureStatus.OK, PictureStatus.OK)
        assert (header.height_px, header.width_px, 3) == expected.shape
        assert np.array_equal(found.pixels, expected)


def test_crops_equal_pillow_and_reduced_ones_are_near(files: list[bytes]) -> None:
    rng = np.random.default_rng(4)
    boxes: list[np.ndarray] = []
    for header in probe(files):
        side = min(header.width_px, header.height_px)
        x, y, part = rng.uniform(0, header.width_px - side / 2), rng.uniform(0, header.height_px - side / 2), side / 2
        boxes.append(np.array([[0, 0, side, side], [x, y, x + part, y + part]]))
    exact, status = decode_crops(files, boxes, side=64)
    assert (status == PictureStatus.OK).all()
    expected = []
    for file, own in zip(files, boxes, strict=True):
        upright = decoded(file)
        for box in own.tolist():
            whole: Box = (box[0], box[1], box[2], box[3])
            expected.append(crop(upright, whole, 64))
    assert np.array_equal(exact, np.array(expected))
    near = decode_crops(files, boxes, side=64, mode="gap2")[0]
    assert np.abs(near.astype(int) - exact).mean() <= 0.5


def test_no_photograph_makes_a_decoder_complain(files: list[bytes]) -> None:
    assert {picture.status for picture in decode(files, reading=Reading(warnings="reject"))} == {PictureStatus.OK}
