"""JPEG against Pillow: equal pixels for every sampling, colour space and coding, whole and in part."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmgic.images import PictureStatus, decode, probe
from tests.unit.images.checks import check_equal
from tests.unit.twins.pictures import drawn, encoded

OPTIONS: list[dict[str, Any]] = [
    {"quality": 90, "subsampling": 0},
    {"quality": 75, "subsampling": 1},
    {"quality": 60, "subsampling": 2},
    {"quality": 85, "subsampling": 2, "progressive": True},
    {"quality": 40, "subsampling": 0, "progressive": True, "optimize": True},
    {"quality": 85, "subsampling": 2, "restart_marker_blocks": 3},
]
SIZES = [(1, 1), (1, 9), (9, 1), (7, 5), (16, 16), (17, 33), (64, 48), (101, 199), (333, 250), (523, 700)]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("size", SIZES)
def test_jpeg_equals_pillow(size: tuple[int, int], options: dict[str, Any]) -> None:
    check_equal(encoded(drawn(*size, seed=size[0]), "JPEG", **options))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_one_and_four_colours_equals_pillow(mode: str, progressive: bool) -> None:
    check_equal(encoded(drawn(83, 61, 3).convert(mode), "JPEG", quality=80, progressive=progressive))


def test_cmyk_colours_at_their_extremes() -> None:
    inks = np.random.default_rng(0).choice([0, 1, 127, 128, 254, 255], (64, 64, 4)).astype(np.uint8)
    check_equal(encoded(Image.fromarray(inks, "CMYK"), "JPEG", quality=100))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_orientation_equals_pillow(kind: str, orientation: int) -> None:
    file = encoded(drawn(75, 42, 1), kind, orientation=orientation)
    check_equal(file)
    assert probe([file])[0].orientation == orientation


def test_tables_of_one_picture_do_not_reach_the_next() -> None:
    file = encoded(drawn(48, 48, 0), "JPEG", quality=30)
    start = file.index(b"\xff\xdb")
    (length,) = struct.unpack(">H", file[start + 2 : start + 4])
    bare = file[:start] + file[start + 2 + length :]
    alone, after = decode([bare], threads=1)[0], decode([file, bare], threads=1)[1]
    assert alone.status == after.status == PictureStatus.CORRUPT
