"""Local sets into a raw folder: pictures by name from folders and archives into tars, with every loss named, and resumed."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.shards.folder import Folder
from mmgic.sources.registry import Source
from mmgic.sources.taking import taken_files, taken_pictures

_WANTED = [
    "photos/b.jpg",
    "photos/a.jpg",
    "photos/gone.jpg",
    "photos/z.jpg",
    "photos/t.jpg",
    "../evil.jpg",
    "photos",
    "photos/a.jpg/c.jpg",
    f"photos/{'long' * 100}.jpg",
    "photos/loop.jpg",
]


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    """A source that lists ten pictures, whose archives hold them without their folder."""
    module = ModuleType("toy_source")
    module.local_pictures = (
        lambda origin, limit: iter(  # type: ignore[attr-defined]
            [LedgerLine(name, license="CC0-1.0") for name in _WANTED][:limit]
        )
    )
    module.picture_of_member = lambda archive, member: f"photos/{member}" if member.endswith(".jpg") else ""  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_source", module)
    return Source("toy", "toy_source", True, "a toy")


@pytest.fixture
def origin(tmp_path: Path) -> Folder:
    made = Folder(str(tmp_path / "set"))
    (tmp_path / "evil.jpg").write_bytes(b"evil")
    made.write("photos/a.jpg", b"aa")
    made.write("photos/b.jpg", b"bbb")
    (tmp_path / "set" / "photos" / "loop.jpg").symlink_to("loop.jpg")
    with zipfile.ZipFile(tmp_path / "set" / "p.zip", "w") as archive:
        archive.writestr("a.jpg", b"another a")
        archive.writestr("other.jpg", b"nobody asks for it")
        archive.writestr("z.jpg", b"z" * 100)
    with tarfile.open(tmp_path / "set" / "photos" / "q.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("t.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return made


def _take(
    source: Source, origin: Folder, out: Folder, *, limit: int | None = None, per_tar: int = 2
) -> list[LedgerLine]:
    return list(taken_pictures(source, origin, out, out / "notes", limit=limit, per_tar=per_tar, max_bytes=99))


def test_pictures_come_from_folders_and_archives(source: Source, origin: Folder, scratch: Folder) -> None:
    lines = _take(source, origin, scratch)
    assert [(line.path, line.state, line.cause) for line in lines] == [
        ("photos/b.jpg", "ok", ""),
        ("photos/a.jpg", "ok", ""),
        ("photos/z.jpg", "failed", "too_many_bytes"),
        ("photos/t.jpg", "failed", "not_a_plain_file"),
    ]
    assert {line.license for line in lines} == {"CC0-1.0"}
    for line in lines[:2]:
        data = scratch.stretch(line.shard, line.offset, line.num_bytes)
        assert (data, line.blake3) == (origin.read(line.path), blake3(data).hexdigest())
    with tarfile.open(fileobj=io.BytesIO(scratch.read("pictures-00000.tar"))) as tar:
        assert tar.getnames() == ["000000.jpg", "000001.jpg"]
    assert not any("evil" in line.path for line in lines)


def test_a_member_with_a_name_that_is_no_utf_8_is_passed_over(source: Source, tmp_path: Path, scratch: Folder) -> None:
    origin = Folder(str(tmp_path / "old"))
    origin.make()
    with tarfile.open(tmp_path / "old" / "p.tar", "w", format=tarfile.GNU_FORMAT, encoding="latin-1") as tar:
        for name in ("caf\xe9.jpg", "a.jpg"):
            info = tarfile.TarInfo(name)
            info.size = 2
            tar.addfile(info, io.BytesIO(b"aa"))
    assert [(line.path, line.state) for line in _take(source, origin, scratch)] == [("photos/a.jpg", "ok")]


def test_a_limit_takes_the_first(source: Source, origin: Folder, scratch: Folder) -> None:
    assert [line.path for line in _take(source, origin, scratch, limit=1)] == ["photos/b.jpg"]


@pytest.mark.parametrize("per_tar", [1, 2, 3])
def test_a_run_that_was_broken_off_goes_on_to_the_same_bytes(
    source: Source, origin: Folder, scratch: Folder, per_tar: int
) -> None:
    whole = _take(source, origin, scratch / "whole", per_tar=per_tar)
    for taken in range(len(whole)):
        out = scratch / f"broken-{taken}"
        lines = taken_pictures(source, origin, out, out / "notes", limit=None, per_tar=per_tar, max_bytes=99)
        for _ in range(taken):
            next(lines)
        lines.close()  # type: ignore[attr-defined]
        assert _take(source, origin, out, per_tar=per_tar) == whole
        names = {line.shard for line in whole if line.shard}
        assert all(out.read(name) == (scratch / "whole").read(name) for name in names)


def test_a_broken_archive_stops_the_run_by_name(source: Source, origin: Folder, scratch: Folder) -> None:
    data = origin.read("photos/q.tar.gz")
    origin.write("photos/q.tar.gz", data[:-20])
    with pytest.raises(InputError, match="cannot read the archive") as caught:
        _take(source, origin, scratch)
    assert caught.value.where.endswith("photos/q.tar.gz")


def test_native_files_are_copied_once(origin: Folder, scratch: Folder) -> None:
    origin.write("notes.json", b"x" * 5_000_000)
    (line,) = taken_files(origin, scratch, ["notes.json"])
    assert (line.num_bytes, line.blake3) == (5_000_000, blake3(b"x" * 5_000_000).hexdigest())
    scratch.write("notes.json", b"y" * 5_000_000)  # as long: it is taken for what an earlier run left
    assert next(taken_files(origin, scratch, ["notes.json"])).blake3 == blake3(b"y" * 5_000_000).hexdigest()
    with pytest.raises(InputError, match=r"no file gone.json"):
        list(taken_files(origin, scratch, ["gone.json"]))
