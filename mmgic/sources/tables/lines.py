"""Lines of a text file of any size, each decoded by itself, so that one bad byte costs one line.

Only line feeds end a line: JSON and captions may hold other separators of Unicode. Memory is one chunk and one line.
"""

from collections.abc import Iterator

from mmgic.errors import InputError
from mmgic.shards.folder import Readable
from mmgic.sources.tables.cells import MAX_ROW_BYTES, Fault

_CHUNK = 1 << 18
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def text_lines(stream: Readable, where: str) -> Iterator[tuple[int, str | Fault]]:
    """Lines with their numbers from 1, without their ends; a `Fault` where one is no UTF-8, holds a NUL or is too long.

    Raises:
        InputError: the file is UTF-16 or UTF-32.
    """
    for number, data in byte_lines(stream, where):
        if data is None:
            yield number, Fault("too_long_row", f"over {MAX_ROW_BYTES} bytes")
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            yield number, Fault("not_utf8", f"byte {error.start} of the line: {error.reason}")
            continue
        yield number, Fault("nul_byte", "") if "\0" in text else text.removesuffix("\r")


def byte_lines(stream: Readable, where: str) -> Iterator[tuple[int, bytes | None]]:
    """Lines as bytes, None for one that is longer than a row may be; a byte order mark is dropped.

    Raises:
        InputError: the file is UTF-16 or UTF-32.
    """
    number, rest, is_too_long = 0, b"", False
    chunk = stream.read(_CHUNK)
    if chunk.startswith(_UTF_16):
        raise InputError("the file is UTF-16 or UTF-32", where=where, hint=f"iconv -f UTF-16 -t UTF-8 {where}")
    chunk = chunk.removeprefix(_BOM)
    while chunk:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            yield number, None if is_too_long or len(line) > MAX_ROW_BYTES else line
            is_too_long = False
        if len(rest) > MAX_ROW_BYTES:
            rest, is_too_long = b"", True
        chunk = stream.read(_CHUNK)
    if rest or is_too_long:
        yield number + 1, None if is_too_long else rest
