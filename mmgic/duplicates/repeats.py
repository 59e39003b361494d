"""Equal values in long columns: which rows repeat the value of an earlier row.

Columns may be memory maps. They are sorted in parts that hold all rows of a value, so that memory is one byte a row and some
200 MB, whatever their length (unless one value alone has more rows than a part).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

ROWS_PER_PART = 1 << 22

Rows = NDArray[np.int64]
Values = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_ALL_BITS = np.uint64(2**64 - 1)
_MIXER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: the top bits of a product depend on all bits


def parts(
    values: Values, is_wanted: Mask, *, bits: np.uint64 = _ALL_BITS, rows_per_part: int = ROWS_PER_PART
) -> Iterator[Rows]:
    """The wanted rows, ascending, in parts: rows whose values have the same `bits` are in the same part."""
    size = max(0, (len(values) - 1) // rows_per_part).bit_length()
    if not size:
        yield np.flatnonzero(is_wanted)
        return
    for part in range(1 << size):
        found = []
        for start in range(0, len(values), rows_per_part):
            piece = slice(start, start + rows_per_part)
            number = ((values[piece] & bits) * _MIXER) >> np.uint64(64 - size)
            found.append(start + np.flatnonzero(is_wanted[piece] & (number == part)))
        yield np.concatenate(found)


def repeats(
    columns: Sequence[Values], is_wanted: Mask, *, rows_per_part: int = ROWS_PER_PART
) -> Iterator[tuple[Rows, Rows]]:
    """Rows that are equal to an earlier wanted row in every column, and the first such row of each."""
    for rows in parts(columns[0], is_wanted, rows_per_part=rows_per_part):
        if not len(rows):
            continue
        values = [column[rows] for column in columns]
        order = np.lexsort(values)  # stable: equal values stay in the order of their rows
        is_same = np.ones(len(rows) - 1, dtype=bool)
        for column in values:
            is_same &= column[order[1:]] == column[order[:-1]]
        starts = np.arange(len(rows))
        starts[1:][is_same] = 0
        firsts = np.maximum.accumulate(starts)
        is_repeat = firsts != np.arange(len(rows))
        yield rows[order[is_repeat]], rows[order[firsts[is_repeat]]]
