"""Row shards: any row by number over many shards and blocks, equal bytes, and every way to be broken."""

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.sequences import BlockIndex, Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.rows import RowReader, write_rows


def _rows(count: int, start: int = 0) -> list[Sequence]:
    return [Sequence([f"k{i}"], [i % 7], bytes([i % 256]) * 8, b"\x01" * 4) for i in range(start, start + count)]


def test_rows_of_all_shards_by_number_and_in_order(scratch: Folder) -> None:
    rows = _rows(23)
    entries = write_rows(scratch, "train-00000", "train", rows[:10], 4) + write_rows(
        scratch, "train-00001", "train", rows[10:], 3
    )
    assert [entry.count for entry in entries] == [10, 0, 13, 0]
    reader = RowReader(scratch, entries, verify=True)
    assert len(reader) == 23
    assert list(reader) == rows
    assert [reader[i] for i in (22, 0, 9, 10, 12, 13, 3, 4)] == [rows[i] for i in (22, 0, 9, 10, 12, 13, 3, 4)]
    for outside in (-1, 23):
        with pytest.raises(IndexError, match=f"row {outside} of 23"):
            reader[outside]


@settings(max_examples=25)
@given(count=st.integers(0, 20), per_block=st.integers(1, 7), row=st.integers(0, 19))
def test_any_block_size_gives_the_same_rows(count: int, per_block: int, row: int) -> None:
    folder = Folder("memory://rows")
    reader = RowReader(folder, write_rows(folder, "a", "s", _rows(count), per_block), verify=True)
    assert list(reader) == _rows(count)
    if row < count:
        assert reader[row] == _rows(1, row)[0]


def test_more_blocks_than_are_kept_in_memory(scratch: Folder) -> None:
    reader = RowReader(scratch, write_rows(scratch, "a", "s", _rows(60), 1), verify=False)
    assert [reader[i] for i in range(60)] == _rows(60)
    assert reader[0] == _rows(1)[0]
    assert len(reader._cache) == 16


def test_equal_rows_give_equal_bytes(scratch: Folder) -> None:
    first, second = (write_rows(scratch, stem, "s", _rows(30), 8) for stem in "ab")
    assert [entry.blake3 for entry in first] == [entry.blake3 for entry in second]


def _broken(folder: Folder, name: str, change: int) -> list[ShardEntry]:
    entries = write_rows(folder, "a", "s", _rows(30), 8)
    data = folder.read(name)
    folder.write(
        name,
        data[:change] if change < 0 else data[:change] + bytes([data[change] ^ 255]) + data[change + 1 :],
    )
    return entries


@pytest.mark.parametrize("name", ["a.rows", "a.index"])
@pytest.mark.parametrize("change", [-1, -20, 0, 30])
def test_a_changed_or_truncated_file_is_refused_when_verified(scratch: Folder, name: str, change: int) -> None:
    entries = _broken(scratch, name, change)
    with pytest.raises(InputError, match=r"BLAKE3 \w+ found, \w+ expected"):
        RowReader(scratch, entries, verify=True)


def test_a_truncated_block_is_refused_when_read(scratch: Folder) -> None:
    reader = RowReader(scratch, _broken(scratch, "a.rows", -1), verify=False)
    assert reader[0] == _rows(1)[0]
    with pytest.raises(InputError, match="block 3"):
        reader[29]


def test_an_index_that_contradicts_the_manifest_is_refused(scratch: Folder) -> None:
    rows, index = write_rows(scratch, "a", "s", _rows(3), 2)
    with pytest.raises(InputError, match="index says 3 rows, manifest says 4"):
        RowReader(scratch, [msgspec.structs.replace(rows, count=4), index], verify=False)
    with pytest.raises(InputError, match="no index a.index in the manifest"):
        RowReader(scratch, [rows], verify=False)


def test_a_block_that_claims_too_much_is_refused_before_memory_is_taken(scratch: Folder) -> None:
    rows, index = write_rows(scratch, "a", "s", _rows(1), 1)
    # A frame header that declares 2^40 bytes: magic, descriptor (single segment, 8-byte size), size.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + (1 << 40).to_bytes(8, "little")
    assert zstandard.frame_content_size(frame) == 1 << 40
    scratch.write("a.rows", frame)
    block = msgspec.json.decode(scratch.read("a.index"), type=BlockIndex).blocks[0]
    with scratch.writing("a.index") as stream:
        stream.write(msgspec.json.encode(BlockIndex(1, [msgspec.structs.replace(block, num_bytes=len(frame))])))
        index = stream.entry("a.index", "s", 0)
    with pytest.raises(InputError, match=f"block 0 claims {1 << 40} bytes"):
        RowReader(scratch, [rows, index], verify=False)[0]
