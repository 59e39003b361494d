"""Plain tars, written and read in one forward pass.

The standard library's `tarfile` reads. It takes 60 microseconds for a header that it writes; so headers of plain names are its
own with name, size and checksum replaced, and the bytes stay those that it would write. Headers carry no time, owner or mode of
this machine, so equal content gives equal bytes.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Self, cast

from mmgic.shards.folder import HashingWriter, Readable

_SIZE, _CHECKSUM = slice(124, 136), slice(148, 156)
_MAX_PLAIN_BYTES = 8**11
_BUFFER = 1 << 18
_MAX_EXTENDED_BYTES = 1 << 20
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def _info(name: str, num_bytes: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = num_bytes
    info.mode = 0o644
    return info


_TEMPLATE = _info("", 0).tobuf(tarfile.PAX_FORMAT)
_TEMPLATE_SUM = sum(_TEMPLATE) - sum(_TEMPLATE[_CHECKSUM]) - sum(_TEMPLATE[_SIZE]) + 8 * ord(" ")


@contextmanager
def tar_writer(stream: HashingWriter) -> Iterator[Callable[[str, bytes], int]]:
    """A function `add(name, data)` that appends a file and returns the place of its content; the tar ends with the block."""

    def add(name: str, data: bytes) -> int:
        stream.write(_header(name, len(data)))
        place = stream.num_bytes
        stream.write(data)
        stream.write(bytes(-len(data) % tarfile.BLOCKSIZE))
        return place

    yield add
    stream.write(bytes(2 * tarfile.BLOCKSIZE))
    stream.write(bytes(-stream.num_bytes % tarfile.RECORDSIZE))


def _header(name: str, num_bytes: int) -> bytes:
    if not name.isascii() or len(name) > 100 or num_bytes >= _MAX_PLAIN_BYTES:
        return _info(name, num_bytes).tobuf(tarfile.PAX_FORMAT)
    header = bytearray(_TEMPLATE)
    raw_name, raw_size = name.encode(), b"%011o\0" % num_bytes
    header[: len(raw_name)] = raw_name
    header[_SIZE] = raw_size
    header[_CHECKSUM] = b"%06o\0 " % (_TEMPLATE_SUM + sum(raw_name) + sum(raw_size))
    return bytes(header)


def tar_members(stream: IO[bytes]) -> Iterator[tuple[str, int, bytes]]:
    """Name, offset of the content, and content of each file, in order.

    Raises:
        tarfile.TarError: the tar is broken, or a member is no plain file.
    """
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                raise tarfile.ReadError(f"{member.name} is not a plain file")
            data = content.read()
            if len(data) != member.size:
                raise tarfile.ReadError(f"{member.name} ends early")
            yield member.name, member.offset_data, data


class BrokenTar(Exception):
    """A tar that ends early, is damaged, or goes on behind its end: what is wrong, and the byte.

    `is_last_whole`: the last member that was given is all there.
    """

    def __init__(self, what: str, offset: int, *, is_last_whole: bool = True) -> None:
        super().__init__(what)
        self.offset = offset
        self.is_last_whole = is_last_whole


@dataclass(frozen=True)
class TarEntry:
    """A member of a tar from outside: `num_bytes` of content from `offset`; no file are links, devices and sparse files.

    `read(limit)` gives its first bytes, or raises `BrokenTar`; `open()` is a stream, which raises what `tarfile` does. Both
    are for the time before the next member is taken. Bytes of the name that are no UTF-8 are written as numbers.
    """

    name: str
    offset: int
    num_bytes: int
    is_file: bool
    read: Callable[[int], bytes]
    open: Callable[[], IO[bytes]]


def tar_entries(stream: Readable) -> Iterator[TarEntry]:
    """The members of a tar in order, without folders; contents that nobody reads are passed over.

    `tarfile` takes a damaged header, and the end of a file that is cut between two members, for the end of the tar: what
    follows the last member is looked at here.

    Raises:
        BrokenTar: after the last member that could be found.
    """
    watched = _Watched(stream)
    offset = last_byte = 0
    try:
        with tarfile.open(fileobj=cast(IO[bytes], watched), mode="r|", bufsize=_BUFFER, tarinfo=_BoundedHeader) as tar:
            for info in tar:
                offset, last_byte = info.offset, info.offset_data + info.size
                if not info.isdir():
                    name = info.name.encode("utf-8", "xmlcharrefreplace").decode()
                    is_file = info.isreg() and not info.issparse()
                    opened = partial(_opened, tar, info)
                    yield TarEntry(name, info.offset_data, info.size, is_file, _reader(opened, info.offset), opened)
            offset = tar.offset
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise BrokenTar(str(error), offset, is_last_whole=watched.num_bytes >= last_byte) from error
    rest = watched.last(offset)
    if not rest:
        raise BrokenTar("the tar has no end", offset)
    if rest[: tarfile.BLOCKSIZE].strip(b"\0"):
        raise BrokenTar("a header is damaged", offset)
    while rest:
        if rest.strip(b"\0"):
            raise BrokenTar("there is more behind the end of the tar", offset)
        rest = stream.read(_BUFFER)


def _opened(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return tar.extractfile(info) or io.BytesIO()


def _reader(opened: Callable[[], IO[bytes]], offset: int) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        try:
            return opened().read(limit)
        except tarfile.TarError as error:
            raise BrokenTar(str(error), offset, is_last_whole=False) from error

    return read


class _BoundedHeader(tarfile.TarInfo):
    """A header; one that announces names or fields without end is refused before memory is taken."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """As `tarfile` has it."""
        info = super().frombuf(buf, encoding, errors)
        if info.type in _EXTENDED and info.size > _MAX_EXTENDED_BYTES:
            raise tarfile.ReadError(f"a header of {info.size} bytes")
        return info


class _Watched:
    """Passes bytes on and keeps the last of them: `tarfile` reads ahead, and does not say what it met at the end."""

    def __init__(self, raw: Readable) -> None:
        self._raw = raw
        self._recent = [b"", b"", b""]
        self.num_bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        self._recent = [*self._recent[1:], data]
        self.num_bytes += len(data)
        return data

    def last(self, offset: int) -> bytes:
        """What was read from `offset` on."""
        recent = b"".join(self._recent)
        return recent[max(0, offset - (self.num_bytes - len(recent))) :]
