"""Raw folders: every read is checked against the ledger; unsafe names are known."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.schema.params import Params
from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder, is_safe_name
from mmgic.sources.raw import LEDGER, RawFolder, key_from_file


@pytest.fixture
def raw(fetched: Callable[..., RawFolder], few_scenes: Params) -> RawFolder:
    return fetched("scenes", params=few_scenes)


def test_files_are_found_by_folder_and_suffix(raw: RawFolder) -> None:
    tars = ["scenes/train-00000.tar", "scenes/val-00000.tar"]
    assert raw.paths(suffix=".tar") == tars and len(raw.paths()) == 4
    assert raw.paths(under="val", suffix=".tar") == tars[1:]
    assert raw.paths(suffix=".json") == []


def test_a_file_is_read_whole_or_refused(raw: RawFolder) -> None:
    path = raw.paths(suffix=".tar")[0]
    data = raw.read(path)
    line = raw.line(path)
    assert line is not None and len(data) == line.num_bytes
    raw.folder.write(path, data[:-1] + b"!")
    with pytest.raises(InputError, match=f"BLAKE3 .* found, {line.blake3} expected"):
        raw.read(path)
    raw.folder.remove(path)
    with pytest.raises(InputError, match=f"no file {path}"):
        raw.read(path)
    with pytest.raises(InputError, match="file is not in the ledger"):
        raw.read("scenes/other.tar")


def test_a_ledger_that_is_not_the_manifests_is_refused(raw: RawFolder) -> None:
    from mmgic.shards.manifest import read_manifest

    name = f"scenes/{LEDGER}"
    raw.folder.write(name, raw.folder.read(name) + b"\n")
    other = RawFolder(raw.folder, read_manifest(raw.folder, "raw"), "scenes")
    with pytest.raises(InputError, match=r"BLAKE3 \w+ found, \w+ expected"), other:
        pass
    with pytest.raises(InputError, match="no ledger of source coco"):
        RawFolder(raw.folder, read_manifest(raw.folder, "raw"), "coco")


def test_references_carry_the_ledgers_hash(raw: RawFolder) -> None:
    path = raw.paths(suffix=".tar")[0]
    line = raw.line(path)
    assert line is not None and raw.picture(path).blake3 == line.blake3
    assert raw.picture("scenes/none.png") == PictureRef("scenes/none.png")


def test_what_failed_is_known_with_its_cause(
    scratch: Folder, fetched: Callable[..., RawFolder], downloaded: Callable[..., RawFolder]
) -> None:
    (scratch / "set").write("a.tsv", b"one\thttp://a/1.jpg\ntwo\thttp://a/2.jpg\n")
    raw = downloaded(fetched("cc3m", scratch / "set"), {0: b"picture", 1: "timeout"})
    came, failed, unknown = (f"cc3m/{number:09d}" for number in range(3))
    assert [raw.failure(path) for path in (came, failed, unknown)] == ["", "timeout", ""]
    assert [raw.line(path) is None for path in (came, failed, unknown)] == [False, True, True]
    assert raw.picture(failed) == PictureRef(failed) and raw.picture(came).num_bytes == 7
    assert raw.paths() == ["cc3m/a.tsv"]


def test_a_file_that_is_read_at_any_place_is_checked_before(raw: RawFolder) -> None:
    path = raw.paths(suffix=".tar")[0]
    data = raw.read(path)
    with raw.seekable(path) as stream:
        assert stream.seek(100) == 100 and stream.read(5) == data[100:105]
    raw.folder.write(path, data[:-1] + b"!")
    with pytest.raises(InputError, match="differs from its manifest"), raw.seekable(path):
        raise AssertionError("not reached")


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../a", "a/../../b", "a/..", "..\\a", "a\0b"])
def test_names_that_leave_their_folder_are_unsafe(name: str) -> None:
    assert not is_safe_name(name)


@given(
    parts=st.lists(
        st.from_regex(r"[\w .-]{1,12}", fullmatch=True).filter(lambda part: part != ".."),
        min_size=1,
        max_size=4,
    )
)
def test_plain_names_are_safe(parts: list[str]) -> None:
    assert is_safe_name("/".join(parts))


def test_keys_are_plain_and_unique() -> None:
    files = ["000000000139.jpg", "a/b.jpg", "a_b.png", "c.jpg", "c.png", "猫.png", "犬.png", "鸟.png"]
    keys = {file: key_from_file("s", file) for file in [*files, "x" * 500 + ".jpg"]}
    assert keys["000000000139.jpg"] == "s-000000000139"
    assert len(set(keys.values())) == len(keys)
    assert all(key.isascii() and key.replace("-", "").replace("_", "").isalnum() for key in keys.values())
    assert max(map(len, keys.values())) < 60
