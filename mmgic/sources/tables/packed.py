"""Streams over compressed files: .gz, .zst and the members of a .zip, with a limit to how far a few bytes may expand.

The standard library and zstandard undo them; a stream that ends early, is damaged or expands without end is named with the
bytes that came before. Nothing is unpacked to disk, and names of members never become paths.
"""

import gzip
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import IO, cast

import zstandard

from mmgic.errors import InputError
from mmgic.shards.archives import BROKEN, opened_zip
from mmgic.shards.folder import Readable

_ALLOWED_BYTES = 64 << 20
_ALLOWED_RATIO = 200  # text of URLs and captions shrinks to a third or less, hardly ever to a tenth
_FED = 1 << 10  # to zstd at a time: a kilobyte expands to 32 MB at most
_BROKEN = (*BROKEN, zstandard.ZstdError)


Opened = Callable[[str], AbstractContextManager[Readable]]
Seekable = Callable[[str], AbstractContextManager[IO[bytes]]]


def plain_name(name: str) -> str:
    """The name without `.gz` or `.zst`."""
    return name.removesuffix(".gz").removesuffix(".zst")


@contextmanager
def unpacked(name: str, where: str, opened: Opened) -> Iterator[Readable]:
    """A file as it is without compression; reading it raises `InputError` where it is damaged, cut or a bomb."""
    with opened(name) as raw:
        counted = _Counted(raw)
        if name.endswith(".gz"):
            yield _Limited(gzip.GzipFile(fileobj=cast(IO[bytes], counted)), where, lambda: counted.num_bytes)
        elif name.endswith(".zst"):
            yield _Limited(_Zstd(counted), where, lambda: counted.num_bytes)
        else:
            yield raw


def zip_members(
    name: str, where: str, seekable: Seekable, is_wanted: Callable[[str], bool]
) -> Iterator[tuple[str, Readable]]:
    """The wanted files in a zip in the order of their names, each to be read before the next.

    Raises:
        InputError: it is no zip or is cut; a wanted member is a link, encrypted, or there twice.
    """
    with seekable(name) as stream:
        try:
            with opened_zip(stream) as archive:
                infos = [info for info in archive.infolist() if not info.is_dir() and is_wanted(info.filename)]
                infos.sort(key=lambda info: info.filename)
                for before, info in zip([None, *infos], infos, strict=False):
                    if (info.external_attr >> 28) == 0xA or info.flag_bits & 1:
                        raise InputError(f"member {info.filename!r} is a link or encrypted", where=where)
                    if before and before.filename == info.filename:
                        raise InputError(f"two members are called {info.filename!r}", where=where)
                    with archive.open(info) as member:
                        num_packed = partial(int, info.compress_size)
                        yield info.filename, _Limited(member, f"{where}#{info.filename}", num_packed)
        except _BROKEN as error:
            raise InputError(f"cannot read the zip: {error}", where=where, hint="get it again") from error


class _Counted:
    """Passes bytes on and counts them."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw
        self.num_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        self.num_bytes += len(data)
        return data


class _Limited:
    """Names what is wrong with an expanded stream, and stops one that expands too far."""

    def __init__(self, raw: Readable, where: str, num_packed: Callable[[], int]) -> None:
        self._raw = raw
        self._where = where
        self._num_packed = num_packed
        self._num_bytes = 0

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._raw.read(size)
        except _BROKEN as error:
            raise InputError(
                f"the compressed file is damaged or ends early: {error}; {self._num_bytes} bytes came before",
                where=self._where,
                hint="get it again",
            ) from error
        self._num_bytes += len(data)
        packed = self._num_packed()
        if self._num_bytes > _ALLOWED_BYTES + _ALLOWED_RATIO * packed:
            raise InputError(f"{packed} bytes expand to over {self._num_bytes}, which no table does", where=self._where)
        return data


class _Zstd:
    """A file of zstd frames. zstandard's own reader takes a cut frame for the end."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._waiting = b""
        self._is_inside = False

    def read(self, size: int = -1) -> bytes:
        """The next bytes, whatever their number."""
        while True:
            data = self._waiting or self._raw.read(_FED)
            self._waiting = b""
            if not data:
                if self._is_inside:
                    raise EOFError("the last frame has no end")
                return b""
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            found = self._frame.decompress(data)
            self._is_inside = not self._frame.eof
            self._waiting = self._frame.unused_data if self._frame.eof else b""
            if found:
                return found
