"""Folders: local and in memory alike; whole files or none; hashes of what passes."""

import pickle
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.schema.manifests import ShardEntry
from mmgic.shards.folder import PART, Folder, HashingReader


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    made = Folder(str(tmp_path / "f") if request.param == "local" else f"memory://{uuid.uuid4().hex}/f")
    yield made
    if made.exists():
        made.fs.rm(made.path, recursive=True)


def _entry(data: bytes, name: str = "a.bin") -> ShardEntry:
    return ShardEntry(name, "train", 1, len(data), blake3(data).hexdigest())


def test_what_is_written_is_read(folder: Folder) -> None:
    assert (folder.exists(), folder.names()) == (False, [])
    folder.write("b", b"2")
    folder.write("sub/a", b"1")
    assert folder.names() == ["b", "sub"]
    assert (folder.read("sub/a"), (folder / "sub").read("a")) == (b"1", b"1")
    folder.remove("b")
    assert not folder.exists("b")


def test_names_of_folders(folder: Folder) -> None:
    assert folder.name == "f"
    assert folder.sibling(".codes").name == ".codes"
    assert folder.sibling("g").sibling("f").path == folder.path
    assert pickle.loads(pickle.dumps(folder)).path == folder.path
    assert folder.is_local == (not folder.url.startswith("memory"))


def test_a_sibling_of_a_bare_name_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Folder("out").sibling(".work").path == str(tmp_path / ".work")
    assert Folder("out/").sibling("").path == str(tmp_path)


def test_a_file_that_is_not_there_is_named(folder: Folder) -> None:
    folder.make()
    with pytest.raises(InputError, match="no file gone") as caught:
        folder.read("gone")
    assert caught.value.where == folder.url


def test_a_stretch_of_a_file(folder: Folder) -> None:
    folder.write("a", b"0123456789")
    assert (folder.stretch("a", 2, 3), folder.stretch("a", 8, 9), folder.stretch("a", 0, 0)) == (
        b"234",
        b"89",
        b"",
    )
    with folder.open("a") as stream:
        stream.read(4)
        assert folder.stretch("a", 1, 1) == b"1"
        assert stream.read() == b"456789"
    with pytest.raises(InputError, match="no file gone"):
        folder.stretch("gone", 0, 1)


def test_a_write_that_fails_leaves_no_file_under_its_name(folder: Folder) -> None:
    with pytest.raises(RuntimeError), folder.writing("x") as stream:
        stream.write(b"half")
        raise RuntimeError
    assert all(PART.search(name) for name in folder.names())
    with folder.writing("x") as stream:
        assert (stream.write(b"who"), stream.write(b"le"), stream.tell()) == (3, 2, 5)
        entry = stream.entry("x", "val", 3)
    assert folder.read("x") == b"whole"
    assert entry == ShardEntry("x", "val", 3, 5, blake3(b"whole").hexdigest())


def test_a_reader_may_stop_early_and_the_hash_is_still_compared(folder: Folder) -> None:
    data = bytes(range(256)) * 9000
    folder.write("a.bin", data)
    with folder.verified(_entry(data)) as stream:
        assert stream.read(3) == data[:3]
    folder.write("a.bin", data[:-1] + b"!")
    with pytest.raises(InputError) as caught, folder.verified(_entry(data)) as stream:
        stream.read(3)
    found = blake3(data[:-1] + b"!").hexdigest()
    assert found in caught.value.what and _entry(data).blake3 in caught.value.what
    assert caught.value.where == folder.file("a.bin")


def test_a_broken_shard_with_the_right_hash_is_no_crash(folder: Folder) -> None:
    folder.write("a.bin", b"junk")
    with (
        pytest.raises(InputError, match="cannot read the shard: not a tar"),
        folder.verified(_entry(b"junk")),
    ):
        raise tarfile.ReadError("not a tar")


@given(data=st.binary(max_size=300), sizes=st.lists(st.integers(0, 60), max_size=10))
def test_the_hash_does_not_depend_on_the_size_of_reads(data: bytes, sizes: list[int]) -> None:
    import io

    reader = HashingReader(io.BytesIO(data))
    seen = b"".join(reader.read(size) for size in sizes)
    assert seen == data[: sum(sizes)]
    assert reader.drained() == blake3(data).hexdigest()
