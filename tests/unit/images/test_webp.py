"""WebP against Pillow: equal pixels for every coding, the same verdict on odd containers."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mmgic.images import PictureStatus, decode, probe
from tests.unit.images.checks import check_equal, pixels_of
from tests.unit.twins.pictures import drawn, encoded

Chunk = tuple[bytes, bytes]


def status_of(file: bytes) -> PictureStatus:
    (picture,) = decode([file], threads=1)
    return picture.status


def picture(width: int, height: int, seed: int, *, alpha: bool) -> Image.Image:
    out = drawn(width, height, seed)
    if alpha:
        out.putalpha(drawn(width, height, seed + 1).convert("L").point(lambda value: min(255, max(0, 2 * value - 128))))
    return out


@given(
    width=st.integers(1, 70),
    height=st.integers(1, 70),
    alpha=st.booleans(),
    lossless=st.booleans(),
    quality=st.integers(0, 100),
    exact=st.booleans(),
    frames=st.integers(1, 3),
    orientation=st.integers(1, 8),
    seed=st.integers(0, 1000),
)
def test_every_coding_equals_pillow(
    width: int,
    height: int,
    alpha: bool,
    lossless: bool,
    quality: int,
    exact: bool,
    frames: int,
    orientation: int,
    seed: int,
) -> None:
    first, *others = (picture(width, height, seed + number, alpha=alpha) for number in range(frames))
    options = {"save_all": True, "append_images": others} if others else {}
    options |= {"lossless": lossless, "quality": quality, "exact": exact, "method": 0}
    file = encoded(first, "WEBP", orientation=orientation, **options)
    check_equal(file)
    assert probe([file])[0].orientation == orientation


# --- containers put together by hand


def chunks_of(file: bytes) -> dict[bytes, bytes]:
    out, at = {}, 12
    while at < len(file):
        (size,) = struct.unpack_from("<I", file, at + 4)
        out[file[at : at + 4]] = file[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return out


def laid(chunks: list[Chunk]) -> bytes:
    return b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)


def container(*chunks: Chunk) -> bytes:
    body = b"WEBP" + laid(list(chunks))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def number(value: int) -> bytes:
    return struct.pack("<I", value)[:3]


def canvas(flags: int, width: int, height: int) -> Chunk:
    return b"VP8X", bytes([flags, 0, 0, 0]) + number(width - 1) + number(height - 1)


def frame(x: int, y: int, *chunks: Chunk) -> Chunk:
    place = number(x // 2) + number(y // 2) + number(20) + number(12) + number(50) + b"\0"
    return b"ANMF", place + laid(list(chunks))


ANIMATED, WITH_ALPHA = 2, 16
LOSSY = chunks_of(encoded(picture(21, 13, 0, alpha=False), "WEBP"))
LOSSY_ALPHA = chunks_of(encoded(picture(21, 13, 0, alpha=True), "WEBP"))
LOSSLESS_ALPHA = chunks_of(encoded(picture(21, 13, 0, alpha=True), "WEBP", lossless=True))
PLAIN = (b"VP8 ", LOSSY[b"VP8 "])
COLOURS, OPACITY = (b"VP8 ", LOSSY_ALPHA[b"VP8 "]), (b"ALPH", LOSSY_ALPHA[b"ALPH"])
EXACT = (b"VP8L", LOSSLESS_ALPHA[b"VP8L"])
ANIM = (b"ANIM", b"\1\2\3\4\0\0")
ODD = (b"what", b"1")

READ = {
    "trailing bytes": container(PLAIN) + b"junk",
    "an unknown chunk after the picture": container(PLAIN, ODD),
    "an unknown chunk before the picture": container(canvas(0, 21, 13), ODD, PLAIN),
    "alpha that the header does not tell of": container(canvas(0, 21, 13), OPACITY, COLOURS),
    "alpha that is told of and missing": container(canvas(WITH_ALPHA, 21, 13), PLAIN),
    "lossless alpha that the header does not tell of": container(canvas(0, 21, 13), EXACT),
    "a frame inside its canvas": container(canvas(ANIMATED, 40, 30), ANIM, frame(6, 4, PLAIN)),
    "a frame with alpha inside": container(canvas(18, 40, 30), ANIM, frame(6, 4, OPACITY, COLOURS), frame(0, 0, PLAIN)),
    "a lossless frame inside": container(canvas(18, 40, 30), ANIM, frame(6, 4, EXACT)),
    "a flag of an unknown scale": container((b"VP8 ", PLAIN[1][:7] + bytes([PLAIN[1][7] | 64]) + PLAIN[1][8:])),
}
REFUSED = {
    "a still picture smaller than its canvas": container(canvas(0, 30, 20), PLAIN),
    "a still picture larger than its canvas": container(canvas(0, 20, 13), PLAIN),
    "a frame that leaves its canvas": container(canvas(ANIMATED, 26, 30), ANIM, frame(6, 4, PLAIN)),
    "frames without a header": container(canvas(ANIMATED, 40, 30), frame(0, 0, PLAIN)),
    "a short header of frames": container(canvas(ANIMATED, 40, 30), (b"ANIM", b"12"), frame(0, 0, PLAIN)),
    "an animation without frames": container(canvas(ANIMATED, 21, 13), PLAIN),
    "a lossless picture with an alpha chunk": container(canvas(WITH_ALPHA, 21, 13), OPACITY, EXACT),
    "alpha after the picture": container(canvas(WITH_ALPHA, 21, 13), COLOURS, OPACITY),
    "two pictures": container(canvas(0, 21, 13), PLAIN, PLAIN),
    "two headers": container(canvas(0, 21, 13), canvas(0, 21, 13), PLAIN),
    "no picture": container(canvas(0, 21, 13)),
    "unknown flags": container(canvas(0xC1, 21, 13), PLAIN),
    "broken alpha": container(canvas(WITH_ALPHA, 21, 13), (b"ALPH", b"\1" + b"\xff" * 20), COLOURS),
    "half a lossless stream": container((b"VP8L", EXACT[1][: len(EXACT[1]) // 2])),
    "not a key frame": container((b"VP8 ", bytes([PLAIN[1][0] | 1]) + PLAIN[1][1:])),
    "a stream too short": container((b"VP8 ", PLAIN[1][:9])),
}


@pytest.mark.parametrize("name", READ)
def test_odd_containers_that_pillow_reads(name: str) -> None:
    check_equal(READ[name])


@pytest.mark.parametrize("name", REFUSED)
def test_odd_containers_that_pillow_refuses(name: str) -> None:
    with pytest.raises(OSError, match="decoder object|next frame"), Image.open(io.BytesIO(REFUSED[name])) as opened:
        opened.load()
    assert status_of(REFUSED[name]) == PictureStatus.CORRUPT


def test_only_the_first_frame_is_looked_at() -> None:
    file = container(canvas(ANIMATED, 21, 13), ANIM, frame(0, 0, PLAIN), (b"ANMF", b"xx"))
    assert np.array_equal(pixels_of(file), pixels_of(container(PLAIN)))


def test_every_cut_is_truncated() -> None:
    for file in (container(PLAIN), container(canvas(WITH_ALPHA, 21, 13), OPACITY, COLOURS), container(EXACT)):
        for cut in range(12, len(file)):
            assert status_of(file[:cut]) == PictureStatus.TRUNCATED, cut


def test_the_limit_is_read_off_the_header() -> None:
    lossless = container((b"VP8L", b"\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(20)))
    lossy = container((b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(20)))
    for bomb in (lossless, lossy):
        assert status_of(bomb) == probe([bomb])[0].status == PictureStatus.TOO_MANY_PIXELS


def lossless_naming_groups(count: int) -> bytes:
    """A black picture of 1024 x 1024 whose 65,536 blocks name ``count`` code groups: 5 KiB each for libwebp."""
    bits: list[int] = []

    def put(value: int, size: int) -> None:
        bits.extend(value >> at & 1 for at in range(size))

    for value, size in ((0x2F, 8), (1023, 14), (1023, 14), (0, 4), (0, 2), (1, 4), (0, 1)):
        put(value, size)
    for unused in (24, 0):  # Codes of 256 symbols, 8 bits each.
        put(8 << 1, 5)
        for at in range(12):
            put(at in (2, 11), 3)
        put(0, 1)
        bits.extend([1] * 256 + [0] * unused)
    simple = [1, 0, 0, 0]  # The one symbol 0, in no bits.
    bits.extend(simple * 3)
    reverse = [int(f"{value:08b}"[::-1], 2) for value in range(256)]
    for block in range(65_536):
        group = block % count
        put(reverse[group & 255] | reverse[group >> 8] << 8, 16)
    bits.extend(simple * 5 * count + [0] * 64)
    return container((b"VP8L", np.packbits(np.array(bits, np.uint8), bitorder="little").tobytes()))


def test_a_stream_made_to_take_memory_is_refused() -> None:
    check_equal(lossless_naming_groups(2600))
    assert status_of(lossless_naming_groups(3001)) == PictureStatus.UNSUPPORTED


@pytest.mark.parametrize("times", [0, 1, 2])
def test_the_exif_prefix_may_be_there(times: int) -> None:
    block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    file = encoded(picture(21, 13, 0, alpha=False), "WEBP", exif=b"Exif\0\0" * times + block)
    assert probe([file])[0].orientation == 6
    check_equal(file)


@pytest.mark.parametrize(("flag", "orientation"), [(4, 8), (0, 1)])
def test_the_packet_counts_where_the_header_tells_of_it(flag: int, orientation: int) -> None:
    file = container(canvas(flag, 21, 13), PLAIN, (b"XMP ", b"<tiff:Orientation>8</tiff:Orientation>"))
    assert probe([file])[0].orientation == orientation
    check_equal(file)
