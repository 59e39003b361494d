"""The global order of rows: a seeded permutation of each epoch that needs no memory.

A Feistel network over the next power of four, walked until the value is a row (cycle walking), permutes [0, n). Global
position p is epoch p // n, place p % n; step s takes positions [s G, (s + 1) G), rank r of w every w-th of them. The state of
the loader is therefore one number, and the same on any number of ranks.
"""

import numpy as np
from numpy.typing import NDArray

_ROUND_KEYS = [np.uint64(number * 0x9E3779B97F4A7C15 % 2**64) for number in range(6)]


def rows_of_step(step: int, rows_per_step: int, num_rows: int, seed: int) -> NDArray[np.int64]:
    """Row numbers (rows_per_step,) of a step, over all ranks, in order.

    Raises:
        ValueError: there are no rows.
    """
    if num_rows < 1:
        raise ValueError("no rows")
    positions = np.arange(step * rows_per_step, (step + 1) * rows_per_step, dtype=np.int64)
    epochs, places = np.divmod(positions, num_rows)
    return permuted(places, epochs, num_rows, seed)


def permuted(places: NDArray[np.int64], epochs: NDArray[np.int64], num_rows: int, seed: int) -> NDArray[np.int64]:
    """Where each place (N,) of its epoch (N,) lies in the permutation of that epoch."""
    half_bits = np.uint64(max(1, (int(num_rows - 1).bit_length() + 1) // 2))
    keys = _hashed(epochs.astype(np.uint64) ^ _hashed(np.full(len(epochs), seed, np.uint64)))
    values = _feistel(places.astype(np.uint64), keys, half_bits)
    while (outside := values >= num_rows).any():
        values[outside] = _feistel(values[outside], keys[outside], half_bits)
    return values.astype(np.int64)


def _feistel(values: NDArray[np.uint64], keys: NDArray[np.uint64], half_bits: np.uint64) -> NDArray[np.uint64]:
    mask = (np.uint64(1) << half_bits) - np.uint64(1)
    left, right = values >> half_bits, values & mask
    for round_key in _ROUND_KEYS:
        left, right = right, left ^ (_hashed(right ^ keys ^ round_key) & mask)
    return (left << half_bits) | right


def _hashed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
