"""Archives: members in order with their bytes, what is no file is told, and every broken one is named."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from mmgic.errors import InputError
from mmgic.shards.archives import BrokenMember, Member, archive_members
from mmgic.shards.folder import Folder

_FILES = {"a/1.jpg": b"one" * 1000, "../2.jpg": b"", "3.jpg": b"three"}


def _zip(method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.mkdir("a")
        for name, data in _FILES.items():
            archive.writestr(name, data)
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return stream.getvalue()


def _tar(mode: str = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("a")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in _FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, kind in (("link.jpg", tarfile.SYMTYPE), ("device", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return stream.getvalue()


_MAKERS: dict[str, Callable[[], bytes]] = {
    "a.zip": _zip,
    "stored.zip": lambda: _zip(zipfile.ZIP_STORED),
    "a.tar": _tar,
    "a.tar.gz": lambda: _tar("w:gz"),
    "a.tgz": lambda: _tar("w:gz"),
    "a.tar.xz": lambda: _tar("w:xz"),
}


def _members(folder: Folder, name: str, limit: int = 1 << 20) -> list[tuple[Member, bytes]]:
    return [(member, member.read(limit) if member.is_file else b"") for member in archive_members(folder, name)]


@pytest.mark.parametrize("name", _MAKERS)
def test_members_come_in_order_and_nothing_is_followed(scratch: Folder, name: str) -> None:
    scratch.write(name, _MAKERS[name]())
    found = _members(scratch, name)
    assert {member.name: data for member, data in found if member.is_file} == _FILES
    assert [member.name for member, _ in found][:4] == [*_FILES, "link.jpg"]
    assert not any(member.is_file for member, _ in found[3:])
    assert [len(data) for _, data in _members(scratch, name, limit=10)][:3] == [10, 0, 5]


@pytest.mark.parametrize("name", _MAKERS)
def test_a_broken_archive_is_named(scratch: Folder, name: str) -> None:
    for broken in (_MAKERS[name]()[: 300 if name == "a.tar" else -60], b"", b"no archive at all"):
        scratch.write(name, broken)
        with pytest.raises(InputError, match="cannot read the archive") as caught:
            list(archive_members(scratch, name))
        assert caught.value.where == scratch.file(name)


def test_a_member_that_ends_early_is_told_and_so_is_its_archive(scratch: Folder) -> None:
    scratch.write("a.tar", _tar()[: 2 * 512 + 700])
    members = archive_members(scratch, "a.tar")
    with pytest.raises(BrokenMember, match="unexpected end of data"):
        next(members).read(1 << 20)
    with pytest.raises(InputError, match="cannot read the archive: unexpected end of data"):
        next(members)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda tar: tar[:600] + b"\xff" + tar[601:], "a header is damaged, byte 512 of the tar"),
        (lambda tar: tar[: 2 * 512 + 3072], "the tar has no end, byte 4096 of the tar"),
        (lambda tar: tar + tar, "there is more behind the end of the tar"),
    ],
    ids=["header", "cut", "two"],
)
def test_a_damaged_header_or_a_cut_between_members_is_not_the_end(
    scratch: Folder, name: str, damage: Callable[[bytes], bytes], what: str
) -> None:
    data = damage(_tar())
    scratch.write(name, gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(InputError, match=what):
        _members(scratch, name)


@pytest.mark.parametrize(
    ("place", "data"),
    [(6, b"\x5b"), (28, b"\0\0\0\0\2\0"), (33, b"\2"), (42, b"\xff\xff\xff\x7f"), (46, b"\xff")],
    ids=["version", "no name", "comment", "offset", "utf-8"],
)
def test_a_damaged_list_of_members_is_no_shorter_list(scratch: Folder, place: int, data: bytes) -> None:
    damaged = bytearray(_zip())
    at = damaged.index(b"PK\1\2") + place
    damaged[at : at + len(data)] = data
    damaged[at - place + 9] |= 8  # names are UTF-8
    scratch.write("d.zip", bytes(damaged))
    with pytest.raises(InputError, match="cannot read the archive"):
        _members(scratch, "d.zip")


def test_names_that_are_no_utf_8_can_be_written(scratch: Folder) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        archive.addfile(tarfile.TarInfo("caf\xe9.jpg"))
    scratch.write("l.tar", stream.getvalue())
    ((member, _),) = _members(scratch, "l.tar")
    assert member.name == "caf&#56553;.jpg"


def test_a_bomb_costs_no_more_than_the_limit(scratch: Folder) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.jpg", b"\0" * 50_000_000)
    scratch.write("b.zip", stream.getvalue())
    ((member, data),) = _members(scratch, "b.zip", limit=1000)
    assert (member.num_bytes, len(data), len(stream.getvalue()) < 60_000) == (50_000_000, 1000, True)


def test_a_member_with_a_wrong_checksum_is_told_and_the_next_is_read(scratch: Folder) -> None:
    data = bytearray(_zip(zipfile.ZIP_STORED))
    data[data.index(b"one")] ^= 1
    scratch.write("c.zip", bytes(data))
    members = archive_members(scratch, "c.zip")
    with pytest.raises(BrokenMember, match="Bad CRC-32"):
        next(members).read(1 << 20)
    assert (next(members).read(9), next(members).read(9)) == (b"", b"three")


def test_a_packed_tar_with_a_wrong_checksum_is_named(scratch: Folder) -> None:
    packed = bytearray(gzip.compress(_tar()))
    packed[-5] ^= 1
    scratch.write("c.tar.gz", bytes(packed))
    with pytest.raises(InputError, match="cannot read the archive"):
        list(archive_members(scratch, "c.tar.gz"))
