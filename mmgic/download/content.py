"""What the bytes of an answer are: a picture that later stages read, or the cause why not."""

import zlib

from mmgic.download.causes import Cause
from mmgic.images import PictureStatus, Reading, probe

EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp", "gif": "gif", "bmp": "bmp", "tiff": "tif"}
"""Extension of a file by its picture format."""

_START = 1024
_GZIP = b"\x1f\x8b"
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--")
_SVG = (b"<svg", b"<?xml", b"<!doctype svg")
_FOREIGN = (
    b"\x00\x00\x00\x0cJXL ",
    b"\xff\x0a",
    b"\x00\x00\x01\x00",
    b"8BPS",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
)
_TOO_LARGE = (PictureStatus.TOO_MANY_PIXELS, PictureStatus.TOO_LONG_SIDE)


def picture_in(data: bytes, *, reading: Reading, min_side_px: int) -> tuple[str, Cause | None]:
    """The extension of a picture by its content, or why the bytes are none; only its header is read (10 microseconds)."""
    (header,) = probe([data], reading=reading, threads=1)
    if header.status == PictureStatus.OK:
        if min(header.width_px, header.height_px) < min_side_px:
            return "", "too_small_picture"
        return EXTENSIONS[header.format], None
    if header.status in _TOO_LARGE:
        return "", "too_many_pixels"
    return "", _other(data) if header.status == PictureStatus.UNKNOWN_FORMAT else "broken_picture"


def _other(data: bytes) -> Cause:
    start = data[:_START].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not data.strip(b"\0"):
        return "not_a_picture" if data else "empty_body"
    if start.startswith(_SVG):
        return "html_page" if b"<html" in start else "unsupported_picture"
    if start.startswith(_MARKUP):
        return "html_page"
    if data.startswith(_FOREIGN) or data[4:8] == b"ftyp":
        return "unsupported_picture"
    return "not_a_picture"


def decoded(data: bytes, encoding: str, max_bytes: int) -> bytes | None:
    """The bytes behind a `Content-Encoding`; None where they are broken or more than the limit, which is never exceeded.

    Of gzip in several members, which servers hardly send, the first alone would be a picture cut short: None too.
    """
    if encoding not in ENCODINGS:
        return None
    for window in (47, -15):  # with the header of gzip or zlib; servers send deflate without one too
        unpacker = zlib.decompressobj(window)
        try:
            found = unpacker.decompress(data, max_bytes + 1)
        except zlib.error:
            continue
        is_all = unpacker.eof and not unpacker.unused_data.startswith(_GZIP)
        return found if is_all and len(found) <= max_bytes else None
    return None


ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
"""Encodings that are undone although nobody asked for them."""
