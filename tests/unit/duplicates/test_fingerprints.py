"""Fingerprints: what was added comes back as columns, shard after shard, whatever is in them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from mmgic.duplicates.fingerprints import Columns, UnitFingerprints, columns_of_shards, keys_of
from mmgic.errors import InputError
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder

RecordOf = Callable[..., Record]
CUP, SPOON = blake3(b"cup").hexdigest(), blake3(b"spoon").hexdigest()


def columns(folder: Folder, place: Path, *shards: list[Record]) -> Columns:
    names = [f"train-{number:05d}.tar" for number in range(len(shards))]
    for name, records in zip(names, shards, strict=True):
        unit = UnitFingerprints()
        for record in records:
            unit.add(record)
        unit.write(folder, name)
    return columns_of_shards(folder, names, place)


def test_rows_count_through_all_shards(scratch: Folder, tmp_path: Path, record: RecordOf) -> None:
    first = [record("a", blake3=CUP, ids={"coco": "9", "flickr": "7"}), record("b", blake3=SPOON)]
    last = [record("c", blake3=CUP, perceptual_hash="8000000000000001", ids={"coco": "9"})]
    found = columns(scratch, tmp_path, first, [], last)
    assert found.starts.tolist() == [0, 2, 2, 3]
    assert [keys_of(scratch, f"train-{number:05d}.tar") for number in range(3)] == [["a", "b"], [], ["c"]]
    assert len(set(found.key.tolist())) == 3
    assert (found.pixels.tolist(), found.has_pixels.tolist()) == ([0, 0, 2**63 + 1], [False, False, True])
    assert found.id_rows.tolist() == [0, 0, 2]
    assert found.ids[0] == found.ids[2] != found.ids[1]


def test_bytes_are_compared_by_the_first_128_bits(scratch: Folder, tmp_path: Path, record: RecordOf) -> None:
    hashes = [CUP, CUP[:32] + SPOON[32:], CUP[:16] + SPOON[16:], SPOON[:16] + CUP[16:]]
    high, low = columns(scratch, tmp_path, [record(str(i), blake3=value) for i, value in enumerate(hashes)]).content
    assert [(a, b) == (high[0], low[0]) for a, b in zip(high, low, strict=True)] == [True, True, False, False]


def test_a_name_counts_with_its_set(scratch: Folder, tmp_path: Path, record: RecordOf) -> None:
    """The number 9 is of one picture in COCO and of another in Visual Genome."""
    ids = [{"coco": "9"}, {"visual-genome": "9"}, {"coco": "90"}, {"coco": "9"}]
    found = columns(scratch, tmp_path, [record(str(i), blake3=CUP, ids=value) for i, value in enumerate(ids)])
    assert [value == found.ids[0] for value in found.ids] == [True, False, False, True]


def test_a_picture_whose_hash_is_zero_has_one(scratch: Folder, tmp_path: Path, record: RecordOf) -> None:
    records = [record("a", blake3=CUP, perceptual_hash="0" * 16), record("b", blake3=CUP)]
    assert columns(scratch, tmp_path, records).has_pixels.tolist() == [True, False]


def test_what_is_no_hash_is_told(record: RecordOf) -> None:
    with pytest.raises(InputError, match="no perceptual hash: 'xyz'"):
        UnitFingerprints().add(record("a", blake3=CUP, perceptual_hash="xyz"))


@pytest.mark.parametrize("shards", [[], [[]], [[], []]])
def test_without_records_columns_are_empty(scratch: Folder, tmp_path: Path, shards: list[list[Record]]) -> None:
    found = columns(scratch, tmp_path, *shards)
    assert found.starts.tolist() == [0] * (len(shards) + 1)
    assert [len(column) for column in (found.key, *found.content, found.pixels, found.ids, found.id_rows)] == [0] * 6


def test_columns_lie_on_disk(scratch: Folder, tmp_path: Path, record: RecordOf) -> None:
    found = columns(scratch, tmp_path, [record("a", blake3=CUP, ids={"coco": "9"})])
    assert isinstance(found.key, np.memmap) and isinstance(found.id_rows, np.memmap)


@given(st.lists(st.lists(st.text(max_size=20), max_size=4), max_size=5))
def test_equal_keys_and_no_others_have_equal_numbers(
    tmp_path_factory: pytest.TempPathFactory, record: RecordOf, keys: list[list[str]]
) -> None:
    place = tmp_path_factory.mktemp("columns")
    found = columns(Folder(str(place)), place, *([record(key, blake3=CUP) for key in shard] for shard in keys))
    flat = [key for shard in keys for key in shard]
    assert [[a == b for b in found.key] for a in found.key] == [[a == b for b in flat] for a in flat]
