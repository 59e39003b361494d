"""Rows of JSON lines, and of a JSON file that is an array of objects or an object of arrays.

What is no JSON costs its row; `NaN` and `Infinity`, which other writers leave, are read as what they are.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from mmgic.sources.json_stream import Fault as JsonFault
from mmgic.sources.json_stream import items
from mmgic.sources.tables.cells import Cells, Fault
from mmgic.sources.tables.lines import text_lines
from mmgic.sources.tables.packed import Readable
from mmgic.sources.tables.pairs import rows_of_arrays

_SPACE = b" \t\r\n"


def rows_of_json_lines(stream: Readable, where: str) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with the numbers of their lines; blank lines are none."""
    decoder = msgspec.json.Decoder(dict[str, Any])
    for number, line in text_lines(stream, where):
        if isinstance(line, Fault):
            yield number, line
        elif line.strip():
            yield _row(number, value_from_json(line, decoder))


def rows_of_json(stream: Readable, where: str, wanted: Collection[str]) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with their numbers from 0. `wanted` is as for `rows_of_arrays`."""
    first = _First(stream)
    if first.letter == b"{":
        yield from rows_of_arrays(first, where, wanted)
        return
    for number, value in items(first, dict[str, Any], where):
        if isinstance(value, JsonFault):
            plain = value.value()
            yield _row(number, plain if isinstance(plain, dict) else Fault("not_json", value.detail))
        else:
            yield _row(number, value)


def value_from_json(text: str, decoder: msgspec.json.Decoder[Any]) -> Any | Fault:
    """What a line holds; a `Fault` where it is no JSON, or not of the decoder's type."""
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        detail = str(error)
    try:
        return msgspec.convert(json.loads(text), decoder.type)
    except (ValueError, RecursionError):  # which msgspec's own error is, too
        return Fault("not_json", detail)


def _row(place: int, value: dict[str, Any] | Fault) -> Cells | tuple[int, Fault]:
    if isinstance(value, Fault):
        return place, value
    values = list(value.values())
    for text in values:
        if isinstance(text, str) and ("\0" in text or not _is_unicode(text)):
            return place, Fault("nul_byte" if "\0" in text else "not_utf8", "")
    return Cells(place, tuple(value), values)


def _is_unicode(text: str) -> bool:
    """Whether a text can be written: JSON may name half a pair of surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _First:
    """A stream whose first byte that is no space is known."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._data = stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf")
        self.letter = self._data.lstrip(_SPACE)[:1]

    def read(self, size: int = -1) -> bytes:
        data, self._data = self._data, b""
        return data or self._stream.read(size)
