"""JSON arrays as streams: the same elements as `json` finds, whatever the texts and the reads; faults with their place."""

import io
import json
import math
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.sources.json_stream import Fault, arrays, items


class Box(msgspec.Struct, gc=False):
    id: int
    bbox: tuple[float, float, float, float] = (0, 0, 0, 0)


def _moved(data: bytes, before: int) -> io.BytesIO:
    """A stream whose first megabyte, which is what is read at once, ends `before` bytes into the data."""
    return io.BytesIO(b" " * ((1 << 20) - before) + data)


class Dribble:
    """A stream that gives a few bytes a read."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream = io.BytesIO(data)
        self._size = size

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(min(size, self._size))


class Pieces:
    """A stream made on the spot, a piece a read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1, /) -> bytes:
        return next(self._pieces, b"")


HOSTILE = st.text(alphabet='{}[]"\\,: \n\u00e4\U0001f600ab', max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | HOSTILE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(HOSTILE, inner, max_size=4),
    max_leaves=12,
)


def _boxes(text: str | bytes) -> list[Box | Fault]:
    data = text if isinstance(text, bytes) else text.encode()
    found = list(items(io.BytesIO(data), Box, "boxes.json"))
    assert [number for number, _ in found] == list(range(len(found)))
    return [element for _, element in found]


@given(st.lists(VALUES), st.integers(0, 500), st.sampled_from([None, 1]), st.booleans())
def test_elements_are_those_that_json_finds(values: list[Any], before: int, indent: int | None, is_ascii: bool) -> None:
    data = json.dumps(values, indent=indent, ensure_ascii=is_ascii).encode()
    assert [value for _, value in items(_moved(data, before), Any, "a.json")] == values
    assert [value for _, value in items(Dribble(data, 1 + before % 40), Any, "a.json")] == values


@given(st.lists(VALUES, max_size=4), st.text('{}[]"\\,', max_size=3), st.integers(0, 500))
def test_wanted_keys_are_found_among_others(values: list[Any], other: str, before: int) -> None:
    for keys in ((other, "wanted", "more"), ("more", other, "wanted")):
        data = json.dumps(dict.fromkeys(keys, values)).encode()
        found = list(arrays(_moved(data, before), {"wanted": Any}, "a.json"))
        assert found == [("wanted", number, value) for number, value in enumerate(values)]


@given(VALUES, st.integers(0, 500))
def test_any_value_can_be_skipped(value: Any, before: int) -> None:
    data = json.dumps({"skipped": value, "wanted": [1]}).encode()
    assert list(arrays(_moved(data, before), {"wanted": int}, "a.json")) == [("wanted", 0, 1)]


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(0, 500))
def test_faulty_elements_cost_only_themselves(kinds: list[int], before: int) -> None:
    texts = [
        '{"id": 7}',
        '{"id": "}{", "bbox": [1, 2, 3, 4]}',
        '{"id": 1, "bbox": [NaN, 0, 1, 1]}',
        '{"id": 8, "note": "}"}',
    ]
    data = f"[{', '.join(texts[kind] for kind in kinds)}]".encode()
    found = [element for _, element in items(_moved(data, before), Box, "boxes.json")]
    assert [isinstance(element, Fault) for element in found] == [kind in (1, 2) for kind in kinds]
    for kind, element in zip(kinds, found, strict=True):
        if isinstance(element, Fault):
            assert element.data == texts[kind].encode()
            assert data[element.offset - (1 << 20) + before :].startswith(element.data)


def test_a_fault_says_what_is_wrong_and_what_can_be_read() -> None:
    wrong, nan, broken = _boxes('[{"id": "x"}, {"id": 5, "bbox": [NaN, 0, 1, 1]}, {"id": 5,, }]')
    assert isinstance(wrong, Fault) and wrong.detail == "Expected `int`, got `str` - at `$.id`"
    assert wrong.value() == {"id": "x"}
    assert isinstance(nan, Fault) and nan.detail.startswith("JSON is malformed: invalid character")
    assert nan.value()["id"] == 5 and math.isnan(nan.value()["bbox"][0])
    assert isinstance(broken, Fault) and broken.value() is None


def test_many_elements_with_one_fault_in_the_middle() -> None:
    values = [json.dumps({"id": number, "note": "-" * 40}) for number in range(20_000)]
    values[9_000] = '{"id": null}'
    found = _boxes(f"[{','.join(values)}]")
    assert [box.id for box in found if isinstance(box, Box)] == [n for n in range(20_000) if n != 9_000]
    assert isinstance(found[9_000], Fault)


@pytest.mark.parametrize(
    "text", ['{"a": "{", "id": 1}', '{"a": "}", "id": 1}', '{"a": "\\"}", "id": 1}', '{"a": "\\\\", "id": 1}']
)
def test_texts_with_braces_do_not_move_the_end(text: str) -> None:
    assert _boxes(f"[{text}, {text}]") == [Box(1), Box(1)]


def test_an_element_longer_than_a_chunk() -> None:
    values = [
        {"id": 1, "note": "y}" * 3_000_000},
        {"id": 2, "more": [{"k": number} for number in range(300_000)]},
        {"id": 3},
    ]
    assert _boxes(json.dumps(values)) == [Box(1), Box(2), Box(3)]


