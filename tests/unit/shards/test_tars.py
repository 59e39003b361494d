"""Tars: round trip, equal bytes, nothing of this machine in them, and every truncation is an error."""

import io
import tarfile
from typing import IO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.shards.folder import Folder
from mmgic.shards.tars import BrokenTar, _header, tar_entries, tar_members, tar_writer


def _tar(folder: Folder, members: dict[str, bytes]) -> bytes:
    with folder.writing("t.tar") as stream, tar_writer(stream) as add:
        for name, data in members.items():
            add(name, data)
    return folder.read("t.tar")


@settings(max_examples=30)
@given(
    members=st.dictionaries(
        st.from_regex(r"[a-z0-9é_-]{1,120}\.json", fullmatch=True), st.binary(max_size=2000), max_size=4
    )
)
def test_round_trip_equal_bytes_and_offsets(members: dict[str, bytes]) -> None:
    folder = Folder("memory://tars")
    data = _tar(folder, members)
    assert data == _tar(folder, members)
    found = list(tar_members(io.BytesIO(data)))
    assert {name: content for name, _, content in found} == members
    assert all(data[offset : offset + len(content)] == content for _, offset, content in found)


def test_headers_carry_nothing_of_this_machine(scratch: Folder) -> None:
    with tarfile.open(fileobj=io.BytesIO(_tar(scratch, {"a.json": b"x"}))) as tar:
        member = tar.getmembers()[0]
    assert (member.mtime, member.uid, member.gid, member.uname, member.mode) == (0, 0, 0, "", 0o644)


@pytest.mark.parametrize("cut", [1, 511, 512, 513, 1211, 2048, 2049, 2747])
def test_a_cut_inside_a_header_or_content_is_an_error(scratch: Folder, cut: int) -> None:
    data = _tar(scratch, {"a.json": b"x" * 700, "b.json": b"y" * 700})
    assert data[1211:1213] == b"x\0" and data[2747:2749] == b"y\0"
    with pytest.raises(tarfile.TarError):
        list(tar_members(io.BytesIO(data[:cut])))


def test_links_are_no_members(scratch: Folder) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="w") as tar:
        link = tarfile.TarInfo("a")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    stream.seek(0)
    with pytest.raises(tarfile.TarError, match="link"):
        list(tar_members(stream))


@given(
    members=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=130).filter(
            lambda name: name not in (".", "..")
        ),
        st.binary(max_size=1200),
        max_size=5,
    )
)
def test_the_bytes_are_those_of_tarfile(members: dict[str, bytes]) -> None:
    expected = io.BytesIO()
    with tarfile.open(fileobj=expected, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    assert _tar(Folder("memory://tars"), members) == expected.getvalue()


def test_sizes_of_gigabytes_stand_in_the_header() -> None:
    for size in (8**11 - 1, 8**11, 10**12):
        info = tarfile.TarInfo.frombuf(_header("a.jpg", size)[-512:], "utf-8", "strict")
        assert info.size in (size, 0) and (size < 8**11 or b"size=%d\n" % size in _header("a.jpg", size))


def test_entries_tell_where_contents_are_and_read_a_part(scratch: Folder) -> None:
    members = {"a.json": b"x" * 700, "é" * 90: b"", "b.png": b"y" * 5000}
    data = _tar(scratch, members)
    found = []
    for entry in tar_entries(io.BytesIO(data)):
        assert data[entry.offset : entry.offset + entry.num_bytes] == members[entry.name] and entry.is_file
        found.append(entry.read(10))
    assert found == [b"x" * 10, b"", b"y" * 10]


def _read(data: bytes) -> tuple[int, BrokenTar | None]:
    given = 0
    try:
        for entry in tar_entries(io.BytesIO(data)):
            given += 1
            entry.read(1)
    except BrokenTar as error:
        return given, error
    return given, None


@pytest.mark.parametrize("size", [1, 700, 5000])
def test_every_cut_gives_the_members_before_it_and_says_where(scratch: Folder, size: int) -> None:
    data = _tar(scratch, {f"{n}.txt": b"x" * size for n in range(3)})
    block = 512 + -(-size // 512) * 512
    for cut in (*range(1, len(data), 97), block, 3 * block):
        given, broken = _read(data[:cut])
        assert given == min(3, -(-(cut - 511) // block))
        if broken is None:
            assert cut > 3 * block
        else:
            end = (given - 1) * block + 512 + size
            assert broken.offset <= cut and broken.is_last_whole == (not given or cut >= end)


def test_names_that_are_no_utf_8_can_be_written(scratch: Folder) -> None:
    data = _tar(scratch, {"caf-.txt": b"x"}).replace(b"caf-", b"caf\xe9")
    data = data[:148] + b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512])) + data[156:]
    (entry,) = tar_entries(io.BytesIO(data))
    assert entry.name == "caf&#56553;.txt" and entry.name.encode()
