"""Bytes judged by what they are, whatever their server calls them; and encodings undone within a limit."""

import gzip
import io
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from mmgic.download.content import decoded, picture_in
from mmgic.images import Reading

_READING = Reading(max_pixels=10_000)
Picture = Callable[..., bytes]


def _judged(data: bytes, min_side_px: int = 16) -> tuple[str, str | None]:
    return picture_in(data, reading=_READING, min_side_px=min_side_px)


@pytest.mark.parametrize(
    ("format", "extension"),
    [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tif")],
)
def test_the_extension_is_that_of_the_content(picture: Picture, format: str, extension: str) -> None:
    assert _judged(picture(format=format)) == (extension, None)


def test_sides_and_pixels(picture: Picture) -> None:
    assert _judged(picture(16, 40)) == ("png", None)
    assert _judged(picture(15, 40)) == ("", "too_small_picture")
    assert _judged(picture(100, 100)) == ("png", None)
    assert _judged(picture(100, 101)) == ("", "too_many_pixels")


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "empty_body"),
        (b"<!DOCTYPE html><html>", "html_page"),
        (b"\xef\xbb\xbf\r\n  <HTML lang=en>", "html_page"),
        (b"<!-- a comment --><html>", "html_page"),
        (b'<?xml version="1.0"?><!DOCTYPE html><html>', "html_page"),
        (b'<?xml version="1.0"?><svg xmlns="...">', "unsupported_picture"),
        (b"<svg></svg>", "unsupported_picture"),
        (b"\x00\x00\x00\x20ftypavif" + b"\0" * 50, "unsupported_picture"),
        (b"\x00\x00\x00\x18ftypheic" + b"\0" * 50, "unsupported_picture"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "unsupported_picture"),
        (b"8BPS\0\1", "unsupported_picture"),
        (b'{"error": "no such picture"}', "not_a_picture"),
        (b"\0" * 4096, "not_a_picture"),
        (b"%PDF-1.7", "not_a_picture"),
        (b"\xff\xd8\xff\xe0", "broken_picture"),
        (b"\x89PNG\r\n\x1a\n", "broken_picture"),
    ],
)
def test_what_is_no_picture_is_told_apart(data: bytes, cause: str) -> None:
    assert _judged(data) == ("", cause)


def test_a_header_that_claims_a_huge_picture_is_believed_and_refused(picture: Picture) -> None:
    data = bytearray(picture(format="PNG"))
    data[16:24] = (60_000).to_bytes(4) + (60_000).to_bytes(4)
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    assert _judged(bytes(data)) == ("", "too_many_pixels")


def test_encodings_are_undone(picture: Picture) -> None:
    data = picture()
    for encoding, packed in (
        ("gzip", gzip.compress(data)),
        ("x-gzip", gzip.compress(data)),
        ("deflate", zlib.compress(data)),
        ("deflate", zlib.compress(data)[2:-4]),
    ):
        assert decoded(packed, encoding, len(data)) == data
        assert decoded(packed, encoding, len(data) - 1) is None
        assert decoded(packed[:-9], encoding, 10**6) is None
    assert decoded(data, "gzip", 10**6) is None
    assert decoded(gzip.compress(data) + bytes(5), "gzip", 10**6) == data
    assert decoded(gzip.compress(data) + gzip.compress(data), "gzip", 10**6) is None
    assert decoded(data, "br", 10**6) is None


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    import tracemalloc

    bomb = gzip.compress(bytes(200_000_000))
    tracemalloc.start()
    assert decoded(bomb, "gzip", 1_000_000) is None
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_damaged_body_of_a_sound_header_is_still_a_picture() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (90, 90)).save(stream, "JPEG")
    assert _judged(stream.getvalue()[:-100]) == ("jpg", None)  # `normalize` finds it: it decodes
