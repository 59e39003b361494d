"""Equal values in long columns: which rows repeat the value of an earlier row.

Columns may be memory maps. They are sorted in parts that hold all rows of a value: of 16,384 rows up to a million rows, of a
64th beyond, unless one value alone has more. So memory is 2 MB, or a byte a row; each part is a pass over the columns. Pages of
a map are given back as they are passed: they would count as this process's memory.
"""

import mmap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS_PER_PART = 1 << 14

Rows = NDArray[np.int64]
Values = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_MOST_DOUBLINGS = 6
_ALL_BITS = np.uint64(2**64 - 1)
_MIXER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: the top bits of a product depend on all bits


def parts(
    columns: Sequence[Values],
    is_wanted: Mask | None,
    *,
    bits: np.uint64 = _ALL_BITS,
    rows_per_part: int = ROWS_PER_PART,
) -> Iterator[tuple[Rows, list[Values]]]:
    """The wanted rows (None: all), ascending, and their values in each column, in parts.

    Rows whose values in the first column have the same `bits` are in the same part.
    """
    count = len(columns[0])
    doublings = min((max(0, count - 1) // rows_per_part).bit_length(), _MOST_DOUBLINGS)
    length = max(rows_per_part, count >> doublings)
    for part in range(1 << doublings):
        rows: list[Rows] = []
        values: list[list[Values]] = [[] for _ in columns]
        for start in range(0, max(count, 1), length):
            pieces = [column[start : start + length] for column in columns]
            is_in = np.ones(len(pieces[0]), dtype=bool) if is_wanted is None else is_wanted[start : start + length]
            if doublings:
                number = ((pieces[0] & bits) * _MIXER) >> np.uint64(64 - doublings)
                is_in = is_in & (number == part)
            places = np.flatnonzero(is_in)
            rows.append(start + places)
            for piece, some in zip(pieces, values, strict=True):
                some.append(piece[places])
            release(*columns, *(() if is_wanted is None else (is_wanted,)))
        yield np.concatenate(rows), [np.concatenate(some) for some in values]


def release(*columns: NDArray[Any]) -> None:
    """Gives the pages of memory maps back; what was written stays."""
    for column in columns:
        base: object = column.base
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


def repeats(
    columns: Sequence[Values], is_wanted: Mask | None, *, rows_per_part: int = ROWS_PER_PART
) -> Iterator[tuple[Rows, Rows]]:
    """Rows that are equal to an earlier wanted row in every column, and the first such row of each."""
    for rows, values in parts(columns, is_wanted, rows_per_part=rows_per_part):
        if not len(rows):
            continue
        order = np.lexsort(values)  # stable: equal values stay in the order of their rows
        is_same = np.ones(len(rows) - 1, dtype=bool)
        for column in values:
            is_same &= column[order[1:]] == column[order[:-1]]
        starts = np.arange(len(rows))
        starts[1:][is_same] = 0
        firsts = np.maximum.accumulate(starts)
        is_repeat = firsts != np.arange(len(rows))
        yield rows[order[is_repeat]], rows[order[firsts[is_repeat]]]
