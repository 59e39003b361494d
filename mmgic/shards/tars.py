"""Plain tars, written and read in one forward pass.

The standard library's `tarfile` reads. It takes 60 microseconds for a header that it writes; so headers of plain names are its
own with name, size and checksum replaced, and the bytes stay those that it would write. Headers carry no time, owner or mode of
this machine, so equal content gives equal bytes.
"""

import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from mmgic.shards.folder import HashingWriter

_SIZE, _CHECKSUM = slice(124, 136), slice(148, 156)
_MAX_PLAIN_BYTES = 8**11


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
