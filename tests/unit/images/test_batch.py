"""Pictures against Pillow: equal pixels for sound files, a status for bad ones, never a crash."""

from __future__ import annotations

import io
import multiprocessing
import resource
import struct
from typing import Literal

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile

from mmgic.errors import InvalidBox, ParamsError
from mmgic.images import (
    MAX_PIXELS,
    Normalization,
    PictureHeader,
    PictureStatus,
    Reading,
    decode,
    decode_crops,
    probe,
)
from tests.unit.images.checks import pixels_of
from tests.unit.twins.pictures import Box, crop, decoded, drawn, encoded

DEFAULT = Reading()


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


def statuses(files: list[bytes], reading: Reading = DEFAULT) -> list[PictureStatus]:
    """What each file comes to, decoded whole; its crops and header must agree."""
    found = [picture.status for picture in decode(files, reading=reading)]
    _, of_crops = decode_crops(files, [np.array([[0.0, 0, 1, 1]])] * len(files), side=4, reading=reading)
    assert of_crops.tolist() == found
    return found


def test_statuses() -> None:
    jpeg, png = encoded(drawn(60, 50, 0), "JPEG"), encoded(drawn(60, 50, 0), "PNG")
    twelve_bits = jpeg.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c")
    flipped = bytearray(png)
    flipped[len(png) // 2] ^= 255
    cases = {
        "UNKNOWN_FORMAT": [b"", b"x", jpeg[:2], png[:7], b"RIFF....WAVE"],
        "TRUNCATED": [jpeg[:3], jpeg[:-2], jpeg[: len(jpeg) // 2], png[: len(png) // 2], png[:20]],
        "CORRUPT": [bytes(flipped), jpeg[:2] + b"\xff\xd9"],
        "UNSUPPORTED": [twelve_bits],
    }
    for name, files in cases.items():
        assert statuses(files) == [PictureStatus[name]] * len(files), name
    assert probe([b"x"]) == [PictureHeader(PictureStatus.UNKNOWN_FORMAT, "", 0, 0, 1)]
    assert probe([jpeg, png])[1] == PictureHeader(PictureStatus.OK, "png", 60, 50, 1, 3, False, False)
    # A sound header on a cut file is still a header.
    assert probe([jpeg[:-50]])[0].status == PictureStatus.OK


def test_headers_tell_channels_profile_and_progression() -> None:
    picture = drawn(30, 20, 0)
    files = [
        encoded(picture.convert("L"), "JPEG"),
        encoded(picture.convert("CMYK"), "JPEG", progressive=True),
        encoded(picture, "JPEG", icc_profile=b"profile" * 20_000),
        encoded(picture.convert("LA"), "PNG", icc_profile=b"profile"),
        encoded(picture.convert("RGBA"), "PNG"),
    ]
    found = [(h.channels, h.has_icc, h.is_progressive) for h in probe(files)]
    assert found == [(1, False, False), (4, False, True), (3, True, False), (2, True, False), (4, False, False)]


def test_trailing_bytes_are_no_fault() -> None:
    for kind in ("JPEG", "PNG"):
        file = encoded(drawn(20, 20, 0), kind)
        assert np.array_equal(pixels_of(file + b"rest" * 99), pixels_of(file))


def bomb(width: int, height: int) -> bytes:
    """A JPEG of a few hundred bytes that says it is that large."""
    file = bytearray(encoded(drawn(16, 16, 0), "JPEG"))
    at = file.index(b"\xff\xc0") + 5
    file[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(file)


def test_limits_are_read_off_the_header() -> None:
    file = encoded(drawn(30, 20, 0), "JPEG", orientation=6)
    progressive = encoded(drawn(30, 20, 0), "JPEG", progressive=True)
    for files, name, limit, status in [
        ([bomb(65_280, 65_280)], "max_pixels", MAX_PIXELS, "TOO_MANY_PIXELS"),
        ([file], "max_pixels", 600, "TOO_MANY_PIXELS"),
        ([file], "max_side_px", 30, "TOO_LONG_SIDE"),
        ([file], "max_bytes", len(file), "TOO_MANY_BYTES"),
    ]:
        if limit != MAX_PIXELS:
            assert [h.status for h in probe(files, reading=Reading(**{name: limit}))] == [PictureStatus.OK]
            limit -= 1
        reading = Reading(**{name: limit})
        assert [h.status for h in probe(files, reading=reading)] == [PictureStatus[status]]
        assert statuses(files, reading) == [PictureStatus[status]]
    scans = progressive.count(b"\xff\xda")
    assert scans > 1 and statuses([progressive], Reading(max_scans=scans)) == [PictureStatus.OK]
    assert statuses([progressive], Reading(max_scans=scans - 1)) == [PictureStatus.TOO_MANY_SCANS]


def test_memory_is_counted_before_it_is_taken() -> None:
    large = bomb(30_000, 20_000)
    reading = Reading(max_pixels=1 << 40, max_memory_bytes=1 << 30)
    assert decode([large], reading=reading)[0].status == PictureStatus.TOO_MUCH_MEMORY
    file = encoded(drawn(640, 480, 0), "JPEG")
    one = 640 * 480 * 3
    reading = Reading(max_memory_bytes=4 * one)
    found = [picture.status for picture in decode([file] * 5, reading=reading, threads=2)]
    kept = found.count(PictureStatus.OK)
    assert 1 <= kept < 4 and set(found[kept:]) == {PictureStatus.TOO_MUCH_MEMORY}
    with pytest.raises(ParamsError, match="squares of 100 pixels take 300,000 bytes, the limit is 299,999"):
        decode_crops([file], [np.tile([0.0, 0, 9, 9], (10, 1))], side=100, reading=Reading(max_memory_bytes=299_999))


def test_threads_share_the_limit_of_memory_and_all_pictures_are_served() -> None:
    file = encoded(drawn(640, 480, 0), "JPEG")
    crops = [np.array([[0.0, 0, 640, 480]])] * 12
    reading = Reading(max_memory_bytes=3 << 20)
    _, status = decode_crops([file] * 12, crops, side=8, reading=reading, threads=4)
    assert (status == PictureStatus.OK).all()


def test_a_hostile_picture_takes_no_memory_beyond_the_limit() -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        before, after = pool.apply(_peaks, (bomb(20_000, 4_000),))
    assert after - before < 64 << 20


def _peaks(file: bytes) -> tuple[int, int]:
    decode([encoded(drawn(16, 16, 0), "JPEG")], threads=2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limits = Reading(max_pixels=1 << 40, max_memory_bytes=100 << 20)
    assert decode([file] * 4, reading=limits)[0].status == PictureStatus.TOO_MUCH_MEMORY
    box = np.array([[0.0, 0, 20_000, 4_000], [0, 0, 10, 10]])
    decode_crops([file] * 4, [box] * 4, side=32, mode="gap1", reading=limits)
    return before * 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _growth(files: list[bytes], crops: list[np.ndarray], side: int, limit: int) -> tuple[int, list[int]]:
    """By how many bytes the process grows over one call, and the statuses."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, status = decode_crops(files, crops, side=side, reading=Reading(max_memory_bytes=limit), threads=1)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, status.tolist()


def flat(width: int, height: int, orientation: int = 1) -> bytes:
    """A large picture in a small file."""
    return encoded(Image.new("RGB", (width, height), (90, 120, 30)), "JPEG", orientation=orientation)


@pytest.mark.parametrize(
    ("files", "crops", "side", "limit"),
    [
        pytest.param([flat(30_000, 16)], [np.tile([0.0, 0, 30_000, 1], (2500, 1))], 1, 64 << 20, id="many wide crops"),
        pytest.param(
            [flat(4000, 4000), flat(3000, 2000, 6), flat(4000, 4000)],
            [np.array([[0.0, 0, 4000, 4000]]), np.array([[0.0, 0, 2000, 3000]]), np.array([[0.0, 0, 4000, 4000]])],
            8,
            60 << 20,
            id="buffers change places",
        ),
    ],
)
def test_one_call_stays_within_its_limit_of_memory(
    files: list[bytes], crops: list[np.ndarray], side: int, limit: int
) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        growth, status = pool.apply(_growth, (files, crops, side, limit))
    assert set(status) == {PictureStatus.OK}
    assert growth < limit + (16 << 20)


def test_scans_are_bounded_by_their_work() -> None:
    file = encoded(drawn(64, 64, 0), "JPEG", progressive=True)
    scans = file.count(b"\xff\xda")
    last = file[file.rindex(b"\xff\xda") : -2]
    repeated = file[:-2] + last * 60 + b"\xff\xd9"
    work = (scans + 60) * 64 * 64
    assert statuses([repeated], Reading(max_pixels=work // 16 + 1)) == [PictureStatus.WARNED]
    assert statuses([repeated], Reading(max_pixels=work // 16 - 1)) == [PictureStatus.TOO_MANY_SCANS]
    assert statuses([file[:-2] + last * 100 + b"\xff\xd9"]) == [PictureStatus.TOO_MANY_SCANS]


def test_more_threads_than_pictures_are_not_woken() -> None:
    file = encoded(drawn(30, 20, 0), "JPEG")
    assert decode([file], threads=1024)[0].status == PictureStatus.OK
    assert decode([bytearray(file)], threads=3)[0].status == PictureStatus.OK  # type: ignore[list-item]
    assert decode_crops([file, file], [[], np.zeros((0, 4))], side=3)[0].shape == (0, 3, 3, 3)  # type: ignore[list-item]


def test_complaints_of_the_decoder_are_kept_or_rejected() -> None:
    sound = encoded(drawn(200, 150, 0), "JPEG")
    (flipped,) = [
        file
        for file in (
            sound[:at] + bytes([sound[at] ^ 0x55]) + sound[at + 1 :] for at in range(len(sound) - 900, len(sound))
        )
        if decode([file])[0].status == PictureStatus.WARNED
    ][:1]
    with Image.open(io.BytesIO(flipped)) as picture:
        assert np.array_equal(decode([flipped])[0].pixels, np.asarray(picture.convert("RGB")))
    assert decode([sound, flipped], reading=Reading(warnings="reject"))[1].status == PictureStatus.DAMAGED
    # What lies below a crop is not read unless a complaint there matters.
    top = [np.array([[0.0, 0, 200, 8]])] * 2
    for warnings, expected in (("keep", PictureStatus.OK), ("reject", PictureStatus.DAMAGED)):
        _, status = decode_crops([sound, flipped], top, side=4, reading=Reading(warnings=warnings))
        assert status.tolist() == [PictureStatus.OK, expected]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_lenient_reading_fills_a_cut_jpeg_as_pillow_does(progressive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    file = encoded(drawn(120, 90, 0), "JPEG", progressive=progressive)
    cuts = [file[:at] for at in range(len(file) // 3, len(file), 97)]
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    lenient = Reading(lenient=True)
    for cut, found in zip(cuts, decode(cuts, reading=lenient), strict=True):
        assert found.status == PictureStatus.FILLED
        with Image.open(io.BytesIO(cut)) as picture:
            expected = np.asarray(picture.convert("RGB"))
        # Cut in the header of a later scan, Pillow gives up on the earlier ones too: all is black.
        assert np.array_equal(found.pixels, expected) or (progressive and found.pixels.any() and not expected.any())
    assert statuses(cuts) == [PictureStatus.TRUNCATED] * len(cuts)
    _, status = decode_crops(cuts, [np.array([[0.0, 0, 120, 90]])] * len(cuts), side=8, reading=lenient)
    assert (status == PictureStatus.FILLED).all()
    assert decode([file[:3]], reading=lenient)[0].status == PictureStatus.TRUNCATED


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_normalised_squares_are_the_bytes_normalised(dtype: Literal["float32", "bfloat16"]) -> None:
    mean, std = (0.48, 0.45, 0.4), (0.27, 0.26, 0.28)
    file = encoded(drawn(90, 70, 0), "JPEG", orientation=6)
    boxes = [np.array([[0.0, 0, 70, 90], [3.5, 4.5, 60, 80], [0, 0, 71, 90]])]
    plain, _ = decode_crops([file], boxes, side=33)
    planes, status = decode_crops([file], boxes, side=33, normalization=Normalization(mean, std, dtype))
    expected = (torch.from_numpy(plain).permute(0, 3, 1, 2) / 255 - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(
        std
    ).view(3, 1, 1)
    expected[2] = 0
    found = torch.from_numpy(planes)
    assert status.tolist() == [0, 0, PictureStatus.BAD_CROP] and found.shape == (3, 3, 33, 33)
    if dtype == "bfloat16":
        assert torch.equal(found.view(torch.bfloat16), expected.to(torch.bfloat16))
    else:
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


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
    results = decode(files, reading=Reading(max_pixels=10_000))
    assert len(results) == len(files)
    seen = {picture.status for picture in results}
    assert seen >= {
        PictureStatus[name]
        for name in ("OK", "WARNED", "UNKNOWN_FORMAT", "TRUNCATED", "CORRUPT", "TOO_MANY_PIXELS", "UNSUPPORTED")
    }
    for data, found in list(zip(files, results, strict=True))[:1500:2]:
        if found.status.has_pixels:
            with Image.open(io.BytesIO(data)) as picture:
                assert np.array_equal(np.asarray(picture.convert("RGB")), found.pixels)


def _decode_in_child(file: bytes) -> None:
    assert decode([file] * 3, threads=2)[0].status == PictureStatus.OK


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
    with pytest.raises(ParamsError, match="mode 'gap3'") as unknown:
        decode_crops([], [], side=4, mode="gap3")  # type: ignore[call-overload]
    assert unknown.value.hint == "known are exact, gap2, gap1"
    with pytest.raises(ParamsError, match="resampling 'nearest'"):
        decode_crops([], [], side=4, resampling="nearest")  # type: ignore[call-overload]
    with pytest.raises(ParamsError, match="-1 threads"):
        decode([], threads=-1)
    with pytest.raises(InvalidBox, match="crops for 0 pictures, but 1"):
        decode_crops([b""], [], side=4)
    with pytest.raises(InvalidBox, match=r"crops of shape \(4,\)") as caught:
        decode_crops([b""], [np.zeros(4)], side=4)
    assert caught.value.where == "picture 0"
