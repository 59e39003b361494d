"""The modes: only what crops need is decoded, at the scale they allow, and the pixels are those of Pillow's `draft`."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mmgic.images import MODES, RESAMPLINGS, DecodeMode, PictureStatus, Reading, Resampling, decode_crops
from tests.unit.twins.pictures import Box, crop, decoded, draft_crop, drawn, encoded, reduction


def one(file: bytes, box: Box, side: int, mode: DecodeMode, resampling: Resampling = "bicubic") -> NDArray[np.uint8]:
    pixels, status = decode_crops([file], [np.array([box])], side=side, mode=mode, resampling=resampling, threads=1)
    assert status.tolist() == [PictureStatus.OK]
    return pixels[0]


boxes = st.tuples(*[st.floats(0, 1)] * 4)


def box_in(fractions: tuple[float, ...], width: int, height: int) -> Box:
    x0, x1 = sorted(fractions[:2])
    y0, y1 = sorted(fractions[2:])
    x0, y0 = min(x0 * width, width - 0.5), min(y0 * height, height - 0.5)
    return x0, y0, max(x1 * width, x0 + 0.5), max(y1 * height, y0 + 0.5)


@settings(max_examples=250, deadline=None)
@given(
    size=st.tuples(st.integers(1, 400), st.integers(1, 400)),
    fractions=boxes,
    side=st.integers(1, 60),
    orientation=st.integers(1, 8),
    sampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0", "4:1:1"]),
    progressive=st.booleans(),
    resampling=st.sampled_from(RESAMPLINGS),
)
def test_a_part_decoded_alone_equals_the_whole_in_pillow(
    size: tuple[int, int],
    fractions: tuple[float, ...],
    side: int,
    orientation: int,
    sampling: str,
    progressive: bool,
    resampling: Resampling,
) -> None:
    picture = drawn(*size, sum(size))
    options = {"quality": 88, "subsampling": sampling, "progressive": progressive}
    file = encoded(picture, "JPEG", orientation=orientation, **options)
    upright = decoded(file)
    box = box_in(fractions, *upright.size)
    assert np.array_equal(one(file, box, side, "exact", resampling), crop(upright, box, side, resampling))


@settings(max_examples=250, deadline=None)
@given(
    size=st.tuples(st.integers(1, 700), st.integers(1, 700)),
    fractions=boxes,
    side=st.integers(1, 60),
    orientation=st.integers(1, 8),
    sampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0", "4:1:1"]),
    mode=st.sampled_from(["gap2", "gap1"]),
)
def test_a_reduced_part_equals_pillows_draft(
    size: tuple[int, int],
    fractions: tuple[float, ...],
    side: int,
    orientation: int,
    sampling: str,
    mode: DecodeMode,
) -> None:
    file = encoded(drawn(*size, sum(size)), "JPEG", orientation=orientation, quality=88, subsampling=sampling)
    box = box_in(fractions, *decoded(file).size)
    den = reduction(box, side, {"gap2": 2.0, "gap1": 1.0}[mode])
    expected = draft_crop(file, box, side, den)
    assert np.abs(one(file, box, side, mode).astype(int) - expected).max() <= (0 if orientation == 1 else 1)


def test_wanted_scales_are_those_of_pillows_draft() -> None:
    for width, height, side in [(1000, 1000, 501), (1000, 1000, 500), (1000, 1000, 125), (640, 480, 60), (60, 480, 60)]:
        file = encoded(drawn(width, height, 0), "JPEG")
        with Image.open(io.BytesIO(file)) as picture:
            picture.draft("RGB", (side, side))
            expected = -(-width // picture.size[0])
        assert reduction((0, 0, width, height), side, 1.0) == min(8, expected)


@pytest.mark.parametrize("mode", MODES)
def test_crops_of_one_picture_come_as_each_alone_or_finer(mode: DecodeMode) -> None:
    file = encoded(drawn(900, 700, 3), "JPEG", orientation=6)
    upright = decoded(file)
    crops: list[Box] = [(0, 0, 700, 700), (10, 20, 75.5, 90), (300, 250, 500, 470.25), (600, 800, 700, 900)]
    pixels, status = decode_crops([file], [np.array(crops)], side=48, mode=mode)
    assert (status == PictureStatus.OK).all()
    for found, box in zip(pixels, crops, strict=True):
        expected = crop(upright, box, 48)
        alone = np.abs(one(file, box, 48, mode).astype(int) - expected).mean()
        assert np.abs(found.astype(int) - expected).mean() <= alone + 0.05


def test_very_different_crops_are_decoded_at_two_scales() -> None:
    """A small crop at the top of a large picture and all of it: each as alone, which one decoding cannot give."""
    file = encoded(drawn(4000, 3000, 1), "JPEG")
    crops: list[Box] = [(0, 0, 4000, 3000), (8, 8, 40, 40)]
    pixels, _ = decode_crops([file], [np.array(crops)], side=32, mode="gap1")
    for found, box in zip(pixels, crops, strict=True):
        assert np.array_equal(found, one(file, box, 32, "gap1"))
    near = decode_crops([file], [np.array([crops[0], (0, 0, 64, 3000)])], side=32, mode="gap1")[0]
    assert not np.array_equal(near[0], pixels[0])


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_cannot_be_reduced_is_exact_in_every_mode(kind: str) -> None:
    file = encoded(drawn(300, 200, 1), kind)
    box: Box = (10.5, 0, 290, 200)
    expected = crop(decoded(file), box, 16)
    for mode in MODES:
        assert np.array_equal(one(file, box, 16, mode), expected)


def test_rejecting_complaints_changes_no_pixel_of_a_sound_file() -> None:
    file = encoded(drawn(300, 200, 1), "JPEG")
    boxes = [np.array([[40.0, 50, 100, 110]])]
    kept = decode_crops([file], boxes, side=16)
    rejected = decode_crops([file], boxes, side=16, reading=Reading(warnings="reject"))
    assert np.array_equal(kept[0], rejected[0])


@settings(max_examples=12, deadline=None)
@given(size=st.tuples(st.integers(1, 4000), st.integers(1, 4000)), side=st.integers(1, 300))
def test_sizes_up_to_four_thousand(size: tuple[int, int], side: int) -> None:
    file = encoded(Image.effect_noise(size, 60).convert("RGB"), "JPEG", quality=60)
    box: Box = (0, 0, *size)
    assert np.array_equal(one(file, box, side, "exact"), crop(decoded(file), box, side))
