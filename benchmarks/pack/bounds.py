"""How many rows any packer needs: lower bounds, made here so that the benchmark does not have to trust a packer's report.

1. the sum of the lengths over the capacity;
2. L2 (Martello and Toth, "Knapsack Problems", 1990, chapter 8): documents above half a row need rows of their own, for every
   threshold below which documents are left out;
3. dual feasible functions u^(k) (Fekete and Schepers, "New classes of fast lower bounds for bin packing problems", 2001): whole
   multiples of capacity / (k + 1) stay, other lengths are rounded down;
4. the linear program over all layouts of a row (Gilmore and Gomory, 1961), by column generation. It need not end: in any
   round the prices of the documents, divided by the dearest layout, are a bound (Farley, 1990).

Cost: 1 to 3 some milliseconds, on the histogram of lengths; 4 some seconds, for some hundred different lengths.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csc_matrix

from benchmarks.pack.lengths import Lengths

_FUNCTIONS = 40
_LAYOUTS_A_ROUND = 200

Layout = dict[int, int]
"""How many documents of each length, by its place among the lengths, a row holds."""


def quick_bound(lengths: Lengths, capacity: int) -> int:
    """The best of bounds 1 to 3."""
    histogram = np.bincount(lengths, minlength=capacity + 1).astype(np.int64)
    values = np.arange(capacity + 1, dtype=np.int64)
    total = int((values * histogram).sum())
    best = max(-(-total // capacity), _martello_toth(histogram, capacity))
    for k in range(1, _FUNCTIONS):
        quotient, rest = np.divmod((k + 1) * values, capacity)
        scaled = np.where(rest == 0, values * k, quotient * capacity)
        best = max(best, -(-int((scaled * histogram).sum()) // (k * capacity)))
    return best


def _martello_toth(histogram: NDArray[np.int64], capacity: int) -> int:
    """L2 over every threshold up to half the capacity."""
    half = capacity // 2
    counts = np.cumsum(histogram)
    sums = np.cumsum(np.arange(capacity + 1) * histogram)
    least = np.arange(half + 1)
    alone = counts[capacity] - counts[capacity - least]
    large, large_sum = counts[capacity - least] - counts[half], sums[capacity - least] - sums[half]
    small_sum = sums[half] - np.where(least > 0, sums[least - 1], 0)
    over = -((large * capacity - large_sum - small_sum) // capacity)
    return int((alone + large + np.maximum(over, 0)).max())


def windows_bound(lengths: Lengths, capacity: int, window: int) -> int:
    """Rows that packing in windows of so many documents needs: the sum of the windows' own bounds."""
    return sum(quick_bound(lengths[at : at + window], capacity) for at in range(0, len(lengths), window))


def layouts_bound(lengths: Lengths, capacity: int, rounds: int) -> int:
    """Bound 4, as good as it gets in so many rounds; some hundred are enough to end with the whole program."""
    values, wanted = np.unique(lengths, return_counts=True)
    layouts: list[Layout] = [{at: capacity // int(value)} for at, value in enumerate(values)]
    best = 0
    for _ in range(rounds):
        solved = linprog(
            np.ones(len(layouts)), A_ub=-_matrix(layouts, len(values)), b_ub=-wanted.astype(float), method="highs"
        )
        if solved.status != 0:
            raise RuntimeError(f"the linear program could not be solved: {solved.message}")
        prices = np.maximum(-solved.ineqlin.marginals, 0)
        worth, taken = _dearest(values, prices, capacity)
        best = max(best, math.ceil(float(prices @ wanted) / max(1.0, worth[capacity]) - 1e-6))
        if worth[capacity] <= 1 + 1e-9:
            break
        # One table of prices gives the dearest layout that holds each document: the best of those are tried next.
        with_one = prices + worth[capacity - values]
        chosen = np.argsort(-with_one)[:_LAYOUTS_A_ROUND]
        layouts += [_layout(values, taken, capacity, int(at)) for at in chosen if with_one[at] > 1 + 1e-9]
    return best


def _matrix(layouts: list[Layout], rows: int) -> csc_matrix:
    """How many documents of each length (rows) each layout (columns) holds."""
    starts = np.cumsum([0, *map(len, layouts)])
    places = np.fromiter((at for layout in layouts for at in layout), np.int64, starts[-1])
    counts = np.fromiter((count for layout in layouts for count in layout.values()), np.float64, starts[-1])
    return csc_matrix((counts, places, starts), shape=(rows, len(layouts)))


def _dearest(
    values: NDArray[np.int64], prices: NDArray[np.float64], capacity: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The highest sum of prices in each room 0..capacity, and a document of that layout (-1: it holds none)."""
    worth, taken = np.zeros(capacity + 1), np.full(capacity + 1, -1, dtype=np.int64)
    for room in range(1, capacity + 1):
        worth[room], taken[room] = worth[room - 1], taken[room - 1]
        fitting = int(np.searchsorted(values, room, side="right"))
        if fitting:
            candidates = worth[room - values[:fitting]] + prices[:fitting]
            at = int(np.argmax(candidates))
            if candidates[at] > worth[room]:
                worth[room], taken[room] = candidates[at], at
    return worth, taken


def _layout(values: NDArray[np.int64], taken: NDArray[np.int64], capacity: int, first: int) -> Layout:
    """The dearest layout that holds the document `first`."""
    layout = {first: 1}
    room = capacity - int(values[first])
    while room > 0 and (at := int(taken[room])) >= 0:
        layout[at] = layout.get(at, 0) + 1
        room -= int(values[at])
    return layout
