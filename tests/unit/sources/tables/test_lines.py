"""Lines: the same whatever the pieces in which they are read."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.sources.tables.cells import MAX_ROW_BYTES
from mmgic.sources.tables.lines import byte_lines


class _Pieces:
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._stream = io.BytesIO(data)
        self._size = size

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(self._size)


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.integers(4, 60), st.booleans())
def test_lines_are_those_that_were_joined(lines: list[bytes], size: int, has_end: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if has_end else b"")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    wanted = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if not wanted[-1]:
        wanted.pop()
    assert list(byte_lines(_Pieces(data, size), "f")) == list(enumerate(wanted, 1))


@pytest.mark.parametrize("size", [1000, 1 << 18, 1 << 21])
def test_a_line_that_is_too_long_is_not_kept(size: int) -> None:
    just, over = b"a" * MAX_ROW_BYTES, b"b" * (MAX_ROW_BYTES + 1)
    data = b"\n".join([b"x", over, just, over, b"y", over])
    assert list(byte_lines(_Pieces(data, size), "f")) == [
        (1, b"x"),
        (2, None),
        (3, just),
        (4, None),
        (5, b"y"),
        (6, None),
    ]
