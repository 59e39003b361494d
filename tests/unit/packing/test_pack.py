"""Packing: every document once, no row too long, few rows, the same rows again however the documents come in."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmgic.errors import InputError, LengthOutOfRange, ParamsError, UsageError
from mmgic.packing import PackedRows, Packing, PackStream, Policy, pack
from tests.unit.twins.packing import fewest_rows, fewest_rows_of_two, packed_windows

Lengths = NDArray[np.int64]


def rows_of(packing: PackedRows) -> list[list[int]]:
    starts = packing.row_starts.astype(np.int64)
    return [packing.items[a:b].tolist() for a, b in zip(starts[:-1], starts[1:], strict=True)]


def check(packing: Packing, lengths: Lengths, capacity: int, window: int | None) -> None:
    rows = rows_of(packing)
    assert packing.items.dtype == np.uint32 and packing.row_starts.dtype == np.uint64
    assert packing.num_rows == len(rows) == packing.report.rows
    assert packing.report.lower_bound <= packing.report.window_bound <= packing.report.rows
    assert packing.report.tokens == lengths.sum()
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
    assert packing.report.fill > 0.9995
    assert packing.report.over_bound < 0.0005
    check(packing, lengths.astype(np.int64), 2048, None)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.uint64])
def test_every_integer_type(dtype: type[np.integer]) -> None:
    packing = pack(np.array([3, 4, 100], dtype=dtype), 100, seed=0)
    assert sorted(map(sorted, rows_of(packing))) == [[0, 1], [2]]


def test_nothing() -> None:
    packing = pack(np.array([], dtype=np.int64), 10, seed=0)
    assert packing.num_rows == 0 and packing.report.fill == 1.0 and packing.report.over_bound == 0.0


@pytest.mark.parametrize(
    ("lengths", "index", "value"),
    [
        (np.array([1, 2, 0, 11]), 2, 0),
        (np.array([1, 11, 0]), 1, 11),
        (np.array([-4]), 0, -4),
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
    with pytest.raises(ParamsError, match="capacity 0"):
        pack(good, 0, seed=0)
    with pytest.raises(ParamsError, match="window of 0"):
        pack(good, 5, window=0, seed=0)
    with pytest.raises(ParamsError, match="seed -1"):
        pack(good, 5, seed=-1)
    with pytest.raises(ParamsError, match="policy 'cut'"):
        pack(good, 5, seed=0, policy="cut")  # type: ignore[arg-type]
    with pytest.raises(ParamsError, match="window 2.5 is no whole number"):
        pack(good, 5, seed=0, window=2.5)  # type: ignore[arg-type]
    with pytest.raises(ParamsError, match=f"window of {2**63}"):
        pack(good, 5, seed=0, window=2**63)
    for wrong in (None, ["a"], [[1], [1, 2]]):
        with pytest.raises(InputError, match="lengths of type"):
            pack(wrong, 5, seed=0)  # type: ignore[arg-type]
    assert pack([3, 2], 5, seed=0).num_rows == 1  # type: ignore[arg-type]
    assert pack([], 5, seed=0).num_rows == 0  # type: ignore[arg-type]
    with pytest.raises(ParamsError, match="second_capacity 0"):
        pack(good, 5, seed=0, second=good, second_capacity=0)
    with pytest.raises(InputError, match="go together"):
        pack(good, 5, seed=0, second=good)
    with pytest.raises(InputError, match="2 second counts for 1 documents"):
        pack(good, 5, seed=0, second=np.array([1, 2]), second_capacity=5)
    with pytest.raises(LengthOutOfRange, match="document 0 counts 6 for the second capacity, allowed are 0 to 5"):
        pack(good, 5, seed=0, second=np.array([6]), second_capacity=5)
    with pytest.raises(LengthOutOfRange, match=f"document 1 has length {2**63 + 5}, more than"):
        pack(np.array([1, 2**63 + 5], dtype=np.uint64), 5, seed=0)
    with pytest.raises(InputError, match="float64"):
        pack(np.array([1.0]), 5, seed=0)
    with pytest.raises(InputError, match=r"shape \(1, 1\)"):
        pack(np.array([[1]]), 5, seed=0)


sizes = st.tuples(st.integers(1, 30), st.integers(0, 4))


@settings(deadline=None)
@given(
    st.lists(sizes, max_size=60),
    st.none() | st.integers(4, 9),
    st.integers(1, 40),
    st.integers(0, 2**64 - 1),
)
def test_rows_are_those_of_the_twin(
    documents: list[tuple[int, int]], second_capacity: int | None, window: int, seed: int
) -> None:
    lengths = np.array([length for length, _ in documents], dtype=np.int64)
    second = None if second_capacity is None else np.array([count for _, count in documents], dtype=np.int64)
    found = pack(lengths, 40, window=window, seed=seed, second=second, second_capacity=second_capacity)
    assert rows_of(found) == packed_windows(documents, 40, second_capacity, window, seed)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 3)), min_size=1, max_size=8), st.integers(0, 3))
def test_close_to_the_fewest_rows_with_two_capacities(documents: list[tuple[int, int]], seed: int) -> None:
    lengths, second = (np.array(values) for values in zip(*documents, strict=True))
    packing = pack(lengths, 20, seed=seed, second=second, second_capacity=5)
    for row in rows_of(packing):
        assert lengths[row].sum() <= 20 and second[row].sum() <= 5
    fewest = fewest_rows_of_two(documents, 20, 5)
    assert packing.report.lower_bound <= fewest <= packing.num_rows <= fewest + 1


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 60), max_size=150),
    st.lists(st.integers(0, 150), max_size=6),
    st.integers(1, 40),
    st.sampled_from(["drop", "truncate", "split"]),
    st.none() | st.just(5),
)
def test_a_stream_gives_the_same_rows_however_it_is_cut(
    values: list[int], cuts: list[int], window: int, policy: Policy, second_capacity: int | None
) -> None:
    lengths = np.array(values, dtype=np.int64)
    second = None if second_capacity is None else lengths % 7
    whole = pack(lengths, 50, window=window, seed=7, second=second, second_capacity=second_capacity, policy=policy)
    stream = PackStream(50, window=window, seed=7, second_capacity=second_capacity, policy=policy)
    rows: list[list[tuple[int, int, int]]] = []
    bounds = [0, *sorted(min(cut, len(lengths)) for cut in cuts), len(lengths)]
    for start, stop in zip(bounds[:-1], bounds[1:], strict=True):
        pushed = stream.push(lengths[start:stop], None if second is None else second[start:stop])
        rows += stretches_of(pushed, lengths[pushed.first :])
    last = stream.finish()
    rows += stretches_of(last, lengths[last.first :])
    assert rows == stretches_of(whole, lengths)
    assert stream.report == whole.report


def stretches_of(rows: PackedRows, lengths: Lengths) -> list[list[tuple[int, int, int]]]:
    """Document (of the stream), first token and tokens of each item of each row."""
    pieces = rows.pieces
    return [
        [
            (rows.first + item, 0, int(lengths[item]))
            if pieces is None
            else (rows.first + int(pieces.documents[item]), int(pieces.starts[item]), int(pieces.lengths[item]))
            for item in row
        ]
        for row in rows_of(rows)
    ]


def test_a_stream_names_a_bad_document_by_its_number_and_ends_there() -> None:
    stream = PackStream(10, window=2, seed=0)
    assert stream.push(np.array([3, 4, 5])).num_rows == 1
    with pytest.raises(LengthOutOfRange, match="document 3 has length 11") as caught:
        stream.push(np.array([11]))
    assert caught.value.where == "index 3"
    with pytest.raises(UsageError, match="the stream ended with an error"):
        stream.push(np.array([1]))
    with pytest.raises(UsageError, match="the stream ended with an error"):
        stream.finish()
    again = PackStream(10, window=2, seed=0, second_capacity=5)
    again.push(np.array([1, 2, 3]), np.array([0, 0, 0]))
    with pytest.raises(LengthOutOfRange, match=f"document 3 has second count {2**63 + 1}"):
        again.push(np.array([4]), np.array([2**63 + 1], dtype=np.uint64))


@pytest.mark.parametrize("policy", ["drop", "truncate", "split"])
def test_a_bad_document_is_named_among_those_that_are_cut(policy: Policy) -> None:
    counts = np.array([0, 0, -1])
    with pytest.raises(LengthOutOfRange, match="document 2 has length 5 and counts -1"):
        pack(np.array([100, 5, 5]), 10, seed=0, second=counts, second_capacity=5, policy=policy)
    with pytest.raises(LengthOutOfRange, match="document 1 has length 0"):
        pack(np.array([100, 0]), 10, seed=0, policy=policy)


def test_a_document_beyond_all_bounds_is_dropped_or_named() -> None:
    lengths = np.array([3, 2**40])
    assert pack(lengths, 10, seed=0, policy="drop").report.dropped == 1
    with pytest.raises(LengthOutOfRange, match=f"document 1 has length {2**40}") as caught:
        pack(lengths, 10, seed=0, policy="split")
    assert caught.value.hint == "drop it"


def test_a_text_keeps_its_second_count_where_it_is_cut() -> None:
    for policy, rows in (("truncate", 2), ("split", 11)):
        packing = pack(
            np.array([100, 3]),
            10,
            seed=0,
            second=np.array([1, 0]),
            second_capacity=5,
            policy=policy,  # type: ignore[arg-type]
        )
        assert (packing.report.dropped, packing.num_rows) == (0, rows)
        assert packing.pieces is not None and packing.pieces.second.sum() == 1


def test_more_classes_than_are_tried_follow_the_twin_too() -> None:
    """64 tries with two capacities: which classes they meet decides."""
    rng = np.random.default_rng(4)
    for seed in range(6):
        documents = [(int(a), int(b)) for a, b in zip(rng.integers(1, 400, 220), rng.integers(0, 40, 220), strict=True)]
        lengths, second = (np.array(values) for values in zip(*documents, strict=True))
        found = pack(lengths, 1000, seed=seed, second=second, second_capacity=60)
        assert rows_of(found) == packed_windows(documents, 1000, 60, 220, seed)


def test_what_is_too_long_is_counted() -> None:
    lengths = np.array([5, 25, 10, 11])
    dropped = pack(lengths, 10, seed=0, policy="drop")
    assert sorted(dropped.documents.tolist()) == [0, 2]
    report = dropped.report
    assert (report.documents, report.pieces, report.dropped, report.tokens, report.tokens_lost) == (4, 2, 2, 15, 36)
    truncated = pack(lengths, 10, seed=0, policy="truncate").report
    assert (truncated.pieces, truncated.truncated, truncated.tokens, truncated.tokens_lost) == (4, 2, 35, 16)
    split = pack(lengths, 10, seed=0, policy="split")
    assert sorted(split.documents.tolist()) == [0, 1, 1, 1, 2, 3, 3]
    assert (split.report.split, split.report.tokens, split.report.tokens_lost) == (2, 51, 0)


def test_the_report_shows_what_the_windows_cost() -> None:
    lengths = np.array([6, 6, 4, 4])
    report = pack(lengths, 10, window=2, seed=0).report
    assert (report.rows, report.lower_bound, report.window_bound) == (3, 2, 3)
    assert report.over_bound == pytest.approx(0.5) and report.fill == pytest.approx(20 / 30)


def test_memory_of_a_stream_is_one_window() -> None:
    """Ten times the documents take no more memory, as the interpreter counts what it and NumPy hold."""
    peaks = []
    for pushes in (20, 200):
        stream = PackStream(2048, window=1000, seed=0)
        lengths = np.random.default_rng(0).integers(1, 500, 997)
        tracemalloc.start()
        for _ in range(pushes):
            stream.push(lengths)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
