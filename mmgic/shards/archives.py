"""Members of zip and tar archives, one after the other and nothing unpacked.

Names are handed on as they stand and never become paths. A member is read only when asked for, up to a limit, so that
neither a lying size nor a bomb takes memory. `zipfile` and `tarfile` of the standard library do the reading.
"""

import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mmgic.errors import InputError
from mmgic.shards.folder import Folder

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz")
"""How the names of archives end that can be read."""

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError)


@dataclass(frozen=True)
class Member:
    """A file, or what should be one, of an archive. `is_file` is false of links, devices and encrypted members.

    `read(limit)` gives its bytes, at most `limit` of them; it must be called before the next member is taken.
    """

    name: str
    num_bytes: int
    is_file: bool
    read: Callable[[int], bytes]


def archive_members(folder: Folder, name: str) -> Iterator[Member]:
    """The members of an archive in order, without folders.

    Raises:
        InputError: the archive is broken or ends early.
    """
    try:
        with folder.open(name) as stream:
            if name.endswith(".zip"):
                with zipfile.ZipFile(stream) as archive:
                    yield from _of_zip(archive)
            else:
                with tarfile.open(fileobj=stream, mode="r|*") as archive:
                    yield from _of_tar(archive)
    except _BROKEN as error:
        raise InputError(
            f"cannot read the archive: {error}", where=folder.file(name), hint="is the download whole? get it again"
        ) from error


def _of_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        if info.is_dir():
            continue

        def read(limit: int, info: zipfile.ZipInfo = info) -> bytes:
            with archive.open(info) as stream:
                return stream.read(limit)

        is_link = (info.external_attr >> 28) == 0xA
        is_encrypted = bool(info.flag_bits & 1)
        yield Member(info.filename, info.file_size, not (is_link or is_encrypted), read)


def _of_tar(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        if info.isdir():
            continue

        def read(limit: int, info: tarfile.TarInfo = info) -> bytes:
            stream = archive.extractfile(info)
            data = stream.read(limit) if stream else b""
            if len(data) < min(limit, info.size):
                raise tarfile.ReadError(f"{info.name} ends early")
            return data

        yield Member(info.name, info.size, info.isreg(), read)
