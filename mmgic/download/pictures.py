"""URLs of pictures, any number of them, to tars and ledger lines.

1. URLs are taken from their iterator in units of `pictures_per_tar`, a few at a time beyond those that are asked.
2. A picture that came is judged, appended to its unit's spool and recorded before the next request starts.
3. When every URL of a unit has ended, its pictures go into `<prefix>-<unit>.tar` in the order of the URLs, whatever the order
   in which they came. That waits until `floor_after` more URLs have ended: if the network goes down and the run stops, what
   failed in it is asked again when the run is taken up.

One process and one event loop ask and judge; a thread beside it writes the tars. Memory is `large_bytes`, 256 KiB for each
request, and the lines of the units that are open.
"""

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
from blake3 import blake3

from mmgic.download.bodies import MemoryBody, disk_trouble
from mmgic.download.client import Answer, Client, Terms
from mmgic.download.content import ENCODINGS, decoded, picture_in
from mmgic.download.floor import Floor
from mmgic.download.ledger import Ledger, Row, Spool
from mmgic.download.loop import run_loop
from mmgic.errors import TooManyBadError
from mmgic.images import Reading
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import Folder
from mmgic.shards.tars import tar_writer

_OPEN_URLS = 1 << 16
"""URLs of open units, more or less."""
_OPEN_UNITS = 256
"""Each keeps its spool open."""
_WINDOW = 4
"""URLs in the air for each request: some wait for their host, or for the next try."""


def taken_urls(
    wanted: Iterable[LedgerLine],
    out: Folder,
    place: Path,
    params: FetchParams,
    *,
    prefix: str = "pictures",
    progress: Callable[[int], None] = lambda num_done: None,
) -> Iterator[LedgerLine]:
    """Asks for pictures and packs those that come into `<prefix>-00000.tar` and following, below `out`.

    Args:
        wanted: a line a picture, with its path, URL (`origin`) and licence; the same in every run of the same `place`.
        place: local folder of the ledger. What a killed run left in it is taken up.
        progress: called with the number of URLs that have ended.

    Returns:
        the lines in their order, with what became of each.

    Raises:
        TooManyBadError: fewer than `min_success_fraction` of the last `floor_after` came.
        MmgicError: this machine is in trouble (see `Client`), or the ledger cannot be read or written.
    """
    try:
        with Ledger(place) as ledger:
            try:
                run_loop(_Run(ledger, out, params, prefix, progress).all(iter(wanted)))
            except TooManyBadError:
                ledger.forget_failures()
                raise
            yield from ledger.lines()
    except sqlite3.Error as error:
        raise disk_trouble(error, place) from error


@dataclass(eq=False)
class _Unit:
    """URLs of one tar: the lines wanted, and the rows of those that have ended, by their number in the unit."""

    number: int
    lines: list[LedgerLine]
    rows: dict[int, Row]
    spool: Spool
    due: int = 0

    @property
    def is_complete(self) -> bool:
        return len(self.rows) == len(self.lines)


