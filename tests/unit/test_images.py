"""Pictures against Pillow: equal pixels for sound files, a status for bad ones, never a crash."""

from __future__ import annotations

import io
import multiprocessing
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mmgic.errors import InvalidBox, ParamsError
from mmgic.images import MAX_PIXELS, PictureHeader, PictureStatus, decode, decode_crops, probe
from tests.unit.twins.pictures import Box, crop, decoded, drawn, encoded

JPEG_OPTIONS: list[dict[str, Any]] = [
    {"quality": 90, "subsampling": 0},
    {"quality": 75, "subsampling": 1},
    {"quality": 60, "subsampling": 2},
    {"quality": 85, "subsampling": 2, "progressive": True},
    {"quality": 40, "subsampling": 0, "progressive": True, "optimize": True},
    {"quality": 85, "subsampling": 2, "restart_marker_blocks": 3},
]
SIZES = [(1, 1), (1, 9), (9, 1), (7, 5), (16, 16), (17, 33), (64, 48), (101, 199), (333, 250), (523, 700)]


def pixels_of(file: bytes) -> NDArray[np.uint8]:
    (picture,) = decode([file], threads=1)
    assert not isinstance(picture, PictureStatus), picture
    return picture


def check_equal(file: bytes) -> None:
    expected = decoded(file)
    (header,) = probe([file])
    assert (header.status, header.width_px, header.height_px) == (PictureStatus.OK, *expected.size)
    assert np.array_equal(pixels_of(file), np.asarray(expected))


