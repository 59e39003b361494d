"""Rows by column names: quotes, missing and surplus cells, encodings, reads that end anywhere."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.sources.csv_stream import lines, rows

_CELLS = st.text(alphabet='a"ä, \u2028\t', max_size=5)


class Pieces(io.BytesIO):
    """A stream that gives three bytes a read."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(3)


def _rows(text: str | bytes) -> list[tuple[int, list[str], bool]]:
    data = text.encode() if isinstance(text, str) else text
    return list(rows(io.BytesIO(data), "a.csv", ("id", "x"), ("note",)))


def test_columns_are_found_by_name_in_any_order() -> None:
    assert _rows("x,more,id\n1,2,a\n3,4,b") == [(2, ["a", "1", ""], True), (3, ["b", "3", ""], True)]
    assert _rows("note, id ,x\r\nhi,a,1\r\n") == [(2, ["a", "1", "hi"], True)]


def test_missing_and_surplus_cells_are_told() -> None:
    assert _rows("id,x,note\na\na,1\na,1,hi,2\n,,\n") == [
        (2, ["a", "", ""], False),
        (3, ["a", "1", ""], False),
        (4, ["a", "1", "hi"], False),
        (5, ["", "", ""], True),
    ]
    assert _rows("id,x\na,1,surplus\n") == [(2, ["a", "1", ""], False)]


def test_a_stray_quote_costs_one_row() -> None:
    assert _rows('id,x,note\n"a,1,hi\nb,"2",""\n')[1] == (3, ["b", "2", ""], True)
    assert _rows(f'id,x\n"{"a" * 200_000}",1\nb,2\n')[1] == (3, ["b", "2", ""], True)


def test_empty_lines_and_marks_and_wrong_bytes_are_passed_over() -> None:
    assert _rows(b"\xef\xbb\xbfid,x,note\n\n\r\na,1,caf\xe9\n\nb,2,\0\n") == [
        (4, ["a", "1", "caf\ufffd"], True),
        (6, ["b", "2", "\0"], True),
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "x,note\n1,2\n", "i\0d,x\n"])
def test_a_header_without_the_columns_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match=r"no column id.* in the header") as raised:
        _rows(text)
    assert raised.value.where == "a.csv"


def test_a_line_without_end_is_an_error() -> None:
    with pytest.raises(InputError, match="a line of more than 1048576 characters") as raised:
        _rows("id,x\na,1\n" + "a" * (3 << 20))
    assert raised.value.where == "a.csv, line 3"


@given(st.lists(st.lists(_CELLS, min_size=1, max_size=4), max_size=6))
def test_rows_are_those_that_csv_writes(table: list[list[str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(table)
    data = stream.getvalue().encode()
    expected = [row for row in table if row != [""]]
    for found in (lines(io.BytesIO(data), "a.csv"), lines(Pieces(data), "a.csv")):
        assert [cells for _, cells in found if cells != [""]] == expected
