"""Elements of the arrays in a JSON file of any size, decoded in a flat memory line.

1. A stretch of whole objects is guessed by counting braces, which is right unless a text holds one brace without the other.
2. msgspec decodes it into a list of the caller's type. What starts at an element and is whole JSON ends where an element
   ends, so that a good decode proves the guess.
3. Where it fails, the elements of the stretch are taken one by one: their ends are searched with a pattern that knows texts,
   and one that fails alone is a `Fault`, also where it is no JSON inside (`NaN`).

Why not ijson: with yajl it takes four to five times as long, and one `NaN` loses it the whole file. Memory is a few chunks of
a megabyte, the values of one stretch, and the largest element. Types without cycles decode faster with `gc=False`.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from mmgic.errors import InputError

T = TypeVar("T")

_CHUNK = 1 << 20
_STRETCH = 1 << 16
_MAX_VALUE_BYTES = 64 << 20

_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TEXT = re.compile(_STRING, re.DOTALL)
_NO_TEXT = re.compile(rb"[^\s,\]}]*+(?=[\s,\]}])")
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)


class Source(Protocol):
    """What can be read forward."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


class Fault(msgspec.Struct, frozen=True):
    """An element that is not of the wanted type, or no JSON inside: what is wrong, where it starts in the file, its bytes."""

    detail: str
    offset: int
    data: bytes

    def value(self) -> Any:
        """What can be read of it all the same, with `NaN` and `Infinity` as floats; None where nothing can."""
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError):
            return None


def items(stream: Source, kind: type[T], where: str) -> Iterator[tuple[int, T | Fault]]:
    """The elements of a file that is one array, with their numbers from 0.

    Args:
        kind: type of an element.
        where: name of the file for errors.

    Raises:
        InputError: the file is no array, ends early, or its elements cannot be told apart; with the byte.
    """
    walk = _Walk(stream, where)
    walk.enter(b"[", "the file is no JSON array")
    yield from walk.elements(kind)
    walk.end()


def arrays(
    stream: Source, kinds: Mapping[str, Any], where: str, *, required: Collection[str] = ()
) -> Iterator[tuple[str, int, Any]]:
    """The elements of several arrays of a file that is one object, in the file's order: key, number from 0, element or `Fault`.

    Args:
        kinds: type of an element by key of the object. What stands under other keys is skipped; null is an empty array.
        where: name of the file for errors.
        required: keys that must be there.

    Raises:
        InputError: the file is no object, a wanted value is no array or comes twice, a required one is missing, the file ends
            early, or its elements cannot be told apart; with the byte.
    """
    walk = _Walk(stream, where)
    walk.enter(b"{", "the file is no JSON object")
    seen: set[str] = set()
    for key in walk.members():
        if key not in kinds:
            walk.skip()
            continue
        if key in seen:
            raise walk.error(f"`{key}` comes twice")
        seen.add(key)
        if walk.peek() == b"n":
            walk.skip()
            continue
        walk.enter(b"[", f"`{key}` is no array")
        for number, element in walk.elements(kinds[key]):
            yield key, number, element
    walk.end()
    if missing := sorted(set(required) - seen):
        raise InputError(f"no `{missing[0]}` in the file", where=where)