class _Run:
    def __init__(
        self, ledger: Ledger, out: Folder, params: FetchParams, prefix: str, progress: Callable[[int], None]
    ) -> None:
        settings = params.download
        self._ledger = ledger
        self._out = out
        self._params = params
        self._prefix = prefix
        self._progress = progress
        self._terms = Terms(params.max_picture_bytes, settings.timeout_s, encodings=ENCODINGS)
        self._reading = Reading(max_pixels=params.max_picture_pixels)
        self._floor = Floor(settings.floor_after, settings.min_success_fraction)
        self._most_units = min(max(4, (_OPEN_URLS + settings.floor_after) // params.pictures_per_tar), _OPEN_UNITS)
        self._units: set[_Unit] = set()
        self._complete: deque[_Unit] = deque()
        self._num_places = _WINDOW * settings.concurrency
        self._ended = 0
        self._earlier = 0
        self._is_last = False

    async def all(self, wanted: Iterator[LedgerLine]) -> None:
        """Asks for all, and packs them."""
        self._window = asyncio.Semaphore(self._num_places)
        self._changed = asyncio.Event()
        self._freed = asyncio.Event()
        try:
            async with Client(self._params) as self._client, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pack_all())
                number = 0
                while lines := list(islice(wanted, self._params.pictures_per_tar)):
                    await self._ask_unit(number, lines, tasks)
                    number += 1
                for _ in range(self._num_places):  # those in the air may still show that the network is down
                    await self._window.acquire()
                self._is_last = True
                self._changed.set()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            for unit in self._units:
                unit.spool.close()

    async def _ask_unit(self, number: int, lines: list[LedgerLine], tasks: asyncio.TaskGroup) -> None:
        """Starts all that is not recorded, as fast as the window lets them."""
        if self._ledger.is_finished(number):
            self._earlier += len(lines)
            return
        while len(self._units) >= self._most_units:
            self._freed.clear()
            self._changed.set()
            await self._freed.wait()
        spool = self._ledger.opened(number)
        unit = _Unit(number, lines, self._ledger.rows(number), spool)
        self._units.add(unit)
        self._earlier += len(unit.rows)
        if unit.is_complete:
            self._queue(unit)
        for index in [index for index in range(len(lines)) if index not in unit.rows]:
            await self._window.acquire()
            tasks.create_task(self._ask(unit, index))

    async def _ask(self, unit: _Unit, index: int) -> None:
        body = MemoryBody()
        answer = await self._client.download(unit.lines[index].origin, body, self._terms)
        # Nothing is awaited from the end of the request to the commit: at most `concurrency` URLs are asked and not recorded.
        row = self._judged(answer, body, unit.spool)
        self._ledger.record(unit.number, index, row)
        unit.rows[index] = row
        self._ended += 1
        self._progress(self._earlier + self._ended)
        self._floor.count(row.cause)
        if unit.is_complete:
            self._queue(unit)
        if self._complete:
            self._changed.set()
        self._window.release()

    def _judged(self, answer: Answer, body: MemoryBody, spool: Spool) -> Row:
        """Puts a picture into the spool; anything else becomes a cause."""
        if answer.cause:
            return Row(answer.cause, answer.status, answer.tries)
        data = body.data
        if answer.encoding:
            plain = decoded(data, answer.encoding, self._params.max_picture_bytes)
            if plain is None:
                return Row("encoded_body", answer.status, answer.tries)
            data = plain
        extension, cause = picture_in(data, reading=self._reading, min_side_px=self._params.min_picture_side_px)
        if cause:
            return Row(cause, answer.status, answer.tries)
        digest = blake3(data).hexdigest()
        return Row("", answer.status, answer.tries, len(data), digest, extension, spool.append(data))

    def _queue(self, unit: _Unit) -> None:
        unit.due = self._ended + self._params.download.floor_after
        self._complete.append(unit)

    async def _pack_all(self) -> None:
        """Packs complete units when they are due, when too many are open, and in the end."""
        while not (self._is_last and not self._units):
            await self._changed.wait()
            self._changed.clear()
            while self._complete and (
                self._complete[0].due <= self._ended or self._is_last or len(self._units) >= self._most_units
            ):
                unit = self._complete.popleft()
                lines = await asyncio.to_thread(self._packed, unit)
                unit.spool.close()
                self._ledger.finish(unit.number, lines)
                self._units.remove(unit)
                self._freed.set()

    def _packed(self, unit: _Unit) -> list[LedgerLine]:
        """Writes a unit's tar and returns its lines; nothing is written where no picture came."""
        name = f"{self._prefix}-{unit.number:05d}.tar"
        rows = [unit.rows[index] for index in range(len(unit.lines))]
        if all(row.cause for row in rows):
            return [_failed(line, row) for line, row in zip(unit.lines, rows, strict=True)]
        first = unit.number * self._params.pictures_per_tar
        lines = []
        with self._out.writing(name) as stream, tar_writer(stream) as add:
            for position, (line, row) in enumerate(zip(unit.lines, rows, strict=True), start=first):
                if row.cause:
                    lines.append(_failed(line, row))
                    continue
                offset = add(f"{_stem(line, position)}.{row.extension}", unit.spool.read(row.offset, row.num_bytes))
                facts = {"num_bytes": row.num_bytes, "blake3": row.blake3, "tries": row.tries, "status": row.status}
                lines.append(msgspec.structs.replace(line, shard=name, offset=offset, **facts))
        if self._out.is_local:  # the spool goes next, and a power cut must not take both
            with open(self._out.file(name), "rb") as tar:
                os.fsync(tar.fileno())
        return lines


def _failed(line: LedgerLine, row: Row) -> LedgerLine:
    return msgspec.structs.replace(line, state="failed", cause=row.cause, tries=row.tries, status=row.status)


def _stem(line: LedgerLine, position: int) -> str:
    """Name of a picture in its tar: the row of its table, or its place in the list."""
    return line.path if line.path.isdecimal() else f"{position:09d}"
