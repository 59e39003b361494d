"""Files of the catalog to a folder like one that somebody downloaded and unpacked."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from mmgic.download.sets import downloaded_set
from mmgic.errors import InputError
from mmgic.schema.catalog import CatalogFile
from mmgic.schema.manifests import LedgerLine
from mmgic.shards.folder import Folder
from tests.unit.download.conftest import Settings
from tests.unit.download.server import Server


def _zip(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_0", "."), data)
    return stream.getvalue()


def _tar(names: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, data in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _file(server: Server, name: str, data: bytes, archive: str | None = None) -> CatalogFile:
    url = server.serve(f"/{name}", data)
    return CatalogFile(name=name, urls=[url], holds="it", source="here", archive=archive)  # type: ignore[arg-type]


def _downloaded(
    place: Path, settings: Settings, *files: CatalogFile, **values: object
) -> tuple[Folder, dict[str, LedgerLine]]:
    return downloaded_set(files, place, settings(**values), license="CC0", progress=lambda *_: None)


def _names(folder: Folder) -> set[str]:
    return {name for name, _ in folder.walk()}


def test_annotations_are_unpacked_and_pictures_are_not(server: Server, settings: Settings, tmp_path: Path) -> None:
    big = os.urandom(5_000_000)
    files = [
        _file(server, "table.csv", b"a,b\n"),
        _file(server, "notes.zip", _zip(annotations__a_0json=b"{}", annotations__big_0json=big, _0hidden=b"x"), "zip"),
        _file(server, "train/list.tar.gz", _tar({"./list.json": b"[]", "./extra.jpg": b"left"}), "tar.gz"),
        _file(server, "train/patch0.tar.gz", _tar({"patch0/1.jpg": b"one", "patch0/readme.txt": b"no"}), "tar.gz"),
    ]
    folder, origins = _downloaded(tmp_path, settings, *files)
    expected = {
        "table.csv": server.url("/table.csv"),
        "annotations/a.json": server.url("/notes.zip#annotations/a.json"),
        "annotations/big.json": server.url("/notes.zip#annotations/big.json"),
        "train/list.json": server.url("/train/list.tar.gz#./list.json"),
        "train/patch0.tar.gz": server.url("/train/patch0.tar.gz"),
    }
    assert {name: line.origin for name, line in origins.items()} == expected
    assert {line.license for line in origins.values()} == {"CC0"}
    assert _names(folder) == set(expected)
    assert folder.read("annotations/big.json") == big
    assert _downloaded(tmp_path, settings, *files) == (folder, origins) or _names(folder) == set(expected)
    assert server.asked.total() == 4


@pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "a/../../out.json"])
def test_a_member_that_would_leave_the_folder(server: Server, settings: Settings, tmp_path: Path, name: str) -> None:
    bad = _file(server, "deep/bad.tar.gz", _tar({name: b"{}"}), "tar.gz")
    with pytest.raises(InputError, match="a member would leave the folder"):
        _downloaded(tmp_path / "place", settings, bad)
    assert not list(tmp_path.rglob("out.json"))


def test_an_archive_that_is_broken_or_a_bomb(server: Server, settings: Settings, tmp_path: Path) -> None:
    whole = _zip(a_0json=os.urandom(5000))
    cut = _file(server, "cut.zip", whole[:3000] + bytes(500) + whole[3500:], "zip")
    with pytest.raises(InputError, match="cannot unpack a.json"):
        _downloaded(tmp_path / "cut", settings, cut)
    none = _file(server, "none.zip", b"no zip at all", "zip")
    with pytest.raises(InputError, match="cannot read the archive"):
        _downloaded(tmp_path / "none", settings, none)
    bomb = _file(server, "bomb.zip", _zip(a_0json=bytes(20_000_000)), "zip")
    with pytest.raises(InputError, match="a.json has more than max_file_bytes 1,000,000"):
        _downloaded(tmp_path / "bomb", settings, bomb, max_file_bytes=1_000_000)
    found = [path.stat().st_size for path in (tmp_path / "bomb" / "set").rglob("*") if path.is_file()]
    assert sum(found) < 6_000_000
