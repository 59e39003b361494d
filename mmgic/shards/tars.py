"""Plain tars, written and read in one forward pass.

The standard library's `tarfile` does both. Headers carry no time, owner or mode of this machine, so equal content gives
equal bytes.
"""

import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

from mmgic.shards.folder import HashingWriter


@contextmanager
def tar_writer(stream: HashingWriter) -> Iterator[Callable[[str, bytes], int]]:
    """A function `add(name, data)` that appends a file and returns the place of its content; the tar ends with the block."""
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="w|", format=tarfile.PAX_FORMAT) as tar:

        def add(name: str, data: bytes) -> int:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o644
            tar.addfile(info, io.BytesIO(data))
            return tar.offset - -(-len(data) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE

        yield add


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
