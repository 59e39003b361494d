"""A local set into the raw folder: native files are copied as they are, pictures packed into tars.

1. Pictures are taken in the order in which the source lists them; those that lie loose first, then those in archives (zip, tar,
   tar.gz), which are read once from front to end.
2. A tar is one unit of work: its ledger lines are kept beside it, so that a killed run goes on at the first tar without them.

Memory is one picture; the list of pictures waits in SQLite. An archive's names never become paths.
"""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Self

import msgspec
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.shards.archives import ARCHIVES, BrokenMember, archive_members
from mmgic.shards.folder import Folder, HashingReader, is_safe_name
from mmgic.shards.tars import tar_writer
from mmgic.sources.places import files_anywhere, utf8_name
from mmgic.sources.registry import Source

_CHUNK = 1 << 22


def taken_files(origin: Folder, out: Folder, names: Iterable[str]) -> Iterator[LedgerLine]:
    """Copies native files from `origin` to `out`, or hashes those that an earlier run left whole.

    Raises:
        InputError: one is not there, or its name is not UTF-8.
    """
    for name in (utf8_name(name, origin) for name in names):
        if out.exists(name) and out.fs.size(out.file(name)) == origin.fs.size(origin.file(name)):
            with out.open(name) as stream:
                digest = HashingReader(stream).drained()
            yield LedgerLine(name, out.fs.size(out.file(name)), digest)
            continue
        with origin.open(name) as stream, out.writing(name) as copy:
            while data := stream.read(_CHUNK):
                copy.write(data)
            entry = copy.entry(name, "", 0)
        yield LedgerLine(name, entry.num_bytes, entry.blake3)


def taken_pictures(
    source: Source, origin: Folder, out: Folder, notes: Folder, *, limit: int | None, per_tar: int, max_bytes: int
) -> Iterator[LedgerLine]:
    """Packs the pictures that a source lists and that are there into `pictures-00000.tar` and following, below `out`.

    Args:
        notes: where the ledger lines of finished tars are kept.
        per_tar: pictures in a tar.
        max_bytes: a larger picture is a failed line (`too_many_bytes`) and is not read.
    """
    number = 0
    with _Wanted(source.local_pictures(origin, limit)) as wanted:
        pictures = _found(source, origin, wanted, max_bytes)
        while True:
            name = f"pictures-{number:05d}.tar"
            if notes.exists(f"{name}.json"):
                lines = msgspec.json.decode(notes.read(f"{name}.json"), type=list[LedgerLine])
                wanted.remove(line.path for line in lines)
            else:
                lines = _packed(name, islice(pictures, per_tar), out)
                if not lines:
                    return
                notes.write(f"{name}.json", msgspec.json.encode(lines))
            yield from lines
            number += 1


def _packed(name: str, pictures: Iterator[tuple[LedgerLine, bytes]], out: Folder) -> list[LedgerLine]:
    """Writes a tar of the pictures and returns their lines; nothing is written where there are none."""
    first = next(pictures, None)
    if first is None:
        return []
    lines: list[LedgerLine] = []
    with out.writing(name) as stream, tar_writer(stream) as add:
        for line, data in chain([first], pictures):
            if line.state == "failed":
                lines.append(line)
                continue
            extension = line.path.rpartition(".")[2].lower()
            offset = add(f"{len(lines):06d}.{extension if extension.isalnum() else 'bin'}", data)
            entry = {"num_bytes": len(data), "blake3": blake3(data).hexdigest()}
            lines.append(msgspec.structs.replace(line, **entry, shard=name, offset=offset))
    return lines


class _Wanted:
    """The pictures that are still to be taken, on disk."""

    def __init__(self, lines: Iterable[LedgerLine]) -> None:
        self._lines = lines

    def __enter__(self) -> Self:
        self._place = tempfile.TemporaryDirectory(prefix="mmgic-wanted-")
        self._db = sqlite3.connect(f"{self._place.name}/wanted.sqlite", isolation_level=None)
        for setting in ("journal_mode = off", "synchronous = off"):
            self._db.execute(f"pragma {setting}")
        self._db.execute("create table wanted (number integer primary key, path text unique, line blob, open int)")
        self._db.execute("begin")
        rows = ((line.path, msgspec.msgpack.encode(line)) for line in self._lines)
        try:
            self._db.executemany("insert or ignore into wanted (path, line, open) values (?, ?, 1)", rows)
        except BaseException:
            self.__exit__()
            raise
        self._db.execute("commit")
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._place.cleanup()

    def lines(self) -> Iterator[LedgerLine]:
        """Those still open, in order. Others may be taken away meanwhile."""
        number = 0
        while True:
            row = self._db.execute(
                "select number, line from wanted where number > ? and open order by number limit 1", (number,)
            ).fetchone()
            if row is None:
                return
            number = row[0]
            yield msgspec.msgpack.decode(row[1], type=LedgerLine)

    def take(self, path: str) -> LedgerLine | None:
        """The line of a picture that is still open; it is not any more."""
        row = self._db.execute("select line from wanted where path = ? and open", (path,)).fetchone()
        if row is None:
            return None
        self.remove([path])
        return msgspec.msgpack.decode(row[0], type=LedgerLine)

    def remove(self, paths: Iterable[str]) -> None:
        """Takes pictures away."""
        self._db.executemany("update wanted set open = 0 where path = ?", ((path,) for path in paths))


def _found(source: Source, origin: Folder, wanted: _Wanted, max_bytes: int) -> Iterator[tuple[LedgerLine, bytes]]:
    """The wanted pictures with their bytes: loose ones in their order, then the members of archives in theirs."""
    for line in wanted.lines():
        if not is_safe_name(line.path):
            wanted.remove([line.path])  # its source names it as lost
            continue
        try:
            with origin.open(line.path) as stream:
                data = stream.read(max_bytes + 1)
        except InputError:
            continue
        wanted.remove([line.path])
        yield _limited(line, data, line.path, max_bytes)
    for archive in _archives(origin):
        if next(wanted.lines(), None) is None:
            return
        for member in archive_members(origin, archive):
            path = source.picture_of_member(archive, member.name)
            found = wanted.take(path) if path else None
            if found is None:
                continue
            where = f"{archive}#{member.name}"
            if not member.is_file:
                yield _failed(found, where, "not_a_plain_file"), b""
                continue
            try:
                yield _limited(found, member.read(max_bytes + 1), where, max_bytes)
            except BrokenMember:
                yield _failed(found, where, "broken_member"), b""


def _limited(line: LedgerLine, data: bytes, where: str, max_bytes: int) -> tuple[LedgerLine, bytes]:
    if len(data) > max_bytes:
        return _failed(line, where, "too_many_bytes"), b""
    return msgspec.structs.replace(line, origin=line.origin or where), data


def _failed(line: LedgerLine, where: str, cause: str) -> LedgerLine:
    return msgspec.structs.replace(line, origin=line.origin or where, state="failed", cause=cause)


def _archives(origin: Folder) -> list[str]:
    """Archives anywhere below the folder, sorted."""
    return files_anywhere(origin, lambda path: path.endswith(ARCHIVES), refuse_linked=False)
