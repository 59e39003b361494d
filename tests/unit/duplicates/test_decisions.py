"""Which record stays: chains of bytes and names, keys that count for nothing else, and near ones last."""

import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from mmgic.duplicates.decisions import Drop, decided
from mmgic.duplicates.fingerprints import UnitFingerprints, columns_of_shards, keys_of
from mmgic.duplicates.hashes import hex_from_hash
from mmgic.schema.params import DuplicateParams
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder

ALL = DuplicateParams(exact=True, by_id=True, near_distance=4, exclusion_distance=-1)
FAR = [0x1111111111111111 * i for i in range(16)]


def _record(key: str, content: str = "", pixels: int | None = None, **ids: str) -> Record:
    return Record(
        key,
        "toy",
        "train",
        "jpg",
        8,
        8,
        1,
        (0.0, 0.0, 8.0, 8.0),
        [],
        [],
        [],
        [],
        ids=ids,
        blake3=blake3((content or key).encode()).hexdigest(),
        perceptual_hash="" if pixels is None else hex_from_hash(pixels),
    )


def _drops(
    scratch: Folder, place: Path, shards: list[list[Record]], params: DuplicateParams = ALL
) -> dict[str, tuple[str, str, int]]:
    """Key of each dropped record: cause, key of the kept one, distance."""
    names = [f"train-{i:05d}.tar" for i in range(len(shards))]
    for name, records in zip(names, shards, strict=True):
        unit = UnitFingerprints()
        for record in records:
            unit.add(record)
        unit.write(scratch, name)
        assert keys_of(scratch, name) == [record.key for record in records]
    columns = columns_of_shards(scratch, names, place)
    decisions = decided(names, columns, params, place, rows_per_part=2)
    found: dict[str, tuple[str, str, int]] = {}
    for number, records in enumerate(shards):
        drops: list[Drop] = decisions.drops(number)
        assert decisions.has_drops(number) == bool(drops)
        for drop in drops:
            kept = keys_of(scratch, drop.kept_shard)[drop.kept_row]
            found[records[drop.row].key] = (drop.cause, kept, drop.distance)
    return found


def test_the_first_of_each_kind_stays(scratch: Folder, tmp_path: Path) -> None:
    first = [_record("a", content="A", pixels=FAR[1]), _record("b", coco="9"), _record("c", pixels=FAR[2])]
    second = [
        _record("d", content="A"),
        _record("e", coco="9"),
        _record("f", pixels=FAR[2] ^ 0b101),
        _record("g", flickr="9", pixels=FAR[4]),
    ]
    assert _drops(scratch, tmp_path, [first, [], second, [_record("h")]]) == {
        "d": ("duplicate_exact", "a", 0),
        "e": ("duplicate_id", "b", 0),
        "f": ("duplicate_near", "c", 2),
    }


@pytest.mark.parametrize(
    ("params", "causes"),
    [
        (
            DuplicateParams(exact=False, by_id=True, near_distance=4, exclusion_distance=-1),
            ["duplicate_id", "duplicate_near"],
        ),
        (DuplicateParams(exact=True, by_id=False, near_distance=0, exclusion_distance=-1), ["duplicate_exact"]),
        (DuplicateParams(exact=False, by_id=False, near_distance=-1, exclusion_distance=-1), []),
    ],
)
def test_each_kind_can_be_off(scratch: Folder, tmp_path: Path, params: DuplicateParams, causes: list[str]) -> None:
    records = [
        _record("a", content="A"),
        _record("b", content="A"),
        _record("c", coco="1"),
        _record("d", coco="1"),
        _record("e", pixels=0),
        _record("f", pixels=1),
    ]
    assert sorted(cause for cause, _, _ in _drops(scratch, tmp_path, [records], params).values()) == causes


def test_a_name_goes_on_through_a_record_that_is_dropped(scratch: Folder, tmp_path: Path) -> None:
    records = [
        _record("a", content="A"),
        _record("b", content="A", coco="1"),
        _record("c", coco="1", flickr="7"),
        _record("d", flickr="7"),
        _record("e", flickr="8", coco="1"),
    ]
    assert _drops(scratch, tmp_path, [records[:2], records[2:]]) == {
        "b": ("duplicate_exact", "a", 0),
        "c": ("duplicate_id", "a", 0),
        "d": ("duplicate_id", "a", 0),
        "e": ("duplicate_id", "a", 0),
    }


def test_names_are_passed_back_but_bytes_are_not(scratch: Folder, tmp_path: Path) -> None:
    records = [
        _record("a", coco="9"),
        _record("b", flickr="7"),
        _record("c", coco="9", flickr="7"),
        _record("d", flickr="1"),
        _record("e", flickr="2"),
        _record("f", content="gone", flickr="1"),
        _record("g", content="gone", flickr="2"),
    ]
    assert _drops(scratch, tmp_path, [records[:3], records[3:]]) == {
        "b": ("duplicate_id", "a", 0),
        "c": ("duplicate_id", "a", 0),
        "f": ("duplicate_id", "d", 0),
        "g": ("duplicate_exact", "d", 0),
    }


@given(
    st.lists(st.dictionaries(st.sampled_from(["x", "y", "z"]), st.sampled_from("0123456789"), max_size=3), max_size=25)
)
def test_of_all_that_names_join_the_first_stays(names: list[dict[str, str]]) -> None:
    groups: list[set[int]] = []
    for row, ids in enumerate(names):
        mine = [group for group in groups if any(ids.items() & names[other].items() for other in group)]
        groups = [group for group in groups if group not in mine] + [{row}.union(*mine)]
    expected = {str(row): ("duplicate_id", str(min(group)), 0) for group in groups for row in group - {min(group)}}
    with tempfile.TemporaryDirectory() as place:
        records = [_record(str(row), **ids) for row, ids in enumerate(names)]
        assert _drops(Folder(place), Path(place), [records]) == expected


def test_a_record_whose_key_is_taken_hides_no_other(scratch: Folder, tmp_path: Path) -> None:
    """Its picture is another one: what has the same bytes must not go with it."""
    records = [_record("a", content="A"), _record("a", content="B", coco="1"), _record("c", content="B", coco="1")]
    assert _drops(scratch, tmp_path, [records]) == {"a": ("duplicate_key", "a", 0)}


def test_near_is_near_to_a_kept_one(scratch: Folder, tmp_path: Path) -> None:
    records = [
        _record("a", pixels=0),
        _record("b", pixels=0b111),
        _record("c", pixels=0b111111),
        _record("d", pixels=0b111),
        _record("e", content="b"),
    ]
    assert _drops(scratch, tmp_path, [records]) == {
        "b": ("duplicate_near", "a", 3),
        "d": ("duplicate_near", "a", 3),
        "e": ("duplicate_exact", "a", 0),
    }


def test_pictures_without_a_hash_are_not_near(scratch: Folder, tmp_path: Path) -> None:
    assert _drops(scratch, tmp_path, [[_record("a"), _record("b"), _record("c", pixels=0)]]) == {}


def test_all_equal(scratch: Folder, tmp_path: Path) -> None:
    shards = [[_record(f"{s}-{i}", content="A", pixels=5, coco="1") for i in range(40)] for s in range(5)]
    found = _drops(scratch, tmp_path, shards)
    assert len(found) == 199 and set(found.values()) == {("duplicate_exact", "0-0", 0)}


def test_no_records(scratch: Folder, tmp_path: Path) -> None:
    assert _drops(scratch, tmp_path, []) == {} and _drops(scratch, tmp_path, [[], []]) == {}
