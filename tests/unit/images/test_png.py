"""PNG against Pillow and a plain writer of every colour type, depth and layout."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from mmgic.images import PictureStatus, decode, probe
from tests.unit.images.checks import check_equal, pixels_of
from tests.unit.twins import png
from tests.unit.twins.pictures import drawn, encoded

KINDS = [(colour, depth) for colour, depths in png.DEPTHS.items() for depth in depths]
IEND = png.chunk(b"IEND", b"")


def status_of(file: bytes) -> PictureStatus:
    (picture,) = decode([file], threads=1)
    return picture.status


@pytest.mark.filterwarnings("ignore:Palette images with Transparency")
@given(
    kind=st.sampled_from(KINDS),
    width=st.integers(1, 70),
    height=st.integers(1, 20),
    interlaced=st.booleans(),
    transparent=st.booleans(),
    filters=st.permutations(range(5)),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_kind_equals_its_samples_and_pillow(
    kind: tuple[int, int],
    width: int,
    height: int,
    interlaced: bool,
    transparent: bool,
    filters: list[int],
    seed: int,
) -> None:
    colour, depth = kind
    rng = np.random.default_rng(seed)
    samples = rng.integers(0, 2**depth, (height, width, png.CHANNELS[colour])).astype(np.uint16)
    palette = np.full((2**depth, 4), 255, np.uint8) if colour == png.PALETTE else None
    chunks = []
    if palette is not None:
        palette[:, :3] = rng.integers(0, 256, (len(palette), 3))
        chunks.append(png.chunk(b"PLTE", palette[:, :3].tobytes()))
    if transparent and colour in (png.GREY, png.RGB, png.PALETTE):
        key = rng.integers(0, 256, 2**depth).astype(np.uint8) if palette is not None else samples[0, 0].astype(">u2")
        chunks.append(png.chunk(b"tRNS", key.tobytes()))
    file = png.encoded(samples, depth, colour, chunks=chunks, interlaced=interlaced, filters=filters)
    expected = png.rgba_of(samples, depth, colour, palette=palette)[..., :3]
    assert np.array_equal(pixels_of(file), expected)
    if (colour, depth) != (png.GREY, 16):  # Pillow clips 16-bit grey instead of taking the high byte.
        check_equal(file)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (13, 64), (130, 67)])
def test_what_pillow_writes(mode: str, size: tuple[int, int]) -> None:
    picture = drawn(*size, seed=2)
    if mode in ("LA", "RGBA"):
        picture.putalpha(drawn(*size, seed=3).convert("L"))
    check_equal(encoded(picture.convert(mode), "PNG"))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_small_palettes(bits: int) -> None:
    picture = drawn(45, 33, 4).quantize(2**bits)
    check_equal(encoded(picture, "PNG", bits=bits))
    check_equal(encoded(picture, "PNG", bits=bits, transparency=0))


def test_of_an_animation_the_picture_in_idat_is_read() -> None:
    first, second = drawn(31, 20, 0), drawn(31, 20, 1)
    check_equal(encoded(first, "PNG", save_all=True, append_images=[second]))
    file = encoded(first, "PNG", save_all=True, append_images=[second], default_image=True)
    assert np.array_equal(pixels_of(file), np.asarray(first))
    check_equal(file)


# --- oddities: parts of a small file, put together wrongly

WIDTH, HEIGHT = 9, 7
PIXELS = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
ROWS = png.stream(PIXELS.astype(np.uint16), 8, (0,))
PACKED = zlib.compress(ROWS)
HEAD = png.SIGNATURE + png.header(WIDTH, HEIGHT, 8, png.RGB)


def idat(packed: bytes) -> bytes:
    return png.chunk(b"IDAT", packed)


def wrong(chunk: bytes) -> bytes:
    """The chunk with another checksum."""
    return chunk[:-1] + bytes([chunk[-1] ^ 1])


WHOLE = HEAD + idat(PACKED) + IEND
TEXT = png.chunk(b"tEXt", b"a\0b")

READ = {
    "whole": WHOLE,
    "trailing bytes": WHOLE + b"junk" * 9,
    "no end": WHOLE[:-12],
    "end cut": WHOLE[:-6],
    "cut in the last checksum": WHOLE[:-14],
    "cut in the stream's checksum": WHOLE[:-18],
    "wrong checksum of the end": HEAD + idat(PACKED) + wrong(IEND),
    "wrong checksum of a text": HEAD + wrong(TEXT) + idat(PACKED) + IEND,
    "rows too many": HEAD + idat(zlib.compress(ROWS * 2)) + IEND,
    "bytes after the stream": HEAD + idat(PACKED + b"junk") + IEND,
    "pixels in small pieces": HEAD + b"".join(idat(PACKED[i : i + 7]) + idat(b"") for i in range(0, 300, 7)) + IEND,
    "a name that is none, after the pixels": HEAD + idat(PACKED) + png.chunk(b"\0\1\2\3", b"x") + IEND,
    "a broken profile": HEAD + png.chunk(b"iCCP", b"a\0\0zzz") + idat(PACKED) + IEND,
    "a text bomb": HEAD + png.chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 2_000_000)) + idat(PACKED) + IEND,
    "a short gamma": HEAD + png.chunk(b"gAMA", b"\0") + idat(PACKED) + IEND,
}
CORRUPT = {
    "wrong checksum of the header": png.SIGNATURE + wrong(HEAD[8:]) + idat(PACKED) + IEND,
    "wrong checksum of the pixels": HEAD + wrong(idat(PACKED)) + IEND,
    "wrong checksum of the stream": HEAD + idat(PACKED[:-4] + b"abcd") + IEND,
    "rows too few": HEAD + idat(zlib.compress(ROWS[:100])) + IEND,
    "a flipped bit under a right checksum": HEAD + idat(PACKED[:50] + bytes([PACKED[50] ^ 16]) + PACKED[51:]) + IEND,
    "an unknown filter": HEAD + idat(zlib.compress(b"\x09" + ROWS[1:])) + IEND,
    "no pixels": HEAD + IEND,
    "pixels torn apart": HEAD + idat(PACKED[:40]) + TEXT + idat(PACKED[40:]) + IEND,
    "no palette": png.SIGNATURE + png.header(WIDTH, HEIGHT, 8, png.PALETTE) + idat(PACKED) + IEND,
    "a palette that ends inside a colour": png.SIGNATURE
    + png.header(WIDTH, HEIGHT, 8, png.PALETTE)
    + png.chunk(b"PLTE", bytes(31))
    + idat(zlib.compress(bytes((WIDTH + 1) * HEIGHT)))
    + IEND,
    "no width": png.SIGNATURE + png.header(0, HEIGHT, 8, png.RGB) + idat(PACKED) + IEND,
    "depth 3": png.SIGNATURE + png.header(WIDTH, HEIGHT, 3, png.RGB) + idat(PACKED) + IEND,
    "colour type 5": png.SIGNATURE + png.header(WIDTH, HEIGHT, 8, 5) + idat(PACKED) + IEND,
    "an unknown critical chunk": HEAD + png.chunk(b"ABCD", b"x") + idat(PACKED) + IEND,
}


@pytest.mark.parametrize("name", READ)
def test_oddities_that_are_read(name: str) -> None:
    (picture,) = decode([READ[name]])
    ends_early = name in ("no end", "end cut", "cut in the last checksum", "cut in the stream's checksum")
    assert picture.status == (PictureStatus.WARNED if ends_early else PictureStatus.OK)
    assert np.array_equal(picture.pixels, PIXELS)


@pytest.mark.parametrize("name", CORRUPT)
def test_oddities_that_are_refused(name: str) -> None:
    assert status_of(CORRUPT[name]) == PictureStatus.CORRUPT


def test_a_file_cut_before_its_last_row_is_truncated() -> None:
    for cut in range(8, len(WHOLE) - 60):
        assert status_of(WHOLE[:cut]) == PictureStatus.TRUNCATED, cut


# --- the turn

SIX = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
THREE = SIX.replace(b"\x06", b"\x03")
PACKET = b'<rdf:Description tiff:Orientation="6"/>'
RAW = b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(SIX), SIX.hex().encode())
XMP = b"XML:com.adobe.xmp\0"
TURNS = {
    "block": [(b"eXIf", SIX)],
    "block with prefix": [(b"eXIf", b"Exif\0\0" + SIX)],
    "the last block counts": [(b"eXIf", THREE), (b"eXIf", SIX)],
    "raw profile": [(b"tEXt", RAW)],
    "raw profile, packed": [(b"zTXt", RAW[:22] + b"\0" + zlib.compress(RAW[22:]))],
    "a block goes before a raw profile": [
        (b"tEXt", RAW.replace(SIX.hex().encode(), THREE.hex().encode())),
        (b"eXIf", SIX),
    ],
    "packet": [(b"iTXt", XMP + b"\0\0\0\0" + PACKET)],
    "packet, packed": [(b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(PACKET))],
    "packet as plain text": [(b"tEXt", XMP + PACKET)],
}


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("late", [False, True])
def test_turns_are_found_where_pillow_finds_them(name: str, late: bool) -> None:
    chunks = b"".join(png.chunk(kind, content) for kind, content in TURNS[name])
    file = HEAD + idat(PACKED) + chunks + IEND if late else HEAD + chunks + idat(PACKED) + IEND
    with Image.open(io.BytesIO(file)) as picture:
        turned = ImageOps.exif_transpose(picture)
        assert turned is not None and turned.size == (HEIGHT, WIDTH)
    assert probe([file])[0].orientation == 6
    check_equal(file)


def test_a_block_with_a_wrong_checksum_does_not_turn() -> None:
    assert probe([HEAD + wrong(png.chunk(b"eXIf", SIX)) + idat(PACKED) + IEND])[0].orientation == 1


def test_the_limit_is_read_off_the_header() -> None:
    bomb = png.SIGNATURE + png.header(60_000, 60_000, 8, png.RGB) + idat(b"")
    assert status_of(bomb) == probe([bomb])[0].status == PictureStatus.TOO_MANY_PIXELS
    assert struct.unpack(">I", bomb[16:20]) == (60_000,)
