"""Row shards: any row by number over many shards and blocks, compressed or not, and every way to be broken."""

import pickle
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.sequences import BlockIndex, Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.rows import RowReader, blocks_of_sequences, write_rows


def _rows(count: int, start: int = 0) -> list[Sequence]:
    lengths = [i % 7 + 1 for i in range(start, start + count)]
    return [Sequence([f"k{i}"], [n], bytes([i % 256]) * 2 * n, b"\x01" * n) for i, n in enumerate(lengths, start)]


def _write(folder: Folder, stem: str, rows: list[Sequence], rows_per_block: int, level: int = 3) -> list[ShardEntry]:
    return write_rows(folder, stem, "s", blocks_of_sequences(rows, rows_per_block, 2), level)


@pytest.mark.parametrize("level", [0, 1, 19])
def test_rows_of_all_shards_by_number_and_in_order(scratch: Folder, level: int) -> None:
    rows = _rows(23)
    entries = _write(scratch, "train-00000", rows[:10], 4, level) + _write(scratch, "train-00001", rows[10:], 3, level)
    assert [entry.count for entry in entries] == [10, 0, 13, 0]
    reader = RowReader(scratch, entries, verify=True)
    assert len(reader) == 23
    assert list(reader) == rows
    assert [reader[i] for i in (22, 0, 9, 10, 12, 13, 3, 4)] == [rows[i] for i in (22, 0, 9, 10, 12, 13, 3, 4)]
    for outside in (-1, 23):
        with pytest.raises(IndexError, match=f"row {outside} of 23"):
            reader[outside]


@settings(max_examples=25)
@given(count=st.integers(0, 20), per_block=st.integers(1, 7), row=st.integers(0, 19), level=st.sampled_from([0, 3]))
def test_any_block_size_gives_the_same_rows(count: int, per_block: int, row: int, level: int) -> None:
    folder = Folder("memory://rows")
    reader = RowReader(folder, _write(folder, "a", _rows(count), per_block, level), verify=True)
    assert list(reader) == _rows(count)
    if count:
        assert reader.id_bytes == 2
    else:
        with pytest.raises(InputError, match="no rows"):
            reader.id_bytes  # noqa: B018
    if row < count:
        assert reader[row] == _rows(1, row)[0]


def test_more_blocks_than_are_kept_in_memory(scratch: Folder) -> None:
    reader = RowReader(scratch, _write(scratch, "a", _rows(60), 1), verify=False)
    assert [reader[i] for i in range(60)] == _rows(60)
    assert reader[0] == _rows(1)[0]
    assert len(reader._cache["zstd"]) == 16


def test_equal_rows_give_equal_bytes(scratch: Folder) -> None:
    first, second = (_write(scratch, stem, _rows(30), 8) for stem in "ab")
    assert [entry.blake3 for entry in first] == [entry.blake3 for entry in second]


def _broken(folder: Folder, name: str, change: int, level: int = 3) -> list[ShardEntry]:
    entries = _write(folder, "a", _rows(30), 8, level)
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


@pytest.mark.parametrize("level", [0, 3])
def test_a_truncated_block_is_refused_when_read(scratch: Folder, level: int) -> None:
    reader = RowReader(scratch, _broken(scratch, "a.rows", -8, level), verify=False)
    assert reader[0] == _rows(1)[0]
    with pytest.raises(InputError) as caught:
        reader[29]
    assert caught.value.where.endswith("a.rows, block 3")
    scratch.write("a.rows", b"")
    with pytest.raises(InputError):
        RowReader(scratch, _broken(scratch, "a.rows", -scratch.fs.size(scratch.file("a.rows")), level), verify=False)[0]


def test_a_block_with_other_rows_than_its_index_says_is_refused(scratch: Folder) -> None:
    rows, _ = _write(scratch, "a", _rows(4), 4, 0)
    block = msgspec.json.decode(scratch.read("a.index"), type=BlockIndex).blocks[0]
    with scratch.writing("a.index") as stream:
        stream.write(msgspec.json.encode(BlockIndex(5, "none", [msgspec.structs.replace(block, num_rows=5)])))
        index = stream.entry("a.index", "s", 0)
    with pytest.raises(InputError, match="a block has 4 rows, its index says 5"):
        RowReader(scratch, [msgspec.structs.replace(rows, count=5), index], verify=False)[0]


def test_an_index_that_contradicts_the_manifest_is_refused(scratch: Folder) -> None:
    rows, index = _write(scratch, "a", _rows(3), 2)
    with pytest.raises(InputError, match="index says 3 rows, manifest says 4"):
        RowReader(scratch, [msgspec.structs.replace(rows, count=4), index], verify=False)
    with pytest.raises(InputError, match="no index a.index in the manifest"):
        RowReader(scratch, [rows], verify=False)


def test_a_block_that_claims_too_much_is_refused_before_memory_is_taken(scratch: Folder) -> None:
    rows, index = _write(scratch, "a", _rows(1), 1)
    # A frame header that declares 2^40 bytes: magic, descriptor (single segment, 8-byte size), size.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + (1 << 40).to_bytes(8, "little")
    assert zstandard.frame_content_size(frame) == 1 << 40
    scratch.write("a.rows", frame)
    block = msgspec.json.decode(scratch.read("a.index"), type=BlockIndex).blocks[0]
    with scratch.writing("a.index") as stream:
        stream.write(msgspec.json.encode(BlockIndex(1, "zstd", [msgspec.structs.replace(block, num_bytes=len(frame))])))
        index = stream.entry("a.index", "s", 0)
    with pytest.raises(InputError, match=f"a block claims {1 << 40} bytes"):
        RowReader(scratch, [rows, index], verify=False)[0]


@pytest.mark.parametrize("level", [0, 3])
def test_more_shards_than_files_may_be_open(tmp_path: Path, level: int) -> None:
    """300 shards in a process that may open 100 files."""
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100));"
        "from tests.unit.shards.test_rows import _rows, _write;"
        "from mmgic.shards.folder import Folder; from mmgic.shards.rows import RowReader;"
        f"folder = Folder({str(tmp_path)!r});"
        f"entries = [e for n in range(300) for e in _write(folder, f'{{n:05d}}', _rows(2, 2 * n), 1, {level})];"
        "reader = RowReader(folder, entries, verify=False);"
        "assert [reader[row] for row in range(600)] == _rows(600);"
        "assert reader[0] == _rows(1)[0]"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("level", [0, 3])
def test_a_reader_that_was_used_goes_to_another_process(scratch: Folder, level: int) -> None:
    reader = RowReader(scratch, _write(scratch, "a", _rows(9), 2, level), verify=False)
    assert reader[5] == _rows(9)[5]
    again = pickle.loads(pickle.dumps(reader))
    assert list(again) == _rows(9)
