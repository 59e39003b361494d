"""Near hashes: the same decisions as one loop over all pairs, whatever the tables, parts and crowds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.duplicates import near
from mmgic.duplicates.near import near_rows
from mmgic.duplicates.repeats import Values


def _by_hand(values: list[int], max_distance: int) -> dict[int, int]:
    kept: list[int] = []
    dropped = {}
    for row, value in enumerate(values):
        first = next((other for other in kept if (values[other] ^ value).bit_count() <= max_distance), None)
        if first is None:
            kept.append(row)
        else:
            dropped[row] = first
    return dropped


def _found(values: Values, max_distance: int, rows_per_part: int = 1 << 22) -> dict[int, int]:
    rows, firsts = near_rows(values, np.ones(len(values), dtype=bool), max_distance, rows_per_part=rows_per_part)
    return dict(zip(rows.tolist(), firsts.tolist(), strict=True))


def _crowds(count: int, centres: int, max_flips: int, seed: int = 1) -> Values:
    """Different hashes around a few centres."""
    draws = np.random.default_rng(seed)
    middles = draws.integers(0, 2**64, centres, dtype=np.uint64)
    values = {
        int(middles[draws.integers(centres)])
        ^ sum(1 << int(bit) for bit in draws.choice(64, draws.integers(max_flips + 1), replace=False))
        for _ in range(count)
    }
    shuffled = np.array(sorted(values), dtype=np.uint64)
    draws.shuffle(shuffled)
    return shuffled


@given(
    st.lists(st.integers(0, 63).flatmap(lambda bit: st.sampled_from([0, 1 << bit, 3 << (bit // 2), 2**64 - 1 - (1 << bit)])),
             unique=True, max_size=40),
    st.integers(1, 16),
)  # fmt: skip
def test_few_hashes(values: list[int], max_distance: int) -> None:
    assert _found(np.array(values, dtype=np.uint64), max_distance) == _by_hand(values, max_distance)


@pytest.mark.parametrize("max_distance", [1, 3, 4, 8, 16])
@pytest.mark.parametrize(("centres", "max_flips"), [(2000, 6), (20, 8), (1, 5)], ids=["thin", "crowds", "one"])
@pytest.mark.parametrize("brute", [16, 1024])
def test_many_hashes(
    monkeypatch: pytest.MonkeyPatch, max_distance: int, centres: int, max_flips: int, brute: int
) -> None:
    monkeypatch.setattr(near, "_BRUTE", brute)
    monkeypatch.setattr(near, "_PAIRS_AT_ONCE", 1000)
    values = _crowds(2000, centres, max_flips)
    assert len(values) > 1000
    expected = _by_hand(values.tolist(), max_distance)
    assert expected
    assert _found(values, max_distance) == expected
    assert _found(values, max_distance, rows_per_part=300) == expected


def test_planted_ones_are_found_among_many() -> None:
    draws = np.random.default_rng(7)
    values = draws.integers(0, 2**64, 200_000, dtype=np.uint64)
    flips = np.array(
        [sum(1 << int(b) for b in draws.choice(64, 4, replace=False)) for _ in range(500)], dtype=np.uint64
    )
    values[-500:] = values[:500] ^ flips
    assert _found(values, 4) == {200_000 - 500 + i: i for i in range(500)}
    assert _found(values, 3) == {}


def test_a_chain_keeps_its_ends() -> None:
    a, b, c = 0, 0b111, 0b111111
    assert _found(np.array([a, b, c], dtype=np.uint64), 4) == {1: 0}
    assert _found(np.array([b, a, c], dtype=np.uint64), 4) == {1: 0, 2: 0}


def test_only_wanted_rows_count() -> None:
    values = np.array([0, 1, 3], dtype=np.uint64)
    rows, firsts = near_rows(values, np.array([False, True, True]), 1)
    assert (rows.tolist(), firsts.tolist()) == ([2], [1])


def test_none() -> None:
    assert _found(np.zeros(0, dtype=np.uint64), 4) == {}
