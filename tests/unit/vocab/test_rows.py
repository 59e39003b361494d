"""Packed rows: every document in exactly one row, the same rows however the tokens lie in shards, long ones as asked."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.packing import RowBlock
from mmgic.params import load_params
from mmgic.schema.params import TokenizeParams
from mmgic.schema.sequences import Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.rows import RowReader, blocks_of_sequences, write_rows
from mmgic.vocab.rows import PackedBlock, SplitPacker

IMAGE_END = 500
PARAMS = Path(__file__).parents[3] / "params.yaml"
CAPTION = 1


def _documents(lengths: list[int]) -> list[Sequence]:
    return [
        Sequence([f"k{i}"], [n], bytes([i % 256, 0]) * n, bytes([0, *[CAPTION] * (n - 1)]))
        for i, n in enumerate(lengths)
    ]


def _packed(
    documents: list[Sequence], params: TokenizeParams, seed: int = 1, cuts: tuple[int, ...] = ()
) -> tuple[list[PackedBlock], SplitPacker]:
    """The blocks of documents that lie in shards cut at these places."""
    folder = Folder("memory://tokens")
    entries = []
    bounds = [0, *sorted(min(cut, len(documents)) for cut in cuts), len(documents)]
    for number, (start, stop) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        blocks = blocks_of_sequences(documents[start:stop], 4, 2)
        entries += write_rows(folder, f"train-{number:05d}", "train", blocks, 1)
    packer = SplitPacker(RowReader(folder, entries, verify=False), params, seed, IMAGE_END)
    return list(packer), packer


def _rows(blocks: list[PackedBlock]) -> list[Sequence]:
    found = [RowBlock(block.data.data) for block in blocks]
    return [block[row] for block in found for row in range(len(block))]


@pytest.fixture(scope="module")
def settings_of() -> TokenizeParams:
    small = {"row_length": 32, "packing_window": 10, "rows_per_block": 3, "rows_per_shard": 5}
    return msgspec.structs.replace(load_params(PARAMS).tokenize, **small)


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 32), max_size=60),
    window=st.integers(1, 20),
    seed=st.sampled_from([0, 1, 2**32 - 1]),
    cuts=st.lists(st.integers(0, 60), max_size=3).map(tuple),
)
def test_every_document_stands_whole_in_one_row(
    settings_of: TokenizeParams, lengths: list[int], window: int, seed: int, cuts: tuple[int, ...]
) -> None:
    documents = {document.keys[0]: document for document in _documents(lengths)}
    params = msgspec.structs.replace(settings_of, packing_window=window)
    blocks, packer = _packed(list(documents.values()), params, seed, cuts)
    rows = _rows(blocks)
    assert sorted(key for row in rows for key in row.keys) == sorted(documents)
    for row in rows:
        assert sum(row.lengths) <= 32
        assert row.ids == b"".join(documents[key].ids for key in row.keys)
        assert row.kinds == b"".join(documents[key].kinds for key in row.keys)
        assert len({int(key[1:]) // window for key in row.keys}) == 1
    again, _ = _packed(list(documents.values()), params, seed)
    assert [block.data.tobytes() for block in again] == [block.data.tobytes() for block in blocks]
    total = sum((block.counts for block in blocks), Counter())
    assert (total["rows"], total["segments"]) == (packer.report.rows, len(documents)) or not documents
    assert packer.rejections == []


def test_blocks_and_shards_have_the_sizes_asked_for(settings_of: TokenizeParams) -> None:
    blocks, _ = _packed(_documents([32] * 23), settings_of)
    assert [(block.shard, block.counts["rows"]) for block in blocks] == [
        *[(0, 3), (0, 2), (1, 3), (1, 2)],
        *[(2, 3), (2, 2), (3, 3), (3, 2)],
        (4, 3),
    ]


def test_another_seed_gives_other_rows(settings_of: TokenizeParams) -> None:
    params = msgspec.structs.replace(settings_of, packing_window=64)
    first, second = (_rows(_packed(_documents([8] * 64), params, seed)[0]) for seed in (1, 2))
    assert len(first) == len(second) == 16
    assert first != second


@pytest.mark.parametrize(
    ("policy", "kept", "left_out"), [("drop", 20, ["k1"]), ("truncate", 52, []), ("split", 90, [])]
)
def test_what_becomes_of_a_long_document(
    settings_of: TokenizeParams, policy: str, kept: int, left_out: list[str]
) -> None:
    params = msgspec.structs.replace(settings_of, too_long=policy)
    blocks, packer = _packed(_documents([20, 70]), params)
    assert sum(sum(row.lengths) for row in _rows(blocks)) == kept
    assert [rejection.key for rejection in packer.rejections] == left_out
    assert all(rejection.cause == "too_long" for rejection in packer.rejections)
    if policy == "split":
        assert Counter(key for row in _rows(blocks) for key in row.keys) == {"k0": 1, "k1": 3}


def test_pictures_of_a_row_are_limited(settings_of: TokenizeParams) -> None:
    """A document is a marker, a picture of three tokens, a marker."""
    ids = b"".join(number.to_bytes(2, "little") for number in (1, 499, 510, IMAGE_END, 2))
    documents = [Sequence([f"k{i}"], [5], ids, bytes([0, 4, 4, 4, 0])) for i in range(12)]
    for limit, rows in ((0, 2), (2, 6), (5, 3)):
        params = msgspec.structs.replace(settings_of, pictures_per_row=limit, packing_window=100)
        blocks, packer = _packed(documents, params)
        assert (len(_rows(blocks)), packer.report.lower_bound) == (rows, rows)


def test_a_document_with_too_many_pictures_is_named_with_the_limit(settings_of: TokenizeParams) -> None:
    ids = b"".join(number.to_bytes(2, "little") for number in (1, 510, IMAGE_END, 510, IMAGE_END, 2))
    documents = [Sequence(["two"], [6], ids, bytes([0, 4, 4, 4, 4, 0])), *_documents([5])]
    params = msgspec.structs.replace(settings_of, pictures_per_row=1, too_long="drop")
    _, packer = _packed(documents, params)
    assert [(rejection.key, rejection.detail) for rejection in packer.rejections] == [
        ("two", "of 6 tokens drop leaves nothing for a row of 32 tokens and 1 pictures")
    ]
