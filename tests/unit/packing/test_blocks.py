"""Blocks of rows: what was written is read, byte for byte, and what is broken is named."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.packing import (
    Policy,
    RowBlock,
    TokenDocuments,
    block_of_rows,
    block_of_sequences,
    documents_from_sequences,
    joined_documents,
    pack,
)
from mmgic.schema.sequences import Sequence
from tests.unit.twins.blocks import block_of


def sequence_of(number: int, lengths: list[int], id_bytes: int) -> Sequence:
    tokens = sum(lengths)
    ids = ((np.arange(tokens) * 7 + number) % 60_000).astype(f"<u{id_bytes}")
    kinds = bytes((number + token) % 6 for token in range(tokens))
    return Sequence([f"k{number}-{n}" for n in range(len(lengths))], lengths, ids.tobytes(), kinds)


rows_of_lengths = st.lists(st.lists(st.integers(1, 9), max_size=4), max_size=6)


@given(rows_of_lengths, st.sampled_from([2, 4]))
def test_rows_are_read_as_they_were_written(lengths: list[list[int]], id_bytes: int) -> None:
    rows = [sequence_of(number, some, id_bytes) for number, some in enumerate(lengths)]
    data = block_of_sequences(rows, id_bytes).tobytes()
    assert data == block_of(rows, id_bytes)
    block = RowBlock(data)
    assert [block[row] for row in range(len(block))] == rows
    with pytest.raises(IndexError, match=f"row {len(rows)} of {len(rows)}"):
        block[len(rows)]


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
    st.sampled_from(["drop", "truncate", "split"]),
    st.integers(1, 5),
)
def test_packed_rows_hold_the_stretches_of_their_documents(
    lengths: list[int], policy: Policy, rows_per_block: int
) -> None:
    sequences = [sequence_of(number, [length], 2) for number, length in enumerate(lengths)]
    documents = documents_from_sequences(sequences, 2)
    packing = pack(documents.lengths, 25, seed=3, policy=policy)
    found: list[Sequence] = []
    for start in range(0, packing.num_rows, rows_per_block):
        stop = min(packing.num_rows, start + rows_per_block)
        block = RowBlock(block_of_rows(documents, packing, start, stop).data)
        found += [block[row] for row in range(len(block))]
    starts = packing.row_starts.tolist()
    for row, first, last in zip(found, starts[:-1], starts[1:], strict=True):
        items = packing.items[first:last].tolist()
        pieces = packing.pieces
        stretches = [
            (item, 0, lengths[item])
            if pieces is None
            else (int(pieces.documents[item]), int(pieces.starts[item]), int(pieces.lengths[item]))
            for item in items
        ]
        assert row.keys == [f"k{document}-0" for document, _, _ in stretches]
        assert row.lengths == [length for _, _, length in stretches]
        assert row.ids == b"".join(sequences[d].ids[2 * s : 2 * (s + n)] for d, s, n in stretches)
        assert row.kinds == b"".join(sequences[d].kinds[s : s + n] for d, s, n in stretches)


def test_documents_of_several_blocks_are_cut_and_joined() -> None:
    rows = [sequence_of(number, [number + 1], 2) for number in range(6)]
    whole = documents_from_sequences(rows, 2)
    parts = [RowBlock(block_of_sequences(some, 2).data).documents for some in (rows[:2], rows[2:3], rows[3:])]
    joined = joined_documents(parts)
    again = joined_documents([joined.between(0, 4), joined.between(4, 6)])
    for documents in (joined, again):
        assert documents.lengths.tolist() == whole.lengths.tolist() and documents.keys == whole.keys
        assert np.array_equal(documents.ids, whole.ids) and np.array_equal(documents.kinds, whole.kinds)
        assert [documents.key(number) for number in range(6)] == [f"k{number}-0" for number in range(6)]


def test_a_sequence_whose_lengths_do_not_fit_is_named() -> None:
    with pytest.raises(InputError, match="a row with 1 segments of 3 tokens has 4 bytes of ids, 2 kinds, 1 keys"):
        block_of_sequences([Sequence(["a"], [3], bytes(4), bytes(2))], 2)


def test_pieces_outside_their_documents_are_refused() -> None:
    documents = documents_from_sequences([sequence_of(0, [4], 2)], 2)
    packing = pack(np.array([4, 4]), 10, seed=0)
    with pytest.raises(InputError, match="a row holds document 1, there are 1"):
        block_of_rows(documents, packing, 0, packing.num_rows)
    two = documents_from_sequences([sequence_of(0, [4], 2), sequence_of(1, [4], 2)], 2)
    with pytest.raises(InputError, match="a piece reaches beyond its document"):
        block_of_rows(two, pack(np.array([7, 4]), 5, seed=0, policy="split"), 0, 3)
    with pytest.raises(InputError, match="rows 1 to 0 of 1"):
        block_of_rows(two, pack(np.array([4, 4]), 10, seed=0), 1, 0)


def test_documents_that_do_not_fit_together_are_refused() -> None:
    documents = documents_from_sequences([sequence_of(0, [4], 2)], 2)
    rest = (documents.kinds, documents.starts, documents.keys, documents.key_starts)
    with pytest.raises(InputError, match=r"ids of type >u2"):
        TokenDocuments(documents.ids.astype(">u2"), *rest)
    with pytest.raises(InputError, match=r"\(2, 4, 4, 2\) ids, kinds"):
        TokenDocuments(documents.ids[:2], *rest)


GOOD = block_of_sequences([sequence_of(0, [3, 2], 2), sequence_of(1, [4], 2)], 2).tobytes()


def changed(at: int, form: str, value: int) -> bytes:
    data = bytearray(GOOD)
    struct.pack_into(form, data, at, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "a block of 0 bytes has no head"),
        (GOOD[:31], "a block of 31 bytes has no head"),
        (b"PK" + GOOD[2:], "starts with b'PKRB', version 1"),
        (changed(4, "<H", 9), "version 9"),
        (changed(6, "<H", 3), "3 bytes an id"),
        (GOOD[:-8], "says that it has"),
        (changed(8, "<I", 2**32 - 1), "says that it has 17"),
        (changed(16, "<Q", 2**63), "says that it has"),
        (changed(24, "<Q", 2**62), "says that it has"),
        (changed(32, "<I", 1), "do not ascend"),
        (changed(36, "<I", 4), "do not ascend"),
        (changed(52, "<I", 7), "do not ascend"),
    ],
)
def test_what_is_no_block_is_named(data: bytes, what: str) -> None:
    with pytest.raises(InputError) as caught:
        RowBlock(data, "a.rows, block 7")
    assert what in str(caught.value) and caught.value.where == "a.rows, block 7"


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, len(GOOD)))
def test_damage_is_an_error_of_ours_or_other_tokens(at: int, value: int, length: int) -> None:
    data = bytearray(GOOD)
    data[at] = value
    try:
        block = RowBlock(bytes(data[:length]) if length % 2 else bytes(data))
        rows = [block[row] for row in range(len(block))]
    except InputError:
        return
    assert sum(len(row.kinds) for row in rows) == 9
