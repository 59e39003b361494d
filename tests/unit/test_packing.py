"""Packing: every document once, no row too long, few rows, the same rows again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmgic.errors import InputError, LengthOutOfRange, ParamsError
from mmgic.packing import Packing, pack
from tests.unit.twins.packing import fewest_rows

Lengths = NDArray[np.int64]


def rows_of(packing: Packing) -> list[list[int]]:
    starts = packing.row_starts.astype(np.int64)
    return [packing.items[a:b].tolist() for a, b in zip(starts[:-1], starts[1:], strict=True)]


def check(packing: Packing, lengths: Lengths, capacity: int, window: int | None) -> None:
    rows = rows_of(packing)
    assert packing.items.dtype == np.uint32 and packing.row_starts.dtype == np.uint64
    assert packing.num_rows == len(rows)
    assert sorted(packing.items.tolist()) == list(range(len(lengths)))
    windows = []
    for row in rows:
        assert row and sum(int(lengths[d]) for d in row) <= capacity
        assert window is None or len({d // window for d in row}) == 1
        windows.append(0 if window is None else row[0] // window)
    assert windows == sorted(windows)


@settings(deadline=None)
@given(
    st.integers(1, 200).flatmap(
        lambda capacity: st.tuples(st.just(capacity), st.lists(st.integers(1, capacity), max_size=120))
    ),
    st.none() | st.integers(1, 50),
    st.integers(0, 2**64 - 1),
)
def test_every_document_once_in_rows_that_hold_it(case: tuple[int, list[int]], window: int | None, seed: int) -> None:
    capacity, values = case
    lengths = np.array(values, dtype=np.int64)
    packing = pack(lengths, capacity, window=window, seed=seed)
    check(packing, lengths, capacity, window)
    again = pack(lengths, capacity, window=window, seed=seed)
    assert np.array_equal(packing.items, again.items)
    assert np.array_equal(packing.row_starts, again.row_starts)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=9), st.integers(0, 3))
def test_close_to_the_fewest_rows(values: list[int], seed: int) -> None:
    packing = pack(np.array(values), 20, seed=seed)
    fewest = fewest_rows(values, 20)
    assert fewest <= packing.num_rows <= fewest + 1


@pytest.mark.parametrize("capacity", [1, 2, 62, 63, 64, 65, 4094, 4095, 4096, 4097, 262_143, 262_144])
def test_capacities_where_the_length_set_grows(capacity: int) -> None:
    lengths = np.array([1, capacity, max(1, capacity - 1), max(1, capacity // 2)])
    check(pack(lengths, capacity, seed=0), lengths, capacity, None)


def test_values_are_stable() -> None:
    lengths = np.array([5, 3, 3, 2, 8, 1, 1, 7, 3, 5])
    packing = pack(lengths, 10, seed=42)
    assert rows_of(packing) == [[7, 2], [1, 8, 6, 5], [4, 3], [9, 0]]


def test_seeds_change_rows_but_not_their_number() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 5000)
    packings = [pack(lengths, 512, seed=seed) for seed in range(3)]
    assert len({p.num_rows for p in packings}) == 1
    assert not np.array_equal(packings[0].items, packings[1].items)
    assert not np.array_equal(packings[1].items, packings[2].items)


def test_windows_are_packed_alike_whatever_comes_after() -> None:
    lengths = np.random.default_rng(1).integers(1, 100, 1000)
    whole = pack(lengths, 256, window=300, seed=5)
    part = pack(lengths[:600], 256, window=300, seed=5)
    assert np.array_equal(whole.items[:600], part.items)
    assert np.array_equal(whole.row_starts[: part.num_rows + 1], part.row_starts)


def test_text_lengths_fill_almost_every_position() -> None:
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.lognormal(np.log(403), 1, 100_000), 1, 2048).astype(np.int32)
    packing = pack(lengths, 2048, seed=0)
    assert packing.fill(lengths, 2048) > 0.9995
    check(packing, lengths.astype(np.int64), 2048, None)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64])
def test_every_integer_type(dtype: type[np.integer]) -> None:
    packing = pack(np.array([3, 4, 100], dtype=dtype), 100, seed=0)
    assert sorted(map(sorted, rows_of(packing))) == [[0, 1], [2]]


def test_nothing() -> None:
    packing = pack(np.array([], dtype=np.int64), 10, seed=0)
    assert packing.num_rows == 0 and packing.fill(np.array([], dtype=np.int64), 10) == 1.0


@pytest.mark.parametrize(
    ("lengths", "index", "value"),
    [
        (np.array([1, 2, 0, 11]), 2, 0),
        (np.array([1, 11, 0]), 1, 11),
        (np.array([-4]), 0, -4),
        (np.array([1, 2**63 + 5], dtype=np.uint64), 1, 2**63 + 5),
        (np.array([0, 2**63 + 5], dtype=np.uint64), 0, 0),
        (np.array([1, 2**40]), 1, 2**40),
    ],
)
def test_a_bad_length_is_named(lengths: Lengths, index: int, value: int) -> None:
    with pytest.raises(LengthOutOfRange, match=f"document {index} has length {value}, allowed are 1 to 10") as caught:
        pack(lengths, 10, seed=0)
    assert caught.value.where == f"index {index}"
    assert caught.value.hint


def test_bad_params_are_named() -> None:
    good = np.array([1])
    with pytest.raises(ParamsError, match="capacity of 0"):
        pack(good, 0, seed=0)
    with pytest.raises(ParamsError, match="window of 0"):
        pack(good, 5, window=0, seed=0)
    with pytest.raises(ParamsError, match="seed -1"):
        pack(good, 5, seed=-1)
    with pytest.raises(InputError, match="float64"):
        pack(np.array([1.0]), 5, seed=0)
    with pytest.raises(InputError, match=r"shape \(1, 1\)"):
        pack(np.array([[1]]), 5, seed=0)
