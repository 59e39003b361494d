"""The exclusion list: who is on it, in which way, and what is said where it is not there."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.duplicates.builder import Built, write_exclusions
from mmgic.duplicates.exclusions import Exclusion, Exclusions, exclusion_list
from mmgic.duplicates.in_benchmarks import BenchmarkMatch
from mmgic.errors import InputError, ParamsError
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder

LINES = [
    Exclusion("pope", "id", "coco", "9"),
    Exclusion("coco-caption", "id", "coco", "9"),
    Exclusion("coco-caption", "exact", "", "ab" * 32),
    Exclusion("mme", "exact", "", "cd" * 32),
    Exclusion("mme", "near", "", f"{0b1111:016x}"),
    Exclusion("vizwiz", "near", "", f"{2**64 - 1:016x}"),
]


def matches(record: Record, distance: int = 2) -> list[tuple[str, str]]:
    return [(match.benchmark, match.way) for match in Exclusions(LINES, distance).matches(record)]


def test_a_benchmark_is_named_once_by_its_surest_way(record: Callable[..., Record]) -> None:
    found = matches(record(ids={"flickr": "3", "coco": "9"}, blake3="ab" * 32))
    assert found == [("coco-caption", "id"), ("pope", "id")]
    assert matches(record(blake3="ab" * 32)) == [("coco-caption", "exact")]
    assert matches(record(blake3="cd" * 32, perceptual_hash=f"{0b1111:016x}")) == [("mme", "exact")]


def test_an_id_counts_in_its_own_set_alone(record: Callable[..., Record]) -> None:
    assert matches(record(ids={"visual-genome": "9", "coco": "90"})) == []
    assert matches(record(ids={"coco": "09"})) == []


@pytest.mark.parametrize(
    ("perceptual_hash", "distance", "expected"),
    [
        ("000000000000000f", 0, ["mme"]),
        ("0000000000000003", 2, ["mme"]),
        ("0000000000000001", 2, []),
        ("0000000000000001", 3, ["mme"]),
        ("ffffffffffffffff", 2, ["vizwiz"]),
        ("7ffffffffffffffe", 2, ["vizwiz"]),
        ("000000000000000f", -1, []),
        ("", 16, []),
    ],
)
def test_hashes_may_differ_in_so_many_bits(
    record: Callable[..., Record], perceptual_hash: str, distance: int, expected: list[str]
) -> None:
    assert matches(record(perceptual_hash=perceptual_hash), distance) == [(name, "near") for name in expected]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(0, 30)), max_size=30))
def test_every_id_is_found_and_no_other(lines: list[tuple[str, str, int]]) -> None:
    listed = Exclusions([Exclusion(name, "id", space, str(value)) for name, space, value in lines], -1)
    for space in ("x", "y"):
        for value in range(31):
            record = Record(
                "k", "toy", "train", "png", 1, 1, 1, (0.0, 0.0, 1.0, 1.0), [], [], [], [], ids={space: str(value)}
            )
            expected = sorted({name for name, *rest in lines if rest == [space, value]})
            assert listed.matches(record) == [BenchmarkMatch(name, "id") for name in expected]


def test_an_empty_list_names_nobody(record: Callable[..., Record]) -> None:
    assert Exclusions([], 16).matches(record(ids={"coco": "9"}, perceptual_hash="0" * 16)) == []


def test_a_list_goes_through_its_folder(scratch: Folder, record: Callable[..., Record]) -> None:
    write_exclusions(Built(exclusions=set(LINES)), scratch / "list")
    listed, ref = exclusion_list((scratch / "list").url, 2, scratch / "records")
    assert (ref.path, ref.digest) == ("../list", listed.digest)
    assert listed.matches(record(ids={"coco": "9"})) == Exclusions(LINES, 2).matches(record(ids={"coco": "9"}))


def test_a_list_that_is_replaced_meanwhile_is_not_used(scratch: Folder, record: Callable[..., Record]) -> None:
    write_exclusions(Built(exclusions=set(LINES)), scratch / "list")
    listed, _ = exclusion_list((scratch / "list").url, 5, scratch)
    write_exclusions(Built(exclusions=set(LINES[1:])), scratch / "list")
    with pytest.raises(InputError, match="replaced meanwhile"):
        listed.matches(record())


def test_without_a_list_the_command_is_told(scratch: Folder) -> None:
    url = (scratch / "nowhere").url
    with pytest.raises(ParamsError) as caught:
        exclusion_list(url, 2, scratch)
    assert (caught.value.what, caught.value.where) == (f"no exclusion list in `{url}`", "normalize.exclusions")
    assert caught.value.hint.startswith(f"mmgic decontaminate --benchmarks DIR --out {url}")
