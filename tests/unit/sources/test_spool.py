"""Rows grouped on disk: any order in, keys in order out; streams joined by key as a dictionary would."""

import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.sources.spool import Spool, joined

_KEYS = st.integers(-(2**60), 2**60) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6
)


class _Row(msgspec.Struct):
    number: int
    text: str = ""


def _order(key: int | str) -> tuple[bool, bytes | int]:
    return isinstance(key, str), key.encode() if isinstance(key, str) else key


@given(rows=st.lists(st.tuples(_KEYS, st.integers(0, 9)), max_size=60))
def test_keys_come_in_order_with_their_rows_in_theirs(rows: list[tuple[Any, int]]) -> None:
    expected: dict[Any, list[int]] = {}
    for key, number in rows:
        expected.setdefault(key, []).append(number)
    with Spool[_Row](_Row) as spool:
        for key, number in rows:
            spool.add(key, _Row(number, "é"))
        found = [(key, [row.number for row in group]) for key, group in spool.groups()]
        assert list(spool.groups()) or not rows
    assert found == [(key, expected[key]) for key in sorted(expected, key=_order)]


@given(tables=st.lists(st.dictionaries(_KEYS, st.integers(), max_size=12), min_size=1, max_size=4))
def test_streams_are_joined_as_dictionaries_are(tables: list[dict[Any, int]]) -> None:
    streams = [iter(sorted(table.items(), key=lambda item: _order(item[0]))) for table in tables]
    keys = sorted({key for table in tables for key in table}, key=_order)
    assert list(joined(*streams)) == [(key, [table.get(key) for table in tables]) for key in keys]


def test_more_rows_than_a_batch() -> None:
    with Spool[int](int) as spool:
        for number in range(25_000):
            spool.add(-number % 7, number)
        groups = list(spool.groups())
    assert [key for key, _ in groups] == list(range(7))
    assert all(rows == sorted(rows) for _, rows in groups) and sum(len(rows) for _, rows in groups) == 25_000


def test_a_row_that_cannot_be_encoded_is_an_error_at_once() -> None:
    with Spool[Any](Any) as spool, pytest.raises(TypeError):
        spool.add(1, object())


def test_large_rows_do_not_wait_in_memory() -> None:
    tracemalloc.start()
    with Spool[bytes](bytes) as spool:
        for number in range(100):
            spool.add(number, b"x" * 500_000)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
        assert sum(len(rows) for _, rows in spool.groups()) == 100
    tracemalloc.stop()
