"""What `fetch` leaves and sources read: native files and tars of pictures below `<raw>/<source>/`, all in the source's ledger.

The ledger is put into a temporary SQLite table when a source is opened: 3 microseconds a line, memory does not grow with it.
What failed is kept there with its cause.
"""

import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any, Self

from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine, Manifest, ShardEntry
from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder, HashingReader
from mmgic.shards.lines import read_lines

LEDGER = "ledger.jsonl.zst"
"""Name of a source's ledger in its part of the raw folder."""

_BATCH = 10_000
_PLAIN = re.compile(r"(?P<stem>[A-Za-z0-9_-]{1,80})\.jpg")
_KEPT = 40  # characters of a stem that is not plain


class RawFolder:
    """One source's part of a raw folder. Every read is checked against the ledger. Open with `with`.

    Raises:
        InputError: the manifest names no ledger of the source, or the ledger is not the one that it names.
    """

    def __init__(self, folder: Folder, manifest: Manifest, source: str) -> None:
        self.folder = folder
        self.source = source
        name = f"{source}/{LEDGER}"
        found = [entry for entry in manifest.shards if entry.name == name]
        if not found:
            raise InputError(f"no ledger of source {source}", where=folder.url, hint=f"mmgic fetch --source {source}")
        self.ledger = found[0]
        self.fetch_params: dict[str, Any] = manifest.params.get("fetch", {})

    def __enter__(self) -> Self:
        self._place = tempfile.TemporaryDirectory(prefix="mmgic-ledger-")
        self._db = sqlite3.connect(f"{self._place.name}/ledger.sqlite", isolation_level=None)
        for setting in ("journal_mode = off", "synchronous = off", "cache_size = -65536"):
            self._db.execute(f"pragma {setting}")
        self._db.execute(
            "create table files "
            "(path text primary key, num_bytes, blake3, license, origin, shard, offset, cause) without rowid"
        )
        try:
            self._index()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._place.cleanup()

    def lines(self) -> Iterator[LedgerLine]:
        """The ledger from its first to its last line, with what failed."""
        return read_lines(self.folder, self.ledger, LedgerLine)

    def line(self, path: str) -> LedgerLine | None:
        """The ledger's line of a file or picture that came."""
        row = self._db.execute("select * from files where path = ?", (path,)).fetchone()
        return LedgerLine(*row[:-1]) if row and not row[-1] else None

    def failure(self, path: str) -> str:
        """Why a file or picture did not come, as the ledger says; empty where it did, or where the ledger does not have it."""
        row = self._db.execute("select cause from files where path = ?", (path,)).fetchone()
        return row[0] if row else ""

    def paths(self, *, under: str = "", suffix: str = "") -> list[str]:
        """Paths of the source's native files, as the ledger has them, below `under` and with `suffix`, sorted."""
        start = f"{self.source}/{under}"
        rows = self._db.execute("select path from files where shard = '' and cause = '' order by path")
        return [path for (path,) in rows if path.startswith(start) and path.endswith(suffix)]

    def read(self, path: str) -> bytes:
        """A whole native file.

        Raises:
            InputError: it is not in the ledger, is gone, or has changed since it was fetched.
        """
        with self.open(path) as stream:
            return stream.read()

    @contextmanager
    def open(self, path: str) -> Iterator[HashingReader]:
        """A stream over a native file, checked as `read` does when the block ends."""
        line = self.line(path)
        if line is None or line.shard:
            raise InputError("file is not in the ledger", where=self.folder.file(path), hint="fetch the source again")
        entry = ShardEntry(name=path, split="", count=0, num_bytes=line.num_bytes, blake3=line.blake3)
        with self.folder.verified(entry) as stream:
            yield stream

    @contextmanager
    def seekable(self, path: str) -> Iterator[IO[bytes]]:
        """A native file that can be read at any place; it is read once before, to check it as `read` does."""
        with self.open(path):
            pass
        with self.folder.open(path) as stream:
            yield stream

    def picture(self, path: str) -> PictureRef:
        """Where a picture's bytes are and their hash; a reference to nothing where the ledger does not have it."""
        line = self.line(path)
        if line is None:
            return PictureRef(path)
        if line.shard:
            return PictureRef(line.shard, line.offset, line.num_bytes, line.blake3)
        return PictureRef(path, blake3=line.blake3)

    def _index(self) -> None:
        rows: list[tuple[object, ...]] = []
        self._db.execute("begin")
        for line in self.lines():
            cause = "" if line.state == "ok" else line.cause or "failed"
            place = line.shard, line.offset
            rows.append((line.path, line.num_bytes, line.blake3, line.license, line.origin, *place, cause))
            if len(rows) >= _BATCH:
                self._insert(rows)
        self._insert(rows)
        self._db.execute("commit")

    def _insert(self, rows: list[tuple[object, ...]]) -> None:
        try:
            self._db.executemany("insert into files values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        except sqlite3.IntegrityError as error:
            raise InputError(f"two lines of one path: {error}", where=self.folder.file(self.ledger.name)) from error
        rows.clear()


def key_from_file(source: str, file: str) -> str:
    """A record key for a file: source and stem of a plain `.jpg`, else with a piece of the name's hash.

    Keys hold letters, digits, `_` and `-` alone, so that they can name members of a tar. They need no look at other files:
    `a.jpg` and `a.png` differ.
    """
    if match := _PLAIN.fullmatch(file):
        return f"{source}-{match['stem']}"
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", file.rsplit(".", 1)[0])[-_KEPT:]
    return f"{source}-{stem}-{blake3(file.encode()).hexdigest()[:10]}"
