"""The benchmark of packing runs on few documents with what every checkout has; its bounds and checks hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.pack import run
from benchmarks.pack.bounds import layouts_bound, quick_bound, windows_bound
from benchmarks.pack.lengths import KINDS, drawn_lengths
from benchmarks.pack.packers import check_rows, row_facts
from benchmarks.pack.tokens import IMAGE_KIND, TEXT_IDS, make_tokens
from benchmarks.pack.works import GOALS, pack_works, row_works
from tests.unit.twins.packing import fewest_rows

TOKENS = {"documents": 60, "capacity": 4096, "seed": 5}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run of ours and of those that need no library writes."""
    place = tmp_path_factory.mktemp("pack")
    names = ["--works", "pack text,pack vlm-any,rows,warm,cold", "--engines", "mmgic,in-order,copies"]
    places = ["--peers", str(place / "no-such-python"), "--folder", str(place), "--out", str(place / "result.json")]
    assert run.main(["--quick", "--rounds", "1", *names, *places]) == 0
    assert [path.name for path in place.iterdir()] == ["result.json"], "rows were left behind"
    decoded: dict[str, Any] = json.loads((place / "result.json").read_text())
    return decoded


def test_every_work_was_timed(result: dict[str, Any]) -> None:
    rows = {work["name"]: {row["engine"] for row in work["engines"]} for work in result["works"]}
    assert rows["pack text 2048"] == {"mmgic", "in order"}
    assert rows["rows to memory"] == {"mmgic", "floor: the same bytes in order", "numpy, a slice a document"}
    assert {"mmgic, stored", "mmgic, zstd 3"} <= rows["rows to disk"]
    assert rows["warm rows"] == rows["cold rows"] == {"mmgic, stored", "mmgic, zstd 3"}
    assert not [note for note in result["notes"] if "failed" in note]


def test_rows_are_no_fewer_than_the_bounds(result: dict[str, Any]) -> None:
    packings = [work for work in result["works"] if work["name"].startswith("pack")]
    assert len(packings) == 6
    for work in packings:
        for row in work["engines"]:
            assert row["rows"] >= work["arguments"]["bound"]
            assert 0 <= row["over_bound_percent"] and 0 < row["fill_percent"] <= 100
        ours, in_order = (next(r for r in work["engines"] if r["engine"] == name) for name in ("mmgic", "in order"))
        assert ours["rows"] < in_order["rows"]


def test_compressed_rows_are_smaller(result: dict[str, Any]) -> None:
    (work,) = (work for work in result["works"] if work["name"] == "rows to disk")
    share = {row["engine"]: row["share_of_raw"] for row in work["engines"]}
    assert share["mmgic, zstd 3"] < 0.8 < 1.0 <= share["mmgic, stored"] < 1.1


def test_goals_name_works_that_are_there() -> None:
    names = {name for name, _ in pack_works(1, 0)} | {work.name for work in row_works(1, 1, Path())}
    assert {goal.work for goal in GOALS} <= names


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7), st.integers(20, 23))
def test_no_bound_is_above_the_optimum(lengths: list[int], capacity: int) -> None:
    fewest, drawn = fewest_rows(lengths, capacity), np.array(lengths)
    assert 1 <= quick_bound(drawn, capacity) <= fewest
    assert 1 <= layouts_bound(drawn, capacity, rounds=50) <= fewest
    assert windows_bound(drawn, capacity, window=100) == quick_bound(drawn, capacity)


def test_bounds_go_beyond_the_sum() -> None:
    assert quick_bound(np.array([5, 5, 5]), 10) == 2  # the sum
    assert quick_bound(np.array([6] * 10), 10) == 10  # L2: no two fit, their sum is 6 rows
    assert quick_bound(np.array([4] * 30), 11) == 15  # u^(2): no three fit, their sum is 11 rows
    assert windows_bound(np.array([6, 4, 6, 4]), 10, window=1) == 4
    assert windows_bound(np.array([6, 4, 6, 4]), 10, window=2) == 2


def test_the_linear_program_goes_beyond_the_quick_bounds() -> None:
    lengths = drawn_lengths("vlm", 3_000, 4096, seed=1)
    assert layouts_bound(lengths, 4096, rounds=500) > quick_bound(lengths, 4096)


def test_wrong_rows_are_refused() -> None:
    lengths, starts = np.array([3, 4, 5]), np.array([0, 2, 3])
    check_rows(lengths, 8, (np.array([0, 2, 1]), starts))
    with pytest.raises(ValueError, match="in two rows"):
        check_rows(lengths, 8, (np.array([0, 2, 2]), starts))
    with pytest.raises(ValueError, match="holds 8 tokens, the capacity is 7"):
        check_rows(lengths, 7, (np.array([0, 2, 1]), starts))
    with pytest.raises(ValueError, match="do not cover"):
        check_rows(lengths, 8, (np.array([0, 2, 1]), np.array([0, 2, 2, 3])))
    facts = row_facts(lengths, 8, (np.array([0, 2, 1]), starts), bound=2, window_bound=None)
    assert facts == {"rows": 2.0, "fill_percent": 75.0, "over_bound_percent": 0.0}


@pytest.mark.parametrize("kind", KINDS)
def test_lengths_are_drawn_alike(kind: str) -> None:
    first, again = (drawn_lengths(kind, 1_000, 2048, seed=4) for _ in range(2))
    assert np.array_equal(first, again) and 1 <= first.min() and first.max() <= 2048
    with pytest.raises(ValueError, match="no lengths of kind"):
        drawn_lengths("other", 1, 1, seed=0)


def test_tokens_fill_their_rows() -> None:
    tokens = make_tokens(TOKENS)
    rows = [tokens.row(number) for number in range(tokens.packing.num_rows)]
    assert sum(len(ids) for ids, _, _ in rows) == tokens.num_tokens
    assert sorted(document for _, _, documents in rows for document in documents) == list(range(60))
    assert np.array_equal(tokens.kinds == IMAGE_KIND, tokens.ids >= TEXT_IDS)
    assert all(row["lengths"].sum() == len(row["ids"]) == len(row["kinds"]) for row in tokens.samples())