def test_deep_nesting_is_a_fault_and_no_crash() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    first, second = _boxes(f'[{{"id": 1, "deep": {deep}}}, {{"id": 2}}]')
    assert isinstance(first, Fault) and first.value() is None
    assert second == Box(2)
    assert list(arrays(io.BytesIO(f'{{"deep": {{"a": {deep}}}, "b": [1]}}'.encode()), {"b": int}, "a.json")) == [
        ("b", 0, 1)
    ]


def test_bytes_that_are_no_utf8_are_a_fault() -> None:
    first, second = _boxes(b'[{"id": 1, "note": "caf\xe9"}, {"id": 2}]')
    assert second == Box(2)
    assert first == Box(1)  # in a field that nobody wants
    (wrong,) = (element for _, element in items(io.BytesIO(b'[{"name": "caf\xe9"}]'), dict[str, str], "a.json"))
    assert isinstance(wrong, Fault)


def test_a_byte_order_mark_is_no_fault() -> None:
    for size in (1, 2, 3, 100):
        stream = Dribble(b'\xef\xbb\xbf[{"id": 1}]', size)
        assert list(items(stream, Box, "a.json")) == [(0, Box(1))]


@pytest.mark.parametrize(
    ("text", "what", "byte"),
    [
        ("", "the file ends early", 0),
        ("  ", "the file ends early", 2),
        ('{"id": 1}', "the file is no JSON array", 0),
        ('[{"id": 1}', "the file ends early", 10),
        ('[{"id": 1},', "the file ends early", 11),
        ('[{"id": 1}, {"id": 2', "the file ends within the value that starts here", 12),
        ('[{"id": 1}, "te', "the file ends within the value that starts here", 12),
        ('[{"id": 1} {"id": 2}]', "no `,` or `]` after a value", 11),
        ('[{"id": 1}]]', "more text after the end", 11),
        ('[{"id": 1}] [{"id": 2}]', "more text after the end", 12),
        ('[{"id": 1}}', "no `,` or `]` after a value", 10),
    ],
)
def test_a_broken_file_is_named_with_its_byte(text: str, what: str, byte: int) -> None:
    with pytest.raises(InputError) as raised:
        list(items(io.BytesIO(text.encode()), Box, "raw/boxes.json"))
    assert (raised.value.what, raised.value.where) == (what, f"raw/boxes.json, byte {byte}")


def test_elements_before_the_break_come_all_the_same() -> None:
    found = []
    with pytest.raises(InputError):
        for _, box in items(io.BytesIO(b'[{"id": 1}, {"id": 2}, {"id"'), Box, "a.json"):
            found.append(box)
    assert found == [Box(1), Box(2)]


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("[]", "the file is no JSON object", "a.json, byte 0"),
        ('{"boxes": {}}', "`boxes` is no array", "a.json, byte 10"),
        ('{"boxes": 3}', "`boxes` is no array", "a.json, byte 10"),
        ('{"boxes": [], "boxes": []}', "`boxes` comes twice", "a.json, byte 23"),
        ('{"images": []}', "no `boxes` in the file", "a.json"),
        ('{"images": [], }', "a key is missing", "a.json, byte 15"),
        ('{"images" []}', "`images` has no value", "a.json, byte 10"),
        ('{"images": [1, 2', "the file ends within the value that starts here", "a.json, byte 15"),
        ('{"images": {"a": [', "the file ends within the value that starts here", "a.json, byte 18"),
        ('{"ima\xff": 1}', "a key cannot be read", "a.json, byte 1"),
    ],
)
def test_a_broken_object_is_named_with_its_byte(text: str, what: str, where: str) -> None:
    with pytest.raises(InputError) as raised:
        list(arrays(io.BytesIO(text.encode("latin-1")), {"boxes": Box}, "a.json", required=["boxes"]))
    assert raised.value.what.startswith(what)
    assert raised.value.where == where


def test_several_arrays_come_in_the_order_of_the_file() -> None:
    text = b'{"info": {"a": "}"}, "boxes": [{"id": 1}, 5], "skipped": [{"x": NaN}], "none": null, "names": ["a", 2]}'
    found = list(arrays(io.BytesIO(text), {"names": str, "boxes": Box, "none": Box}, "a.json", required=["none"]))
    assert [(key, number) for key, number, _ in found] == [("boxes", 0), ("boxes", 1), ("names", 0), ("names", 1)]
    assert (found[0][2], found[2][2]) == (Box(1), "a")
    assert isinstance(found[1][2], Fault) and isinstance(found[3][2], Fault)


def test_memory_does_not_grow_with_the_file() -> None:
    def pieces(count: int) -> Iterator[bytes]:
        yield b'{"skipped": [{"id": 0}'
        piece = b', {"id": 1, "text": "{%b"}' % (b"x" * 2_000) * 100
        for _ in range(count):
            yield piece
        yield b'], "boxes": [{"id": 0}'
        for _ in range(count):
            yield piece
        yield b'], "last": {"a": "' + b"x" * 10 + b'"}}'

    peaks = []
    for count in (30, 120):
        tracemalloc.start()
        found = sum(1 for _ in arrays(Pieces(pieces(count)), {"boxes": Box}, "a.json"))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == count * 100 + 1
    assert peaks[1] < 1.05 * peaks[0] < 20 << 20


def test_a_value_without_end_stops_before_memory_is_gone() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'[{"id": 1}, {"text": "'
        while True:
            yield b"x" * (1 << 20)

    with pytest.raises(InputError, match="a value of more than 67108864 bytes starts here") as raised:
        list(items(Pieces(pieces()), Box, "a.json"))
    assert raised.value.where == "a.json, byte 12"
