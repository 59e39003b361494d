"""Packed rows: every document whole in exactly one row, the same rows whatever the split into batches."""

from hypothesis import given
from hypothesis import strategies as st

from mmgic.schema.sequences import Sequence
from mmgic.vocab.rows import packed_rows


def _documents(lengths: list[int]) -> list[Sequence]:
    return [Sequence([f"k{i}"], [n], bytes([i % 256, 0]) * n, bytes([i % 6]) * n) for i, n in enumerate(lengths)]


@given(
    lengths=st.lists(st.integers(1, 32), max_size=60),
    window=st.integers(1, 20),
    seed=st.sampled_from([0, 1, 2**32 - 1]),
)
def test_every_document_stands_whole_in_one_row(lengths: list[int], window: int, seed: int) -> None:
    documents = {document.keys[0]: document for document in _documents(lengths)}
    rows = list(packed_rows(iter(documents.values()), row_length=32, window=window, seed=seed))
    assert sorted(key for row in rows for key in row.keys) == sorted(documents)
    for row in rows:
        assert sum(row.lengths) <= 32
        assert row.ids == b"".join(documents[key].ids for key in row.keys)
        assert row.kinds == b"".join(documents[key].kinds for key in row.keys)
        windows = {int(key[1:]) // window for key in row.keys}
        assert len(windows) == 1
    assert rows == list(packed_rows(iter(documents.values()), row_length=32, window=window, seed=seed))


def test_another_seed_gives_other_rows() -> None:
    documents = _documents([8] * 64)
    first, second = (list(packed_rows(documents, row_length=32, window=64, seed=seed)) for seed in (1, 2))
    assert len(first) == len(second) == 16
    assert first != second
