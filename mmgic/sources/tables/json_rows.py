"""Rows of JSON lines, and of a JSON file that is an array of objects or an object of arrays.

What is no JSON costs its row; `NaN` and `Infinity`, which other writers leave, are read as what they are.
"""

import json
from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import msgspec

from mmgic.shards.folder import Readable
from mmgic.sources.json_stream import Fault as JsonFault
from mmgic.sources.json_stream import items
from mmgic.sources.tables.cells import MAX_ROW_BYTES, Cells, Fault
from mmgic.sources.tables.columns import Fields, layout_of_names
from mmgic.sources.tables.lines import text_lines
from mmgic.sources.tables.pairs import rows_of_arrays

T = TypeVar("T")

_SPACE = b" \t\r\n"


def rows_of_json_lines(stream: Readable, where: str) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with the numbers of their lines; blank lines are none."""
    for number, line in text_lines(stream, where):
        if isinstance(line, Fault):
            yield number, line
        elif line.strip():
            yield _row(number, value_from_json(line, dict[str, Any]))


def rows_of_json(stream: Readable, where: str, wanted: Collection[str]) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with their numbers from 0. `wanted` is as for `rows_of_arrays`."""
    first = _First(stream)
    if first.letter == b"{":
        yield from rows_of_arrays(first, where, wanted)
        return
    for number, value in items(first, dict[str, Any], where):
        yield _row(number, value_of_fault(value, dict[str, Any]) if isinstance(value, JsonFault) else value)


def fields_from_json(data: bytes, source: str) -> Fields | Fault:
    """The fields of one JSON object that stands alone, beside a picture."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Fault("not_utf8", str(error))
    row = _row(0, value_from_json(text, dict[str, Any]))
    return layout_of_names(row.names or (), source).fields(row.values) if isinstance(row, Cells) else row[1]


def value_from_json(text: str, kind: type[T]) -> T | Fault:
    """What a line holds; a `Fault` where it is no JSON, or not of its type."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        return Fault("wrong_type", str(error))
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        return _converted(text, kind, str(error))


def value_of_fault(fault: JsonFault, kind: type[T]) -> T | Fault:
    """What an element holds that is no strict JSON, or not of its type."""
    return _converted(fault.data, kind, fault.detail)


def _converted(text: str | bytes, kind: type[T], detail: str) -> T | Fault:
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # JSON may name half a pair of surrogates
    except UnicodeEncodeError:
        return Fault("not_utf8", "half a pair of surrogates")
    except (ValueError, RecursionError):
        return Fault("not_json", detail)
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        return Fault("wrong_type", str(error))


def _row(place: int, value: dict[str, Any] | Fault) -> Cells | tuple[int, Fault]:
    if isinstance(value, Fault):
        return place, value
    values = list(value.values())
    for text in values:
        if isinstance(text, str) and (fault := _text_fault(text)):
            return place, fault
    return Cells(place, tuple(value), values)


def _text_fault(text: str) -> Fault | None:
    if "\0" in text:
        return Fault("nul_byte", "")
    if len(text) > MAX_ROW_BYTES:
        return Fault("too_long_row", f"a text of {len(text)} characters")
    return None


class _First:
    """A stream whose first byte that is no space is known."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._data = stream.read(1 << 16).removeprefix(b"\xef\xbb\xbf")
        self.letter = self._data.lstrip(_SPACE)[:1]

    def read(self, size: int = -1) -> bytes:
        data, self._data = self._data, b""
        return data or self._stream.read(size)
