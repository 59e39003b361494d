"""Manifests on disk: what is refused, naming both values; digests that do not depend on where a folder lies."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mmgic
from mmgic.errors import InputError
from mmgic.schema.manifests import InputRef, Manifest, Rejection, ShardEntry
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import (
    ShardCut,
    check_input,
    input_folder,
    input_ref,
    limited,
    manifest_digest,
    new_manifest,
    read_manifest,
    write_manifest,
    write_rejections,
)


def _manifest(**changes: Any) -> Manifest:
    entry = ShardEntry("train-00000.tar", "train", 3, 10, "ab")
    made = new_manifest(
        "records",
        {"x": 1},
        "p" * 64,
        {"raw": InputRef("../raw", "d" * 64)},
        shards=[entry],
        counts={"records": 3},
    )
    return msgspec.structs.replace(made, **changes)


def _refusal(folder: Folder, kind: Any = "records") -> InputError:
    with pytest.raises(InputError) as caught:
        read_manifest(folder, kind)
    return caught.value


def test_round_trip(scratch: Folder) -> None:
    write_manifest(scratch, _manifest())
    assert read_manifest(scratch, "records") == _manifest()
    assert _manifest().tool_version == mmgic.__version__


def test_a_missing_folder_and_a_folder_without_manifest(scratch: Folder) -> None:
    gone = _refusal(scratch / "gone")
    assert (gone.what, gone.hint) == ("no such folder", "`mmgic normalize` makes it")
    assert _refusal(scratch).what == "not a finished folder of records: it has no manifest.json"


def test_a_folder_of_another_kind(scratch: Folder) -> None:
    write_manifest(scratch, _manifest())
    assert _refusal(scratch, "documents").what == "a folder of records where one of documents is wanted"


@pytest.mark.parametrize("version", [1, 0, "2", None])
def test_another_schema_version_names_both(scratch: Folder, version: object) -> None:
    scratch.write("manifest.json", msgspec.json.encode({**msgspec.to_builtins(_manifest()), "schema_version": version}))
    assert _refusal(scratch).what == f"manifest of schema version {version}, this tool reads 2"


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1]", b"\xff", b'{"schema_version": 2}', b'{"schema_version": 2, "more": 2}']
)
def test_a_manifest_that_is_none(scratch: Folder, text: bytes) -> None:
    scratch.write("manifest.json", text)
    assert _refusal(scratch).where == scratch.file("manifest.json")


def test_the_digest_sees_everything_but_the_paths_of_inputs() -> None:
    digest = manifest_digest(_manifest())
    assert digest == manifest_digest(_manifest(inputs={"raw": InputRef("s3://elsewhere", "d" * 64)}))
    changes: list[dict[str, Any]] = [
        {"inputs": {"raw": InputRef("../raw", "e" * 64)}},
        {"counts": {"records": 4}},
        {"params_digest": "q" * 64},
        {"facts": {"a": 1}},
        {"shards": []},
        {"tool_version": "9"},
    ]
    assert len({digest, *(manifest_digest(_manifest(**change)) for change in changes)}) == 7


def test_an_input_is_found_again_from_where_the_output_lies(scratch: Folder) -> None:
    raw, records = scratch / "raw", scratch / "a" / "records"
    write_manifest(raw, _manifest())
    ref = input_ref(raw, _manifest(), records)
    assert ref.path == "../../raw"
    made = _manifest(inputs={"raw": ref, "far": InputRef("memory://x/y", "z")})
    assert input_folder(records, made, "raw").path == raw.path
    assert input_folder(records, made, "far").url == "memory://x/y"
    assert input_ref(Folder("memory://x/y"), _manifest(), records).path == "memory://x/y"
    with pytest.raises(InputError, match="names no input `gone`"):
        input_folder(records, made, "gone")


def test_an_input_that_changed_since_is_refused_with_both_digests(scratch: Folder) -> None:
    ref = input_ref(scratch, _manifest(), scratch)
    check_input(scratch, _manifest(), ref, scratch / "out")
    changed = _manifest(counts={"records": 4})
    with pytest.raises(InputError) as caught:
        check_input(scratch, changed, ref, scratch / "out")
    assert manifest_digest(changed)[:16] in caught.value.what and ref.digest[:16] in caught.value.what


def test_rejections_keep_their_order_and_are_counted(scratch: Folder) -> None:
    items = [Rejection("b", "late"), Rejection("a", "early", "why"), Rejection("c", "late")]
    assert list(write_rejections(scratch, items).items()) == [("early", 1), ("late", 2)]
    lines = scratch.read("rejected.jsonl").splitlines()
    assert [msgspec.json.decode(line, type=Rejection) for line in lines] == items


@given(
    counts=st.lists(st.tuples(st.sampled_from(["train", "val"]), st.integers(0, 9)), max_size=8),
    limit=st.integers(1, 20),
)
def test_a_limit_takes_the_first_records_of_each_split(counts: list[tuple[str, int]], limit: int) -> None:
    shards = [ShardEntry(f"{i}", split, count, 0, "") for i, (split, count) in enumerate(counts)]
    cuts = limited(shards, limit)
    for split in ("train", "val"):
        whole = sum(count for name, count in counts if name == split)
        taken = [cut for cut in cuts if cut.entry.split == split]
        assert sum(cut.count for cut in taken) == min(limit, whole)
        assert all(cut.count == cut.entry.count for cut in taken[:-1])
    assert [cut.count for cut in limited(shards, None)] == [count for _, count in counts]


@pytest.mark.parametrize("count", [0, 2, 5])
def test_a_cut_gives_the_first_and_reads_all(count: int) -> None:
    read: list[int] = []
    cut = ShardCut(ShardEntry("a", "train", 5, 0, ""), count)
    assert list(cut.of(read.append(i) or i for i in range(5))) == list(range(count))  # type: ignore[func-returns-value]
    assert read == list(range(5)), "a shard's hash is compared at its end"


def test_every_kind_names_its_maker(scratch: Folder) -> None:
    from typing import get_args

    from mmgic.schema.manifests import FolderKind

    makers: Callable[[Any], str] = lambda kind: _refusal(scratch / "gone", kind).hint  # noqa: E731
    assert all(makers(kind).startswith("`mmgic ") for kind in get_args(FolderKind))
