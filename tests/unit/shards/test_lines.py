"""Compressed JSON lines: round trip, equal bytes, and every way to be broken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.schema.documents import Document, TextPart
from mmgic.schema.manifests import Rejection
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines, write_lines

_DOCUMENTS = [Document(f"k{i}", "train", "C", [TextPart(f"text\n{i}\u2028\x85", "caption")]) for i in range(50)]


def test_round_trip_and_equal_bytes(scratch: Folder) -> None:
    first = write_lines(scratch, "a.jsonl.zst", "train", _DOCUMENTS)
    second = write_lines(scratch, "b.jsonl.zst", "train", iter(_DOCUMENTS))
    assert list(read_lines(scratch, first, Document)) == _DOCUMENTS
    assert (first.count, first.blake3, first.num_bytes) == (
        50,
        second.blake3,
        len(scratch.read("b.jsonl.zst")),
    )


@settings(max_examples=30)
@given(texts=st.lists(st.text(), max_size=5))
def test_any_text_survives(texts: list[str]) -> None:
    folder = Folder("memory://lines")
    items = [Rejection(text, "cause", text) for text in texts]
    entry = write_lines(folder, "x", "s", items)
    assert list(read_lines(folder, entry, Rejection)) == items


@pytest.mark.parametrize("keep", [0, 1, 10, -1, -4])
def test_a_truncated_shard_is_refused_with_both_hashes(scratch: Folder, keep: int) -> None:
    entry = write_lines(scratch, "a", "train", _DOCUMENTS)
    scratch.write("a", scratch.read("a")[:keep])
    with pytest.raises(InputError, match=rf"BLAKE3 \w+ found, {entry.blake3} expected"):
        list(read_lines(scratch, entry, Document))


def test_lines_of_another_kind_are_refused(scratch: Folder) -> None:
    entry = write_lines(scratch, "a", "train", [Rejection("k", "c")])
    with pytest.raises(InputError, match="cannot read the shard: Object"):
        list(read_lines(scratch, entry, Document))
