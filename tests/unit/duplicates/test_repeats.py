"""Repeated values: the same rows as a dictionary finds, in one part or in many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.duplicates.repeats import repeats


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans()), max_size=60), st.sampled_from([1, 7, 100])
)
def test_repeats(rows: list[tuple[int, int, bool]], rows_per_part: int) -> None:
    first: dict[tuple[int, int], int] = {}
    expected = {}
    for row, (a, b, is_wanted) in enumerate(rows):
        if is_wanted and first.setdefault((a, b), row) != row:
            expected[row] = first[(a, b)]
    columns = [np.array([row[i] for row in rows], dtype=np.uint64) for i in (0, 1)]
    wanted = np.array([row[2] for row in rows], dtype=bool)
    found = [
        pair
        for some, firsts in repeats(columns, wanted, rows_per_part=rows_per_part)
        for pair in zip(some.tolist(), firsts.tolist(), strict=True)
    ]
    assert dict(found) == expected and len(found) == len(expected)


@pytest.mark.parametrize("rows_per_part", [10, 1000])
def test_all_equal(rows_per_part: int) -> None:
    column = np.full(1000, 2**63 + 5, dtype=np.uint64)
    found = list(repeats([column], np.ones(1000, dtype=bool), rows_per_part=rows_per_part))
    assert sorted(np.concatenate([rows for rows, _ in found]).tolist()) == list(range(1, 1000))
    assert {int(first) for _, firsts in found for first in firsts} == {0}