@pytest.mark.parametrize("options", JPEG_OPTIONS)
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


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (13, 64), (130, 67)])
def test_png_modes_equal_pillow(mode: str, size: tuple[int, int]) -> None:
    picture = drawn(*size, seed=2)
    if mode in ("LA", "RGBA"):
        picture.putalpha(drawn(*size, seed=3).convert("L"))
    check_equal(encoded(picture.convert(mode), "PNG"))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_png_small_palettes_equal_pillow(bits: int) -> None:
    picture = drawn(45, 33, 4).quantize(2**bits)
    check_equal(encoded(picture, "PNG", bits=bits))
    check_equal(encoded(picture, "PNG", bits=bits, transparency=0))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def raw_png(rows: list[bytes], width: int, height: int, depth: int, colour: int, interlaced: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("colour", "samples"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_png_of_16_bits_keeps_the_high_byte(colour: int, samples: int) -> None:
    values = np.random.default_rng(colour).integers(0, 65536, (11, 7, samples), dtype=np.uint16)
    file = raw_png([row.astype(">u2").tobytes() for row in values], 7, 11, 16, colour)
    high = (values >> 8).astype(np.uint8)
    expected = high[..., :3] if samples >= 3 else np.repeat(high[..., :1], 3, axis=2)
    assert np.array_equal(pixels_of(file), expected)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_png_of_few_grey_levels_equals_pillow(depth: int) -> None:
    width, height = 13, 9
    packed = np.random.default_rng(depth).integers(0, 256, (height, -(-width * depth // 8)), dtype=np.uint8)
    check_equal(raw_png([row.tobytes() for row in packed], width, height, depth, 0))


def test_interlaced_png_equals_pillow() -> None:
    values = np.random.default_rng(5).integers(0, 256, (21, 19, 3), dtype=np.uint8)
    rows = []
    first_and_step = "0088 4088 0448 2044 0224 1022 0112"
    for x, y, dx, dy in (map(int, each) for each in first_and_step.split()):
        rows += [row.tobytes() for row in values[y::dy, x::dx]]
    file = raw_png(rows, 19, 21, 8, 2, interlaced=1)
    assert np.array_equal(pixels_of(file), values)
    check_equal(file)


def test_crops_equal_pillow() -> None:
    rng = np.random.default_rng(11)
    files, crops = [], []
    expected: list[tuple[Image.Image, list[Box]]] = []
    for number in range(60):
        wide, high = (int(v) for v in rng.integers(1, 700 if number % 2 else 40, 2))
        files.append(encoded(drawn(wide, high, number), "JPEG", orientation=1 + number % 8, quality=85))
        picture = decoded(files[-1])
        width, height = picture.size
        boxes: list[Box] = [(0.0, 0.0, float(width), float(height))]
        for _ in range(3):
            x, y = np.sort(rng.uniform(0, width, 2)), np.sort(rng.uniform(0, height, 2))
            boxes.append((x[0], y[0], x[1], y[1]))
        whole = int(rng.integers(1, min(width, height) + 1))
        boxes.append((width - whole, height - whole, width, height))
        crops.append(np.array(boxes))
        expected.append((picture, boxes))
    for side in (1, 7, 32, 33, 224):
        pixels, status = decode_crops(files, crops, side=side)
        assert (status == PictureStatus.OK).all()
        at = 0
        for picture, boxes in expected:
            for box in boxes:
                assert np.array_equal(pixels[at], crop(picture, box, side)), (picture.size, box, side)
                at += 1
        assert at == len(pixels)


@pytest.mark.parametrize("size", [(200, 200), (90, 400), (400, 90), (20, 500), (500, 20), (33, 70)])
@pytest.mark.parametrize("side", [8, 64, 300])
def test_both_orders_of_passes_equal_pillow(size: tuple[int, int], side: int) -> None:
    file = encoded(drawn(*size, seed=8), "PNG")
    boxes: list[Box] = [(0.0, 0.0, size[0], size[1]), (1.25, 2.5, size[0] - 3.75, size[1] - 5.0)]
    pixels, _ = decode_crops([file], [np.array(boxes)], side=side)
    for found, box in zip(pixels, boxes, strict=True):
        assert np.array_equal(found, crop(decoded(file), box, side))


def test_results_keep_their_places_whatever_the_threads() -> None:
    files = [encoded(drawn(30 + n, 40, n), "JPEG") for n in range(20)]
    files[3], files[8] = b"", files[8][:200]
    crops = [np.tile([0.0, 0.0, 30.0, 40.0], (n % 4, 1)) for n in range(20)]
    one = decode_crops(files, crops, side=16, threads=1)
    for threads in (0, 2, 5):
        many = decode_crops(files, crops, side=16, threads=threads)
        assert np.array_equal(one[0], many[0]) and np.array_equal(one[1], many[1])
    assert one[0].shape == (30, 16, 16, 3) and one[0].dtype == np.uint8
    owner = np.repeat(np.arange(20), [len(c) for c in crops])
    assert (one[1][owner == 3] == PictureStatus.UNKNOWN_FORMAT).all() and (owner == 3).sum() == 3
    assert not one[0][owner == 3].any()
    assert (one[1][(owner != 3) & (owner != 8)] == PictureStatus.OK).all()


def test_bad_crops_spoil_only_themselves() -> None:
    file = encoded(drawn(40, 30, 0), "PNG")
    boxes = np.array([[0, 0, 41, 30], [0, 0, 40, 30], [5, 5, 5, 9], [np.nan, 0, 1, 1], [9, 9, 3, 20], [-1, 0, 9, 9]])
    pixels, status = decode_crops([file], [boxes], side=8)
    assert status.tolist() == [6, 0, 6, 6, 6, 6]
    assert pixels[1].any() and not pixels[[0, 2, 3, 4, 5]].any()


def test_empty_batches() -> None:
    assert probe([]) == [] and decode([]) == []
    pixels, status = decode_crops([], [], side=5)
    assert pixels.shape == (0, 5, 5, 3) and status.shape == (0,)
    pixels, status = decode_crops([b"never opened"], [np.zeros((0, 4))], side=5)
    assert pixels.shape == (0, 5, 5, 3)


def test_statuses() -> None:
    jpeg, png = encoded(drawn(60, 50, 0), "JPEG"), encoded(drawn(60, 50, 0), "PNG")
    gif = encoded(drawn(9, 9, 0), "GIF")
    twelve_bits = jpeg.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c")
    flipped = bytearray(png)
    flipped[len(png) // 2] ^= 255
    cases = {
        "UNKNOWN_FORMAT": [b"", b"x", gif, jpeg[:2], png[:7]],
        "TRUNCATED": [jpeg[:3], jpeg[:-2], jpeg[: len(jpeg) // 2], png[: len(png) // 2], png[:20]],
        "CORRUPT": [bytes(flipped), jpeg[:2] + b"\xff\xd9"],
        "UNSUPPORTED": [twelve_bits],
    }
    for name, files in cases.items():
        assert decode(files) == [PictureStatus[name]] * len(files), name
        _, status = decode_crops(files, [np.array([[0.0, 0, 1, 1]])] * len(files), side=4)
        assert status.tolist() == [PictureStatus[name]] * len(files)
    assert probe([gif]) == [PictureHeader(PictureStatus.UNKNOWN_FORMAT, "", 0, 0, 1)]
    assert probe([jpeg, png])[1] == PictureHeader(PictureStatus.OK, "png", 60, 50, 1)
    # A sound header on a cut file is still a header.
    assert probe([jpeg[:-50]])[0].status == PictureStatus.OK


def test_trailing_bytes_are_no_fault() -> None:
    for kind in ("JPEG", "PNG"):
        file = encoded(drawn(20, 20, 0), kind)
        assert np.array_equal(pixels_of(file + b"rest" * 99), pixels_of(file))


def test_the_pixel_limit_is_read_off_the_header() -> None:
    bomb = raw_png([], 60_000, 60_000, 8, 2)
    large = bytearray(encoded(drawn(16, 16, 0), "JPEG"))
    at = large.index(b"\xff\xc0") + 5
    large[at : at + 4] = b"\xff\x00\xff\x00"
    files = [bomb, bytes(large)]
    assert [h.status for h in probe(files)] == [PictureStatus.TOO_MANY_PIXELS] * 2
    assert decode(files) == [PictureStatus.TOO_MANY_PIXELS] * 2
    file = encoded(drawn(30, 20, 0), "JPEG", orientation=6)
    assert probe([file], max_pixels=599)[0].status == PictureStatus.TOO_MANY_PIXELS
    assert probe([file], max_pixels=600)[0].status == PictureStatus.OK
    assert MAX_PIXELS < 2**27


def test_tables_of_one_picture_do_not_reach_the_next() -> None:
    file = encoded(drawn(48, 48, 0), "JPEG", quality=30)
    start = file.index(b"\xff\xdb")
    (length,) = struct.unpack(">H", file[start + 2 : start + 4])
    bare = file[:start] + file[start + 2 + length :]
    assert decode([bare], threads=1) == decode([file, bare], threads=1)[1:] == [PictureStatus.CORRUPT]


def test_damage_ends_in_a_verdict_and_what_decodes_equals_pillow() -> None:
    rng = np.random.default_rng(2)
    jpeg = encoded(drawn(40, 31, 0), "JPEG", progressive=True)
    png = encoded(drawn(40, 31, 0), "PNG", orientation=6)
    files = []
    for number in range(4000):
        file = bytearray((jpeg, png)[number % 2])
        for at in rng.integers(0, len(file), 1 + number % 3):
            file[at] = rng.integers(0, 256)
        files.append(bytes(file[: rng.integers(1, len(file))] if number % 5 == 0 else file))
    results = decode(files, max_pixels=10_000)
    assert len(results) == len(files)
    seen = {r if isinstance(r, PictureStatus) else PictureStatus.OK for r in results}
    assert seen == set(PictureStatus) - {PictureStatus.BAD_CROP}
    for data, found in list(zip(files, results, strict=True))[:1500:2]:
        if not isinstance(found, PictureStatus):
            with Image.open(io.BytesIO(data)) as picture:
                assert np.array_equal(np.asarray(picture.convert("RGB")), found)


def _decode_in_child(file: bytes) -> None:
    assert not isinstance(decode([file], threads=2)[0], PictureStatus)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_makes_its_own_threads() -> None:
    file = encoded(drawn(20, 20, 0), "JPEG")
    decode([file] * 8, threads=2)
    child = multiprocessing.get_context("fork").Process(target=_decode_in_child, args=(file,))
    child.start()
    child.join(timeout=30)
    alive = child.is_alive()
    child.kill()
    assert not alive and child.exitcode == 0


def test_bad_arguments_are_named() -> None:
    with pytest.raises(ParamsError, match="side of 0"):
        decode_crops([], [], side=0)
    with pytest.raises(ParamsError, match="limit of 0 pixels"):
        probe([], max_pixels=0)
    with pytest.raises(ParamsError, match="-1 threads"):
        decode([], threads=-1)
    with pytest.raises(InvalidBox, match="crops for 0 pictures, but 1"):
        decode_crops([b""], [], side=4)
    with pytest.raises(InvalidBox, match=r"crops of shape \(4,\)") as caught:
        decode_crops([b""], [np.zeros(4)], side=4)
    assert caught.value.where == "picture 0"
