"""GIF, BMP and TIFF: read by Pillow, with the statuses, turns and policies of the compiled formats."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmgic.images import Normalization, PictureStatus, Reading, decode, decode_crops, probe
from tests.unit.images.checks import check_equal, pixels_of
from tests.unit.twins.pictures import crop, decoded, drawn, encoded

MODES = [
    ("GIF", "P"),
    ("GIF", "L"),
    ("BMP", "1"),
    ("BMP", "L"),
    ("BMP", "P"),
    ("BMP", "RGB"),
    ("BMP", "RGBA"),
    ("TIFF", "1"),
    ("TIFF", "L"),
    ("TIFF", "LA"),
    ("TIFF", "P"),
    ("TIFF", "RGB"),
    ("TIFF", "RGBA"),
    ("TIFF", "CMYK"),
]


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_modes_equal_pillow(kind: str, mode: str) -> None:
    check_equal(encoded(drawn(45, 31, 2).convert(mode), kind))


@pytest.mark.parametrize(
    "options", [{"compression": "tiff_lzw"}, {"compression": "jpeg"}, {"compression": "tiff_deflate"}]
)
def test_tiff_compressions_equal_pillow(options: dict[str, Any]) -> None:
    check_equal(encoded(drawn(70, 50, 2), "TIFF", **options))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_tiff_is_turned_upright(orientation: int) -> None:
    file = encoded(drawn(40, 24, 1), "TIFF", tiffinfo={274: orientation})
    stored, upright = np.asarray(drawn(40, 24, 1)), pixels_of(file)
    assert upright.shape == ((40, 24, 3) if orientation >= 5 else (24, 40, 3))
    assert (probe([file])[0].height_px, probe([file])[0].width_px) == upright.shape[:2]
    turned = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.swapaxes(0, 1),
        6: np.rot90(stored, -1),
        7: stored[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(stored),
    }[orientation]
    assert np.array_equal(upright, turned)


def test_the_first_frame_of_a_moving_gif() -> None:
    frames = [drawn(20, 20, seed).quantize(16) for seed in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    check_equal(out.getvalue())


def test_sixteen_bits_keep_the_high_byte() -> None:
    values = np.random.default_rng(0).integers(0, 65536, (9, 7), dtype=np.uint16)
    file = encoded(Image.fromarray(values), "TIFF")
    assert np.array_equal(pixels_of(file), np.repeat((values >> 8).astype(np.uint8)[..., None], 3, axis=2))


def test_alpha_is_dropped_or_laid_over_a_colour() -> None:
    picture = drawn(30, 20, 0)
    picture.putalpha(drawn(30, 20, 1).convert("L"))
    file = encoded(picture, "TIFF")
    over, alpha = np.asarray(picture)[..., :3].astype(int), np.asarray(picture)[..., 3:].astype(int)
    expected = np.rint((over * alpha + np.array([9, 200, 30]) * (255 - alpha)) / 255)
    assert np.array_equal(pixels_of(file), over)
    assert np.array_equal(pixels_of(file, Reading(alpha=(9, 200, 30))), expected)
    assert probe([file])[0].channels == 4
    clear = encoded(drawn(20, 20, 0).quantize(8), "GIF", transparency=0)
    assert (pixels_of(clear, Reading(alpha=(1, 2, 3))) == (1, 2, 3)).all(axis=2).any()


def test_crops_equal_pillow_among_other_formats() -> None:
    files = [encoded(drawn(60, 50, n), kind) for n, kind in enumerate(["JPEG", "GIF", "PNG", "BMP", "TIFF"])]
    files.insert(2, b"GIF8 no picture")
    boxes = np.array([[0.0, 0, 60, 50], [3.5, 4, 40, 41.25], [0, 0, 61, 50]])
    crops = [boxes[: n % 4] for n in range(len(files))]
    pixels, status = decode_crops(files, crops, side=17)
    at = 0
    for file, own in zip(files, crops, strict=True):
        for x0, y0, x1, y1 in own.tolist():
            if file.startswith(b"GIF8 no"):
                assert status[at] == PictureStatus.CORRUPT
            elif x1 > 60:
                assert status[at] == PictureStatus.BAD_CROP and not pixels[at].any()
            else:
                assert np.array_equal(pixels[at], crop(decoded(file), (x0, y0, x1, y1), 17))
            at += 1
    assert at == len(pixels)
    normalization = Normalization((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    planes, _ = decode_crops(files[1:2], crops[1:2], side=17, normalization=normalization)
    plain, _ = decode_crops(files[1:2], crops[1:2], side=17)
    np.testing.assert_allclose(planes, plain.transpose(0, 3, 1, 2) / 127.5 - 1, atol=1e-6)


def test_statuses() -> None:
    bmp, tiff, gif = (encoded(drawn(60, 50, 0), kind) for kind in ("BMP", "TIFF", "GIF"))
    wide = bytearray(bmp)
    wide[18:26] = struct.pack("<ii", 60_000, 60_000)
    cases = [
        (b"BM", Reading(), "CORRUPT"),
        (b"II*\0", Reading(), "CORRUPT"),
        (bmp[:200], Reading(), "TRUNCATED"),
        (gif[: len(gif) // 2], Reading(), "TRUNCATED"),
        (bytes(wide), Reading(), "TOO_MANY_PIXELS"),
        (tiff, Reading(max_pixels=2999), "TOO_MANY_PIXELS"),
        (tiff, Reading(max_side_px=59), "TOO_LONG_SIDE"),
        (tiff, Reading(max_bytes=100), "TOO_MANY_BYTES"),
        (tiff, Reading(max_memory_bytes=1000), "TOO_MUCH_MEMORY"),
        (encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), Reading(), "UNSUPPORTED"),
    ]
    for file, reading, name in cases:
        assert decode([file], reading=reading)[0].status == PictureStatus[name], (file[:9], name)


def test_damage_ends_in_a_verdict() -> None:
    rng = np.random.default_rng(3)
    sound = [encoded(drawn(23, 17, 0), kind) for kind in ("BMP", "TIFF", "GIF")]
    sound.append(encoded(drawn(23, 17, 0), "TIFF", compression="tiff_lzw"))
    files = []
    for number in range(600):
        file = bytearray(sound[number % len(sound)])
        for at in rng.integers(4, len(file) if number % 2 else 60, 3):
            file[at] = rng.integers(0, 256)
        files.append(bytes(file))
    reading = Reading(max_pixels=100_000)
    whole = decode(files, reading=reading)
    _, status = decode_crops(files, [np.array([[0.0, 0, 1, 1]])] * len(files), side=2, reading=reading)
    assert [picture.status for picture in whole] == status.tolist()
    for picture in whole:
        assert bool(picture.pixels.size) == picture.status.has_pixels
    strict = decode(files, reading=Reading(max_pixels=100_000, warnings="reject"))
    for loose, found in zip(whole, strict, strict=True):
        expected = PictureStatus.DAMAGED if loose.status == PictureStatus.WARNED else loose.status
        assert found.status == expected


def test_memory_of_a_call_is_shared_with_the_other_formats() -> None:
    bmp, png = encoded(drawn(200, 100, 0), "BMP"), encoded(drawn(200, 100, 0), "PNG")
    reading = Reading(max_memory_bytes=(80 << 20) + 5 * 60_000)
    found = [picture.status.name for picture in decode([bmp] * 9 + [png], reading=reading)]
    assert set(found) == {"OK"}
    large = encoded(Image.new("L", (1000, 1000)), "BMP")
    found = [picture.status.name for picture in decode([large] * 9, reading=Reading(max_memory_bytes=24_000_000))]
    assert found == ["OK"] * 3 + ["TOO_MUCH_MEMORY"] * 6


def test_a_raised_limit_of_pixels_holds_here_too() -> None:
    large = encoded(Image.new("1", (14_000, 13_000)), "BMP")
    (picture,) = decode([large], reading=Reading(max_pixels=200_000_000))
    assert picture.status == PictureStatus.OK and picture.pixels.shape == (13_000, 14_000, 3)
    assert Image.MAX_IMAGE_PIXELS
    assert probe([large])[0].status == PictureStatus.TOO_MANY_PIXELS


@pytest.mark.filterwarnings("ignore:noise")
def test_warnings_of_other_threads_are_not_those_of_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_: shown.append(message))
    file = encoded(drawn(1500, 1200, 0).quantize(200), "GIF")
    stop = threading.Event()

    def noise() -> None:
        while not stop.is_set():
            warnings.warn("noise", UserWarning, stacklevel=1)

    other = threading.Thread(target=noise)
    other.start()
    try:
        found = set()
        for _ in range(200):
            found.add(decode([file], reading=Reading(warnings="reject"))[0].status)
            if shown:
                break
    finally:
        stop.set()
        other.join()
    assert found == {PictureStatus.OK} and shown
