"""Packed rows written to disk, and read back by number, by any library that keeps them in a folder.

Works: `rows to disk`; `warm rows` and `cold rows`, rows in an order drawn anew for each run. Cold: before each run, untimed,
the reader is closed and the kernel asked to forget the files (posix_fadvise, DONTNEED); opening the folder again is then part
of the run. All stores hold the same rows: ids of two bytes, kinds of one, lengths of documents; ours holds the documents' keys
besides. They are read as arrays of ids and kinds.
"""

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines import Engine, Prepared, forget_files
from benchmarks.pack.tokens import BYTES_PER_TOKEN, TokenSet, make_tokens

Arguments = Mapping[str, Any]
Row = tuple[NDArray[np.uint16], NDArray[np.uint8]]


@dataclass(frozen=True)
class Store:
    """How a library keeps rows in a folder.

    Attributes:
        name: Of the engine.
        write: Writes all rows to an empty folder.
        open: What reads a row by number from it.
        has_kinds: The kinds are kept too, and rows are as long as they are; else ids alone, padded.
    """

    name: str
    write: Callable[[TokenSet, Path], None]
    open: Callable[[Path], Callable[[int], Row]]
    has_kinds: bool = True


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _stored(folder: Path, tokens: TokenSet) -> dict[str, float]:
    size = sum(path.stat().st_size for path in _files(folder))
    return {"bytes_per_token": size / tokens.num_tokens, "share_of_raw": size / tokens.num_tokens / BYTES_PER_TOKEN}


def check_store(tokens: TokenSet, read: Callable[[int], Row], has_kinds: bool) -> None:
    """Raises ValueError where one of some rows is not what was written."""
    for number in np.linspace(0, tokens.packing.num_rows - 1, 17).astype(int).tolist():
        (ids, kinds), (expected, expected_kinds, _) = read(number), tokens.row(number)
        if not np.array_equal(ids[: len(expected)], expected):
            raise ValueError(f"row {number} has other ids than were written")
        if has_kinds and not (len(ids) == len(expected) and np.array_equal(kinds, expected_kinds)):
            raise ValueError(f"row {number} has other kinds than were written")


def store_engines(stores: Sequence[Store], *, read_ones: Sequence[str] = ()) -> list[Engine]:
    """The works on disk for each store; where `read_ones` names some, the others are not read."""
    reading = [store for store in stores if not read_ones or store.name in read_ones]
    works = {"rows to disk": (_writing, stores), "warm rows": (_warm, reading), "cold rows": (_cold, reading)}
    return [
        Engine(work, store.name, partial(prepare, store)) for work, (prepare, some) in works.items() for store in some
    ]


def _temporary(arguments: Arguments) -> tempfile.TemporaryDirectory[str]:
    Path(arguments["folder"]).mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=arguments["folder"], ignore_cleanup_errors=True)


def _writing(store: Store, arguments: Arguments) -> Prepared:
    tokens, folder = make_tokens(arguments), _temporary(arguments)
    place = Path(folder.name)

    def clear() -> None:
        shutil.rmtree(place)
        place.mkdir()

    def facts(_: Any) -> dict[str, float]:
        check_store(tokens, store.open(place), store.has_kinds)
        return _stored(place, tokens)

    return Prepared(lambda: store.write(tokens, place), tokens.num_tokens, clear, facts, folder.cleanup)


def _orders(arguments: Arguments, rows: int) -> Iterator[list[int]]:
    rng = np.random.default_rng(arguments["seed"])
    while True:
        yield rng.permutation(rows)[: arguments["reads"]].tolist()


def _warm(store: Store, arguments: Arguments) -> Prepared:
    tokens, folder = make_tokens(arguments), _temporary(arguments)
    place = Path(folder.name)
    store.write(tokens, place)
    read = store.open(place)
    check_store(tokens, read, store.has_kinds)
    stored, orders = _stored(place, tokens), _orders(arguments, tokens.packing.num_rows)
    order = [next(orders)]

    def run() -> None:
        for number in order[0]:
            read(number)

    def before() -> None:
        order[0] = next(orders)

    return Prepared(run, len(order[0]), before, lambda _: stored, folder.cleanup)


def _cold(store: Store, arguments: Arguments) -> Prepared:
    tokens, folder = make_tokens(arguments), _temporary(arguments)
    place = Path(folder.name)
    store.write(tokens, place)
    check_store(tokens, store.open(place), store.has_kinds)
    stored, orders = _stored(place, tokens), _orders(arguments, tokens.packing.num_rows)
    order, disk_bytes = [next(orders)], [0]

    def run() -> None:
        read = store.open(place)
        for number in order[0]:
            read(number)

    def before() -> None:
        order[0] = next(orders)
        gc.collect()
        forget_files(_files(place))
        disk_bytes[0] = _read_from_disk()

    def facts(_: Any) -> dict[str, float]:
        return {**stored, "disk_bytes_per_row": (_read_from_disk() - disk_bytes[0]) / len(order[0])}

    return Prepared(run, len(order[0]), before, facts, folder.cleanup)


def _read_from_disk() -> int:
    """Bytes that this process made the disk read, as the kernel counts them."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("read_bytes"))
