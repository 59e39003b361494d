"""The files below a folder with benchmarks, packed or not, and the pictures that they hold.

A member of a tar must be read before the next one is taken. Memory: one file of ids, one picture, one member of an archive, or
some rows of a table.
"""

import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, cast

from mmgic.duplicates.benchmark_tables import TablePicture, pictures_of_parquet, pictures_of_tsv
from mmgic.duplicates.benchmarks import benchmark_of_folder
from mmgic.errors import InputError
from mmgic.shards.archives import ARCHIVES, BrokenMember, Member, archive_members
from mmgic.shards.folder import Folder

_MAX_BYTES = 1 << 30
_MAX_PICTURE_BYTES = 200_000_000
_TSV = (".tsv", ".tsv.gz")
_PARQUET = ".parquet"
_TABLES = (*_TSV, _PARQUET)
_PICTURES = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?)$|^[^.]+$", re.IGNORECASE)  # SEED-Bench's have no extension
_TRAIN = re.compile(r"(^|[^a-z])train(\d{4}|ing)?([^a-z]|$)", re.IGNORECASE)  # in names of folders, archives and tables


@dataclass(frozen=True)
class BenchmarkFile:
    """A file below the folder, or a member of an archive.

    `top` is the folder, archive or table that it belongs to, and `open()` gives its bytes, of a member up to a limit.
    """

    path: str
    top: str
    where: str
    open: Callable[[], IO[bytes]]

    @property
    def name(self) -> str:
        """Its last part."""
        return PurePosixPath(self.path).name

    @property
    def ending(self) -> str:
        """As `.parquet`; empty where it has none, or an odd one."""
        ending = PurePosixPath(self.path).suffix.lower()
        return ending if re.fullmatch(r"\.[a-z0-9]{1,10}", ending) else ""

    @property
    def benchmark(self) -> str:
        """The benchmark that it belongs to."""
        return benchmark_of_folder(self.top)

    @property
    def may_hold_pictures(self) -> bool:
        """Whether it is a table, or by its name a picture."""
        return self.is_table or bool(_PICTURES.search(self.name))

    @property
    def is_table(self) -> bool:
        """Whether pictures are its cells."""
        return self.name.lower().endswith(_TABLES)

    @contextmanager
    def plain(self) -> Iterator[IO[bytes]]:
        """A stream over what it holds, unpacked where it is gzipped."""
        try:
            with self.open() as stream:
                yield cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if self.name.endswith(".gz") else stream
        except (BrokenMember, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"cannot read the file: {error}", where=self.where) from error

    def whole(self) -> bytes:
        """What it holds, unpacked.

        Raises:
            InputError: it is damaged, or too large for a file of ids.
        """
        with self.plain() as stream:
            data = stream.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise InputError(f"more than {_MAX_BYTES:,} bytes of ids", where=self.where)
        return data

    def pictures(self) -> Iterator[tuple[str, bytes | None]]:
        """Names and bytes of its pictures; None for one that is damaged, empty or too large. Without a name it has the file's.

        Raises:
            InputError: it is a table that cannot be read.
        """
        found = self._cells() if self.is_table else _alone(self) if self.may_hold_pictures else ()
        for data, name in found:
            yield PurePosixPath(name).name or self.name, data if 0 < len(data) <= _MAX_PICTURE_BYTES else None

    def _cells(self) -> Iterator[TablePicture]:
        with self.plain() as stream:
            if self.ending == _PARQUET:
                yield from pictures_of_parquet(stream, self.where)
            else:
                yield from pictures_of_tsv(stream, self.where, _MAX_PICTURE_BYTES)


def benchmark_files(place: Folder, counts: Counter[str]) -> Iterator[BenchmarkFile]:
    """All files in order of their paths, and the members of archives in theirs; `counts` gets what is left out.

    Raises:
        InputError: an archive cannot be read.
    """
    for path in sorted(path for path, _ in place.walk()):
        folder, _, _ = path.partition("/")
        is_alone = folder == path and not path.lower().endswith((*ARCHIVES, *_TABLES))
        top = PurePosixPath(place.path).name if is_alone else folder
        if _is_training(path):
            counts["files_left_out_as_train"] += 1
        elif path.endswith(ARCHIVES):
            yield from _members(place, path, top, counts)
        else:
            yield BenchmarkFile(path, top, place.file(path), partial(place.open, path))


def _members(place: Folder, path: str, top: str, counts: Counter[str]) -> Iterator[BenchmarkFile]:
    for member in archive_members(place, path):
        inside = f"{path}/{member.name}"
        if not member.is_file:
            counts["members_that_are_no_files"] += 1
        elif _is_training(inside):
            counts["files_left_out_as_train"] += 1
        else:
            where = place.file(inside)
            yield BenchmarkFile(inside, top, where, partial(_member_stream, member, where))


def _is_training(path: str) -> bool:
    """By its folder, or by its name where it is no picture."""
    folder, _, name = path.rpartition("/")
    return bool(_TRAIN.search(folder) or (_TRAIN.search(name) and not _PICTURES.search(name)))


def _member_stream(member: Member, where: str) -> IO[bytes]:
    data = member.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise InputError(f"a packed file of more than {_MAX_BYTES:,} bytes", where=where, hint="unpack the archive")
    return io.BytesIO(data)


def _alone(file: BenchmarkFile) -> Iterator[TablePicture]:
    try:
        with file.open() as stream:
            yield TablePicture(stream.read(_MAX_PICTURE_BYTES + 1))
    except BrokenMember:
        yield TablePicture(b"")