class _Walk:
    """A place in the file, and the bytes behind it as far as they are needed. Lengths count from the place."""

    def __init__(self, stream: Source, where: str) -> None:
        self._stream = stream
        self._where = where
        self._data = b""
        self._at = self._before = 0  # in the data; bytes of the file before it
        self._read_on()
        encoding = json.detect_encoding(self._data[:4])
        if not encoding.startswith("utf-8"):
            raise self.error(f"the file is {encoding}, not UTF-8")
        if self._data.startswith(_BOM):
            self._at = len(_BOM)

    def error(self, what: str) -> InputError:
        return InputError(what, where=f"{self._where}, byte {self._before + self._at}")

    def peek(self) -> bytes:
        """The next byte that is no space."""
        if not self._is_before_text():
            raise self.error("the file ends early")
        return self._data[self._at : self._at + 1]

    def enter(self, bracket: bytes, otherwise: str) -> None:
        """Steps over an opening bracket."""
        if self.peek() != bracket:
            raise self.error(otherwise)
        self._at += 1

    def elements(self, kind: type[T]) -> Iterator[tuple[int, T | Fault]]:
        """What stands in the array that was entered; the walk is behind it then."""
        one, many = msgspec.json.Decoder(kind), msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]
        number = singly = 0
        while self._has_more(b"]", is_first=number == 0):
            if self._before + self._at >= singly:
                length, end = self._stretch()
                try:
                    found = many.decode(b"[%b]" % self._data[self._at : self._at + length])
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    found = []
                if found:
                    self._at += length
                    yield from enumerate(found, number)
                    number += len(found)
                    continue
                singly = self._before + self._at + end
            element: T | Fault = self._element(one)
            yield number, element
            number += 1

    def members(self) -> Iterator[str]:
        """The keys of the object that was entered, each while its value comes next; the walk is behind it then."""
        is_first = True
        while self._has_more(b"}", is_first=is_first):
            is_first = False
            if self._data[self._at] != ord('"'):
                raise self.error("a key is missing")
            length = self._matched(_TEXT)
            try:
                key = msgspec.json.decode(self._data[self._at : self._at + length], type=str)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise self.error(f"a key cannot be read: {error}") from error
            self._at += length
            self.enter(b":", f"`{key}` has no value")
            self.peek()
            yield key

    def skip(self) -> None:
        """Steps over a value that nobody wants, of any size."""
        first = self.peek()
        if first == b"[":
            self._at += 1
            for _ in self.elements(msgspec.Raw):
                pass
        elif first == b"{":
            depth = 1
            self._at += 1
            while depth:
                length = self._matched(_TO_BRACKET)
                self._at += length
                depth += 1 if self._data[self._at - 1] in b"{[" else -1
        else:
            length = self._searched_length()
            self._at += length

    def end(self) -> None:
        """Nothing may follow."""
        if self._is_before_text():
            raise self.error("more text after the end")

    def _is_before_text(self) -> bool:
        """Steps over spaces; whether there is more."""
        while True:
            if space := _SPACE.match(self._data, self._at):
                self._at = space.end()
            if self._at < len(self._data):
                return True
            if not self._read_on():
                return False

    def _has_more(self, end: bytes, *, is_first: bool) -> bool:
        """Steps over the end, or over the comma before the next element."""
        found = self.peek()
        if found == end:
            self._at += 1
            return False
        if not is_first:
            self.enter(b",", f"no `,` or `{end.decode()}` after a value")
            self.peek()
        return True

    def _element(self, decoder: msgspec.json.Decoder[T]) -> T | Fault:
        length = self._searched_length()
        offset, data = self._before + self._at, self._data[self._at : self._at + length]
        self._at += length
        try:
            return decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return Fault(str(error), offset, data)

    def _stretch(self) -> tuple[int, int]:
        """Length of as many whole objects as may stand next, 0 where there is none, and how far that was looked for."""
        if len(self._data) - self._at < _STRETCH:
            self._read_on()
        start, end = self._at, min(self._at + _STRETCH, len(self._data))
        looked = end - start
        if self._data[start] != ord("{"):
            return 0, looked
        depth = self._data.count(b"{", start, end) - self._data.count(b"}", start, end)
        while (close := self._data.rfind(b"}", start, end)) >= 0:
            depth -= self._data.count(b"{", close, end)
            if not depth:
                return close + 1 - start, looked
            depth, end = depth + 1, close
        return 0, looked

    def _searched_length(self) -> int:
        """Of the value here, whatever its texts hold."""
        first = self._data[self._at]
        if first not in b"{[":
            return self._matched(_TEXT if first == ord('"') else _NO_TEXT)
        length = depth = 0
        while True:
            length = self._matched(_TO_BRACKET, length)
            depth += 1 if self._data[self._at + length - 1] in b"{[" else -1
            if not depth:
                return length

    def _matched(self, pattern: re.Pattern[bytes], length: int = 0) -> int:
        """Where the pattern's match from `length` on ends."""
        while not (match := pattern.match(self._data, self._at + length)):
            if not self._read_on():
                raise self.error("the file ends within the value that starts here")
        return match.end() - self._at

    def _read_on(self) -> bool:
        """Adds to the data at least what it holds, so that searching again and again stays linear."""
        rest = len(self._data) - self._at
        if rest > _MAX_VALUE_BYTES:
            raise self.error(f"a value of more than {_MAX_VALUE_BYTES} bytes starts here")
        parts, wanted = [self._data[self._at :]], max(_CHUNK, rest)
        while wanted > 0 and (part := self._stream.read(wanted)):
            parts.append(part)
            wanted -= len(part)
        self._data = b"".join(parts)
        self._before, self._at = self._before + self._at, 0
        return len(parts) > 1
