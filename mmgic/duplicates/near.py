"""Hashes near each other: for each, the first kept one within a Hamming distance. Exact: nothing is missed.

A hash is dropped where an earlier kept one is within the distance; what is near a dropped one alone stays (of a ~ b ~ c with a
and c far apart, a and c stay). Pigeonhole [Manku, Jain, Das Sarma 2007]: hashes that differ in at most t bits agree in at
least m of t + m blocks, so each choice of m blocks gives a table in which near ones stand together. A larger m means more
tables, each less crowded.

1. Every table is sorted once. Hashes with no neighbour, nearly all, are done. In a run of more than `_LONG_RUN` equal keys
   nothing is compared: all of it goes on. So this costs the same however crowded the hashes are.
2. Those that are left are halved in their order, again and again. What the left half keeps is compared with the right half, and
   what survives there is decided by itself. A crowd keeps few, so pairs are never listed, and never all compared.

Memory: 10 bytes a hash, 100 bytes for one with a neighbour, and some 300 MB. Time at distance 4: some seconds for a million.
Past a distance of 8 a table has few bits, and the time grows with the square: for small sets.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np

from mmgic.duplicates.repeats import Mask, Rows, Values, parts

_ROWS_PER_PART = 1 << 22
_LONG_RUN = 64
_BRUTE = 1024
_PAIRS_AT_ONCE = 1 << 22
_MAX_TABLES = 5000
_SORT_S, _COMPARE_S = 1e-7, 5e-9  # of a hash and a pair: they steer the cost, not the result


def near_rows(
    values: Values, is_wanted: Mask, max_distance: int, *, rows_per_part: int = _ROWS_PER_PART
) -> tuple[Rows, Rows]:
    """Rows to drop, ascending, and for each the first kept row within the distance.

    Args:
        values: hashes (N,); those wanted are all different.
        is_wanted: which of them are looked at (N,).
        max_distance: bits, at least 1.
    """
    rows = _crowded(values, is_wanted, max_distance, rows_per_part)
    firsts = _firsts(values[rows], max_distance)
    is_dropped = firsts >= 0
    return rows[is_dropped], rows[firsts[is_dropped]]


def _tables(count: int, max_distance: int) -> list[np.uint64]:
    """The bits of each table that is cheapest for `count` hashes."""

    def cost(chosen: int) -> float:
        key_bits = 64 * chosen // (max_distance + chosen)
        tables = comb(max_distance + chosen, chosen)
        return float(tables * count * (_SORT_S + _COMPARE_S * count / 2 ** (key_bits + 1)))

    choices = [m for m in range(1, 9) if comb(max_distance + m, m) <= _MAX_TABLES]
    chosen = min(choices, key=cost)
    edges = [64 * i // (max_distance + chosen) for i in range(max_distance + chosen + 1)]
    blocks = [(1 << stop) - (1 << start) for start, stop in zip(edges[:-1], edges[1:], strict=True)]
    return [np.uint64(sum(some)) for some in combinations(blocks, chosen)]


def _crowded(values: Values, is_wanted: Mask, max_distance: int, rows_per_part: int) -> Rows:
    """The wanted rows that have a neighbour, and some that may have one."""
    is_crowded = np.zeros(len(values), dtype=bool)
    for bits in _tables(int(np.count_nonzero(is_wanted)), max_distance):
        for rows, (found,) in parts([values], is_wanted, bits=bits, rows_per_part=rows_per_part):
            keys = found & bits
            order = np.argsort(keys)
            found, keys = found[order], keys[order]
            left = np.arange(len(rows))
            for step in range(1, _LONG_RUN + 1):  # each with the `step`-th after it, while that has the same key
                left = left[left + step < len(rows)]
                left = left[keys[left] == keys[left + step]]
                if not len(left):
                    break
                near = left[np.bitwise_count(found[left] ^ found[left + step]) <= max_distance]
                is_crowded[rows[order[near]]] = is_crowded[rows[order[near + step]]] = True
            else:
                run = np.cumsum(np.concatenate([[False], keys[1:] != keys[:-1]]))
                is_long = np.zeros(run[-1] + 1, dtype=bool)
                is_long[run[left]] = True
                is_crowded[rows[order[is_long[run]]]] = True
    return np.flatnonzero(is_crowded)


def _firsts(values: Values, max_distance: int) -> Rows:
    """For each hash the number of the first kept one within the distance, -1 for those that are kept."""
    if len(values) <= _BRUTE:
        return _firsts_of_few(values, max_distance)
    middle = len(values) // 2
    firsts = np.full(len(values), -1)
    firsts[:middle] = _firsts(values[:middle], max_distance)
    kept = np.flatnonzero(firsts[:middle] < 0)
    found = _first_matches(values[middle:], values[kept], max_distance)
    is_near = found >= 0
    firsts[middle:][is_near] = kept[found[is_near]]
    rest = middle + np.flatnonzero(~is_near)
    of_rest = _firsts(values[rest], max_distance)
    firsts[rest[of_rest >= 0]] = rest[of_rest[of_rest >= 0]]
    return firsts


def _firsts_of_few(values: Values, max_distance: int) -> Rows:
    is_near = np.bitwise_count(values[:, None] ^ values[None, :]) <= max_distance
    firsts = np.full(len(values), -1)
    for row in range(len(values)):
        if firsts[row] < 0:
            after = row + 1 + np.flatnonzero(is_near[row, row + 1 :])
            firsts[after[firsts[after] < 0]] = row
    return firsts


def _first_matches(queries: Values, kept: Values, max_distance: int) -> Rows:
    """For each query the first of `kept` within the distance, -1 without one."""
    none = len(kept)
    result = np.full(len(queries), none)
    for bits in _tables((len(queries) + len(kept)) // 2, max_distance):
        keys = kept & bits
        order = np.argsort(keys, kind="stable")
        keys, wanted = keys[order], queries & bits
        low = np.searchsorted(keys, wanted, side="left")
        counts = np.searchsorted(keys, wanted, side="right") - low
        for query, place in _pairs(low, counts):
            found = order[place]
            is_near = np.bitwise_count(queries[query] ^ kept[found]) <= max_distance
            np.minimum.at(result, query[is_near], found[is_near])
    return np.where(result == none, -1, result)


def _pairs(low: Rows, counts: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Each query with each of the `counts` places from its `low` on, some pairs at a time."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, _PAIRS_AT_ONCE):
        pair = np.arange(start, min(start + _PAIRS_AT_ONCE, total))
        query = np.searchsorted(ends, pair, side="right")
        yield query, low[query] + pair - (ends[query] - counts[query])
