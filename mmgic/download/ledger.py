"""What is known of every URL of a run, on disk: SQLite in WAL mode, and the bytes that came in a spool for each unit.

1. A picture's bytes are appended to its unit's spool first, its row is committed after: what has a row is never asked again.
2. A unit whose tar is written becomes one row with all its ledger lines, compressed; its rows and its spool go.
3. When a run is taken up, each row's bytes are compared with its hash; a row without them goes, a torn end of a spool is cut.

A row takes 20 microseconds. A finished unit takes about 80 bytes a URL, an open one its pictures; memory does not grow.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec
import zstandard
from blake3 import blake3

from mmgic.download.bodies import disk_trouble
from mmgic.download.causes import is_retryable
from mmgic.schema.manifests import LedgerLine


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What became of one URL of an open unit. `offset` is the place of its bytes in the spool."""

    cause: str
    status: int
    tries: int
    num_bytes: int = 0
    blake3: str = ""
    extension: str = ""
    offset: int = 0


class Ledger:
    """The ledger of a run in a local folder. Open with `with`; one process at a time."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._rows = msgspec.msgpack.Decoder(Row)
        self._lines = msgspec.msgpack.Decoder(list[LedgerLine])

    def __enter__(self) -> Self:
        self._place.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self._place / "ledger.sqlite", isolation_level=None)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise
        return self

    def _prepare(self) -> None:
        for setting in ("locking_mode = exclusive", "journal_mode = wal", "synchronous = normal"):
            self._db.execute(f"pragma {setting}")
        self._db.execute(
            "create table if not exists rows (unit, number, row blob, primary key (unit, number)) without rowid"
        )
        self._db.execute("create table if not exists units (unit integer primary key, lines blob)")
        for path in self._place.glob("unit-*.spool"):  # a kill may fall between the end of a unit and that of its spool
            if self.is_finished(int(path.stem.removeprefix("unit-"))):
                path.unlink()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def record(self, unit: int, number: int, row: Row) -> None:
        """Commits what became of a unit's URL; its bytes must be in the spool."""
        self._db.execute("insert into rows values (?, ?, ?)", (unit, number, msgspec.msgpack.encode(row)))

    def rows(self, unit: int) -> dict[int, Row]:
        """What is known of an open unit's URLs, by their number in it."""
        found = self._db.execute("select number, row from rows where unit = ?", (unit,))
        return {number: self._rows.decode(row) for number, row in found}

    def spool_path(self, unit: int) -> Path:
        """The file of an open unit's bytes."""
        return self._place / f"unit-{unit:06d}.spool"

    def opened(self, unit: int) -> "Spool":
        """The spool of a unit, and with it what is known of the unit: rows without their bytes go."""
        spool = Spool(self.spool_path(unit))
        lost = []
        for number, row in self.rows(unit).items():
            if row.num_bytes and blake3(spool.read(row.offset, row.num_bytes)).hexdigest() != row.blake3:
                lost.append((unit, number))
        self._db.executemany("delete from rows where unit = ? and number = ?", lost)
        spool.cut(max((row.offset + row.num_bytes for row in self.rows(unit).values()), default=0))
        return spool

    def is_finished(self, unit: int) -> bool:
        """Whether a unit's tar is written."""
        return self._db.execute("select 1 from units where unit = ?", (unit,)).fetchone() is not None

    def finish(self, unit: int, lines: Sequence[LedgerLine]) -> None:
        """Keeps the lines of a unit whose tar is written, and drops its rows and its spool."""
        packed = zstandard.compress(msgspec.msgpack.encode(lines))
        self._db.execute("begin")
        self._db.execute("insert into units values (?, ?)", (unit, packed))
        self._db.execute("delete from rows where unit = ?", (unit,))
        self._db.execute("commit")
        self.spool_path(unit).unlink(missing_ok=True)

    def lines(self) -> Iterator[LedgerLine]:
        """The lines of all finished units in order."""
        for (packed,) in self._db.execute("select lines from units order by unit"):
            yield from self._lines.decode(zstandard.decompress(packed))

    def forget_failures(self) -> None:
        """Drops what open units know of URLs that no server answered, or that another try may bring.

        For a run that stops since the network may be down: it asks them again when it is taken up.
        """
        rows = [(key, self._rows.decode(row)) for *key, row in self._db.execute("select unit, number, row from rows")]
        dropped = [key for key, row in rows if row.cause and (not row.status or is_retryable(row.cause))]
        self._db.executemany("delete from rows where unit = ? and number = ?", dropped)


class Spool:
    """Bytes of an open unit, one picture after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("a+b", buffering=0)
        self._end = os.fstat(self._file.fileno()).st_size

    def append(self, data: bytes) -> int:
        """Adds bytes and returns their place.

        Raises:
            MmgicError: the disk does not take them.
        """
        start = self._end
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise disk_trouble(error, self._path) from error
        self._end = start + len(data)
        return start

    def read(self, offset: int, num_bytes: int) -> bytes:
        """Bytes at a place; fewer where the file ends."""
        return os.pread(self._file.fileno(), num_bytes, offset)

    def cut(self, end: int) -> None:
        """Drops what lies behind `end`."""
        self._file.truncate(end)
        self._end = end

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
