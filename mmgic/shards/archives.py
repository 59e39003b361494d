"""Members of zip and tar archives, one after the other and nothing unpacked.

Names are handed on as they stand and never become paths. A member is read only when asked for, up to a limit, so that
neither a lying size nor a bomb takes memory. `zipfile` and `tarfile` of the standard library do the reading; a tar whose header
is damaged is broken and does not end there, and so is a zip whose list of members is.
"""

import errno
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, cast

from mmgic.errors import InputError
from mmgic.shards.folder import Folder
from mmgic.shards.tars import BrokenTar, tar_entries

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz")
"""How the names of archives end that can be read."""

BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    NotImplementedError,
    ValueError,
)
"""What the standard library raises on the bytes of a damaged archive or member."""

_ZIP_END, _ZIP_COUNT_AT, _ZIP_END_BYTES = b"PK\5\6", 10, 22 + (1 << 16)
_MANY = (1 << 16) - 1  # or more: the number stands elsewhere


def _as_it_is(stream: IO[bytes]) -> IO[bytes]:
    return stream


_DECOMPRESSORS: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    "gz": lambda stream: cast(IO[bytes], gzip.GzipFile(fileobj=stream)),
    "tgz": lambda stream: cast(IO[bytes], gzip.GzipFile(fileobj=stream)),
    "xz": lambda stream: cast(IO[bytes], lzma.open(stream)),  # noqa: SIM115,
}


class BrokenMember(Exception):
    """A member whose bytes are damaged or end early; others of its archive may be sound."""


@dataclass(frozen=True)
class Member:
    """A file, or what should be one, of an archive. `is_file` is false of links, devices and encrypted members.

    Its bytes must be read before the next member is taken.
    """

    name: str
    num_bytes: int
    is_file: bool
    open: Callable[[], IO[bytes]]

    def read(self, limit: int) -> bytes:
        """Its bytes, at most `limit` of them.

        Raises:
            BrokenMember: they cannot be read.
        """
        return next(self.chunks(limit), b"")

    def chunks(self, num_bytes: int) -> Iterator[bytes]:
        """Its bytes in pieces of this size.

        Raises:
            BrokenMember: they cannot be read.
        """
        try:
            with self.open() as stream:
                while data := stream.read(num_bytes):
                    yield data
        except BROKEN as error:
            raise BrokenMember(str(error)) from error


def archive_members(folder: Folder, name: str) -> Iterator[Member]:
    """The members of an archive in order, without folders.

    Raises:
        InputError: the archive is broken or ends early; of a tar with the byte.
    """
    try:
        with folder.open(name) as stream:
            if name.endswith(".zip"):
                with opened_zip(stream) as archive:
                    yield from _of_zip(archive)
            else:
                # `tarfile` has decompressors of its own, which check no checksum.
                plain = _DECOMPRESSORS.get(name.rpartition(".")[2], _as_it_is)(stream)
                for entry in tar_entries(plain):
                    yield Member(entry.name, entry.num_bytes, entry.is_file, entry.open)
    except (*BROKEN, BrokenTar) as error:
        place = f", byte {error.offset} of the tar" if isinstance(error, BrokenTar) else ""
        raise InputError(
            f"cannot read the archive: {error}{place}",
            where=folder.file(name),
            hint="is the download whole? get it again",
        ) from error


def opened_zip(stream: IO[bytes]) -> zipfile.ZipFile:
    """A zip with all its members: `zipfile` takes a damaged list of them for a shorter one.

    Raises:
        zipfile.BadZipFile: it is no zip, is damaged, or is of a kind that cannot be read.
    """
    try:
        archive = zipfile.ZipFile(stream)
        num_bytes = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, num_bytes - _ZIP_END_BYTES))
        end = stream.read()
        (count,) = struct.unpack_from("<H", end, end.rfind(_ZIP_END) + _ZIP_COUNT_AT)
    except (NotImplementedError, ValueError, struct.error) as error:
        raise zipfile.BadZipFile(str(error)) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a place before the file
            raise
        raise zipfile.BadZipFile("the place of the list of members is damaged") from error
    members = archive.infolist()
    is_whole = count in (len(members), _MANY) or len(members) > _MANY
    if not (is_whole and all(info.filename and 0 <= info.header_offset < num_bytes for info in members)):
        raise zipfile.BadZipFile("the list of members is damaged")
    return archive


def _of_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        if info.is_dir():
            continue
        is_link = (info.external_attr >> 28) == 0xA
        is_encrypted = bool(info.flag_bits & 1)
        yield Member(info.filename, info.file_size, not (is_link or is_encrypted), partial(archive.open, info))
