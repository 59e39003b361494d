"""Where the bytes of a body go: into memory, or into a file that outlives the process.

A body knows the validator that the server gave with its first bytes (an ETag, or the time of the last change), so that the
rest can be asked for, and only the rest of the same.
"""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from mmgic.errors import MmgicError


class Body(Protocol):
    """Bytes that came so far. Without a validator they cannot be continued."""

    @property
    def num_bytes(self) -> int:
        """How many came."""
        ...

    @property
    def validator(self) -> str:
        """What the server called this state of the file."""
        ...

    def begin(self, validator: str) -> None:
        """Drops what came before; what follows is of this state of the file."""
        ...

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        ...


class MemoryBody:
    """A body in memory."""

    def __init__(self) -> None:
        self.validator = ""
        self.num_bytes = 0
        self._chunks: list[bytes] = []

    def begin(self, validator: str) -> None:
        """Drops what came before."""
        self.validator, self.num_bytes = validator, 0
        self._chunks.clear()

    def write(self, data: bytes) -> None:
        """Adds bytes."""
        self._chunks.append(data)
        self.num_bytes += len(data)

    @property
    def data(self) -> bytes:
        """All bytes."""
        if len(self._chunks) != 1:
            self._chunks = [b"".join(self._chunks)]
        return self._chunks[0]


class _Note(msgspec.Struct, frozen=True):
    url: str
    validator: str


class FileBody:
    """A body in `<name>.part`, with its URL and validator in `<name>.part.json` beside. Open with `with`.

    A killed process leaves both; what was written is taken up where URL and validator are known. `progress` is told how many
    bytes there are.
    """

    def __init__(self, path: Path, url: str, progress: Callable[[int], None] = lambda num_bytes: None) -> None:
        self._progress = progress
        self.part = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")
        self._url = url
        self.validator = ""
        self.num_bytes = 0

    def __enter__(self) -> "FileBody":
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = self.part.open("ab", buffering=0)
        self.validator = self._noted()
        self.num_bytes = self.part.stat().st_size
        if not self.validator:
            self.begin("")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def begin(self, validator: str) -> None:
        """Drops what came before.

        Raises:
            MmgicError: the disk does not let it.
        """
        try:
            self._note.unlink(missing_ok=True)
            self._file.truncate(0)
            self.validator, self.num_bytes = validator, 0
            if validator:
                note = self._note.with_name(f"{self._note.name}.new")
                note.write_bytes(msgspec.json.encode(_Note(self._url, validator)))
                note.rename(self._note)
        except OSError as error:  # else it would pass for one of the connection's
            raise disk_trouble(error, self.part) from error

    def write(self, data: bytes) -> None:
        """Adds bytes.

        Raises:
            MmgicError: the disk does not take them.
        """
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise disk_trouble(error, self.part) from error
        self.num_bytes += len(data)
        self._progress(self.num_bytes)

    def _noted(self) -> str:
        try:
            note = msgspec.json.decode(self._note.read_bytes(), type=_Note)
        except (FileNotFoundError, msgspec.MsgspecError):
            return ""
        return note.validator if note.url == self._url else ""


def disk_trouble(error: Exception, place: Path) -> MmgicError:
    """What a disk that is full or broken has said, as an error that names the place; the same command goes on later."""
    words = getattr(error, "strerror", None) or str(error)
    return MmgicError(words, where=str(place), hint="mend it and run the same command again")


def name_whole_file(path: Path) -> bool:
    """Gives a whole `<name>.part` its name; false where there is neither."""
    part = path.with_name(f"{path.name}.part")
    if part.exists():
        part.rename(path)
    path.with_name(f"{path.name}.part.json").unlink(missing_ok=True)
    return path.exists()
