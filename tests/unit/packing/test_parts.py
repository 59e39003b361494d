"""Documents that are too long: what falls off, where they are split, and what is never cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.errors import InputError, LengthOutOfRange, ParamsError
from mmgic.packing import PackStream, PartFlag, Parts, Policy, pack, pieces_of_parts
from tests.unit.twins.pieces import PartOf, pieces_of

TEXT, WHOLE, LEADS, TRAILS = 0, int(PartFlag.WHOLE), int(PartFlag.LEADS), int(PartFlag.TRAILS)


def parts_of(documents: list[list[PartOf]]) -> Parts:
    flat = [part for document in documents for part in document]
    return Parts(
        np.array([length for length, _, _ in flat], np.int64),
        np.cumsum([0, *(len(document) for document in documents)]),
        np.array([flags for _, _, flags in flat], np.uint8),
        np.array([second for _, second, _ in flat], np.int64),
    )


part = st.tuples(st.integers(1, 30), st.integers(0, 1), st.integers(0, 7)).map(
    lambda p: (p[0], p[1], p[2] | WHOLE if p[1] else p[2])
)


@settings(deadline=None)
@given(
    st.lists(st.lists(part, min_size=1, max_size=12), max_size=6),
    st.sampled_from(["drop", "truncate", "split"]),
    st.none() | st.integers(1, 3),
)
def test_pieces_are_those_of_the_twin(documents: list[list[PartOf]], policy: Policy, second: int | None) -> None:
    counts, pieces = pieces_of_parts(parts_of(documents), 25, second, policy)
    expected = [pieces_of(document, 25, second, policy) for document in documents]
    assert counts.tolist() == [len(found) for found in expected]
    found = zip(pieces.starts.tolist(), pieces.lengths.tolist(), pieces.second.tolist(), strict=True)
    assert list(found) == [piece for document in expected for piece in document]
    assert pieces.documents.tolist() == np.repeat(np.arange(len(documents)), counts).tolist()


def test_a_picture_is_never_cut_and_its_words_go_with_it() -> None:
    document = [
        (1, 0, LEADS),
        (8, 1, WHOLE),
        (3, 0, LEADS),
        (40, 0, TEXT),
        (3, 0, LEADS),
        (8, 1, WHOLE),
        (2, 0, TRAILS),
    ]
    packing = pack(parts_of([document]), 30, seed=0, policy="truncate")
    assert packing.pieces is not None and packing.pieces.lengths.tolist() == [30]
    packing = pack(parts_of([document]), 54, seed=0, policy="truncate")
    assert packing.pieces is not None and packing.pieces.lengths.tolist() == [52]
    packing = pack(parts_of([document]), 55, seed=0, policy="split")
    assert packing.pieces is not None
    assert list(zip(packing.pieces.starts, packing.pieces.lengths, strict=True)) == [(0, 52), (52, 13)]
    assert pack(parts_of([document]), 7, seed=0, policy="split").report.dropped == 1


def test_pictures_of_a_row_are_counted() -> None:
    documents = [[(4, 1, WHOLE)] * pictures for pictures in (3, 2, 1)]
    packing = pack(parts_of(documents), 100, seed=0, second_capacity=3, policy="drop")
    assert packing.num_rows == 2 and packing.report.dropped == 0
    packing = pack(parts_of(documents), 100, seed=0, second_capacity=2, policy="split")
    assert packing.report.split == 1 and packing.num_rows == 3


def test_what_does_not_fit_together_is_refused() -> None:
    one = np.array([1])
    for starts in ([0, 2], [1, 1], [], [0, 2, 1]):
        with pytest.raises(InputError, match="starts of parts"):
            Parts(one, np.array(starts, np.int64))
    with pytest.raises(InputError, match="2 flags for 1 parts"):
        Parts(one, np.array([0, 1]), np.zeros(2, np.uint8))
    with pytest.raises(InputError, match="lengths of parts of type float64"):
        Parts(np.array([1.5]), np.array([0, 1]))
    for lengths in ([1, -2], [1, 0], [1, 2**32]):
        with pytest.raises(LengthOutOfRange, match=f"part 1 has {lengths[1]} in `lengths`"):
            Parts(np.array(lengths), np.array([0, 2]))
    with pytest.raises(LengthOutOfRange, match="part 0 has 8 in `flags`"):
        Parts(one, np.array([0, 1]), np.array([8], np.uint8))
    with pytest.raises(LengthOutOfRange, match="part 0 has -1 in `second`"):
        Parts(one, np.array([0, 1]), None, np.array([-1]))
    for capacity in (0, -1, 2**25):
        with pytest.raises(ParamsError, match=f"capacity {capacity}"):
            pieces_of_parts(Parts(one, np.array([0, 1])), capacity, None, "split")
    with pytest.raises(ParamsError, match="4294967296 pieces, more than 67108864"):
        pieces_of_parts(Parts(np.array([2**32 - 1]), np.array([0, 1])), 1, None, "split")
    with pytest.raises(InputError, match="second count beside parts"):
        pack(Parts(one, np.array([0, 1])), 5, seed=0, second=one, second_capacity=1)


@settings(deadline=None)
@given(
    st.lists(st.lists(part, min_size=1, max_size=6), max_size=25),
    st.lists(st.integers(0, 25), max_size=4),
    st.integers(1, 9),
    st.sampled_from(["drop", "truncate", "split"]),
    st.none() | st.integers(1, 4),
)
def test_a_stream_of_parts_gives_the_same_rows_however_it_is_cut(
    documents: list[list[PartOf]], cuts: list[int], window: int, policy: Policy, second: int | None
) -> None:
    whole = pack(parts_of(documents), 40, window=window, seed=2, second_capacity=second, policy=policy)
    stream = PackStream(40, window=window, seed=2, second_capacity=second, policy=policy)
    bounds = [0, *sorted(min(cut, len(documents)) for cut in cuts), len(documents)]
    pushed = [stream.push(parts_of(documents[a:b])) for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
    found = [rows for rows in (*pushed, stream.finish()) if rows.num_rows]
    numbers = [rows.first + rows.documents.astype(np.int64) for rows in found]
    assert np.array_equal(np.concatenate([*numbers, np.zeros(0, np.int64)]), whole.documents)
    sizes = [np.diff(rows.row_starts.astype(np.int64)) for rows in found]
    assert np.array_equal(np.concatenate([*sizes, np.zeros(0, np.int64)]), np.diff(whole.row_starts.astype(np.int64)))
    report = stream.report
    assert report == whole.report
    total = sum(length for document in documents for length, _, _ in document)
    assert report.tokens + report.tokens_lost == total and report.documents == len(documents)


def test_lengths_and_parts_do_not_mix_in_a_window() -> None:
    stream = PackStream(10, window=5, seed=0)
    stream.push(np.array([1]))
    stream.push(parts_of([[(1, 0, TEXT)]]))
    with pytest.raises(InputError, match="lengths and parts in one stream"):
        stream.finish()
