"""A folder, local or behind an fsspec URL, and streams that hash what passes through them.

Local paths take the same road as remote ones (fsspec's local file system); a write is a `.part` file that is renamed when
whole, so that a killed process leaves no half file under a final name. The process id is part of that file's name: what a
dying process still writes never mixes with what its successor writes.
"""

import errno
import os
import posixpath
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO, Protocol, Self, cast

import fsspec
import msgspec
import zstandard
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import ShardEntry

PART = re.compile(r"\.\d+\.part$")
"""How the name of a file that is not whole ends."""

_BROKEN = (tarfile.TarError, zstandard.ZstdError, msgspec.MsgspecError, EOFError, UnicodeDecodeError)


class Folder:
    """A folder of files. Names are relative and use forward slashes."""

    def __init__(self, url: str) -> None:
        fs, path = fsspec.core.url_to_fs(url)
        self.url = url
        self.fs: Any = fs
        self.path: str = path.rstrip("/")

    def __reduce__(self) -> tuple[object, ...]:
        return Folder, (self.url,)

    def __truediv__(self, name: str) -> "Folder":
        return Folder(posixpath.join(self.url, name))

    def sibling(self, name: str) -> "Folder":
        """A folder beside this one."""
        parent, _, _ = self.url.rstrip("/").rpartition("/")
        return Folder(f"{parent}/{name}" if parent or self.url.startswith("/") else name)

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.url.rstrip("/").rpartition("/")[2]

    @property
    def is_local(self) -> bool:
        """Whether the folder lies in this machine's file system."""
        protocol = self.fs.protocol
        return "file" in ((protocol,) if isinstance(protocol, str) else protocol)

    def file(self, name: str) -> str:
        """Path of a file inside, as the file system wants it."""
        return posixpath.join(self.path, name)

    def exists(self, name: str = "") -> bool:
        """Whether a file inside, or the folder itself, is there."""
        return bool(self.fs.exists(self.file(name) if name else self.path))

    def names(self) -> list[str]:
        """Names of the direct entries, sorted; empty where the folder is missing."""
        if not self.exists():
            return []
        return sorted(posixpath.basename(path.rstrip("/")) for path in self.fs.ls(self.path, detail=False))

    def walk(self, *, refuse_linked: bool = False) -> Iterator[tuple[str, int]]:
        """Name and size of every file below, in no order; a local folder is not listed whole.

        Links to files are files. Folders that are links are passed over, since they may lead anywhere and round in circles.

        Raises:
            InputError: `refuse_linked`, and a folder is a link.
        """
        if not self.is_local:
            start = len(self.path) + 1
            yield from ((path[start:], info["size"]) for path, info in self.fs.find(self.path, detail=True).items())
            return
        waiting = [self.path]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif not entry.is_symlink():
                        if entry.is_file():
                            yield os.path.relpath(entry.path, self.path), entry.stat().st_size
                    elif os.path.isfile(entry.path):
                        yield os.path.relpath(entry.path, self.path), os.path.getsize(entry.path)
                    elif refuse_linked and os.path.isdir(entry.path):
                        hint = "move the folder here, or mount it"
                        raise InputError("a folder that is a link is not searched", where=entry.path, hint=hint)

    def make(self) -> None:
        """Creates the folder and its parents."""
        self.fs.makedirs(self.path, exist_ok=True)

    def open(self, name: str) -> IO[bytes]:
        """Opens a file for reading.

        Raises:
            InputError: it is not there.
        """
        try:
            return cast(IO[bytes], self.fs.open(self.file(name), "rb"))
        except OSError as error:
            if not _is_missing(error):
                raise
            raise InputError(f"no file {name}", where=self.url) from error

    def read(self, name: str) -> bytes:
        """A whole small file."""
        with self.open(name) as stream:
            return stream.read()

    def stretch(self, name: str, offset: int, num_bytes: int) -> bytes:
        """A part of a file: one ranged request where the folder is remote; shorter where the file ends.

        Raises:
            InputError: it is not there.
        """
        try:
            if self.is_local:  # a tenth of what fsspec takes
                with open(self.file(name), "rb") as stream:
                    stream.seek(offset)
                    return stream.read(num_bytes)
            return cast(bytes, self.fs.cat_file(self.file(name), start=offset, end=offset + num_bytes))
        except OSError as error:
            if not _is_missing(error):
                raise
            raise InputError(f"no file {name}", where=self.url) from error

    def write(self, name: str, data: bytes) -> None:
        """Writes a whole small file in one step."""
        with self.writing(name) as stream:
            stream.write(data)

    def remove(self, name: str) -> None:
        """Removes a file."""
        self.fs.rm(self.file(name))

    @contextmanager
    def writing(self, name: str) -> Iterator["HashingWriter"]:
        """A stream that becomes the file `name` when the block ends without an error."""
        part = self.file(f"{name}.{os.getpid()}.part")
        self.fs.makedirs(posixpath.dirname(part), exist_ok=True)
        with self.fs.open(part, "wb") as raw:
            stream = HashingWriter(raw)
            yield stream
        self.fs.mv(part, self.file(name))

    @contextmanager
    def verified(self, entry: ShardEntry) -> Iterator["HashingReader"]:
        """A stream over a shard, whose hash is compared with the manifest's when the block has read it.

        Raises:
            InputError: the bytes differ from what the manifest says, or cannot be read as what they should be.
        """
        with self.open(entry.name) as raw:
            stream = HashingReader(raw)
            try:
                yield stream
            except _BROKEN as error:
                self._compare(entry, stream)
                raise InputError(f"cannot read the shard: {error}", where=self.file(entry.name)) from error
            self._compare(entry, stream)

    def _compare(self, entry: ShardEntry, stream: "HashingReader") -> None:
        found = stream.drained()
        if found != entry.blake3:
            raise InputError(
                f"shard differs from its manifest: BLAKE3 {found} found, {entry.blake3} expected",
                where=self.file(entry.name),
                hint="make the folder again, or restore the file",
            )


def _is_missing(error: OSError) -> bool:
    """Whether there is no such file; names from outside may be such as no file has."""
    is_gone = isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError)
    return is_gone or error.errno in (errno.ENAMETOOLONG, errno.ELOOP)


class Readable(Protocol):
    """What can be read forward."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        ...


class HashingWriter:
    """Passes bytes on, and knows their BLAKE3 and number."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._hash = blake3()
        self.num_bytes = 0

    def write(self, data: bytes | memoryview) -> int:
        """Writes, hashes and counts."""
        self._raw.write(data)
        self._hash.update(data)
        self.num_bytes += len(data)
        return len(data)

    def tell(self) -> int:
        """Bytes written so far."""
        return self.num_bytes

    def flush(self) -> None:
        """Passes on what is buffered."""
        self._raw.flush()

    def entry(self, name: str, split: str, count: int) -> ShardEntry:
        """The manifest's line for what was written."""
        return ShardEntry(name=name, split=split, count=count, num_bytes=self.num_bytes, blake3=self._hash.hexdigest())


class HashingReader:
    """Reads forward, hashing what passes."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._hash = blake3()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, all where negative."""
        data = self._raw.read(size)
        self._hash.update(data)
        return data

    def drained(self) -> str:
        """Reads what is left and returns the hex digest of the whole."""
        while self.read(1 << 20):
            pass
        return str(self._hash.hexdigest())


def is_safe_name(name: str) -> bool:
    """Whether a file name from outside (an annotation, a manifest) stays inside its folder."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name
