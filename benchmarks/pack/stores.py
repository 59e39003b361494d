"""Packed rows written to memory and to disk, and read back by number: ours, litdata, mosaicml-streaming, and plain copies.

Works: `rows to memory`, the tokens of documents gathered into blocks of rows; `rows to disk`; `warm rows` and `cold rows`, rows
in an order drawn anew for each run. Cold: before each run, untimed, the reader is closed and the kernel asked to forget the
files (posix_fadvise, DONTNEED); opening the folder again is then part of the run. All stores hold the same rows: ids of two
bytes, kinds of one, lengths of documents; ours holds the documents' keys besides. They are read as arrays of ids and kinds.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines import Engine, Prepared, forget_files
from benchmarks.pack.tokens import BYTES_PER_TOKEN, TokenSet, make_tokens

Arguments = Mapping[str, Any]
Row = tuple[NDArray[np.uint16], NDArray[np.uint8]]

ROWS_PER_BLOCK = 64
LEVELS = (0, 1, 3, 6, 9, 15)
_CHUNK_BYTES = 1 << 26


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


def _check(tokens: TokenSet, read: Callable[[int], Row], has_kinds: bool) -> None:
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
        _check(tokens, store.open(place), store.has_kinds)
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
    _check(tokens, read, store.has_kinds)
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
    _check(tokens, store.open(place), store.has_kinds)
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


def mmgic_stores() -> list[Engine]:
    """Ours: to memory, to disk with each level of zstd (0: stored as it is), and read from both kinds."""
    packing, rows = import_module("mmgic.packing"), import_module("mmgic.shards.rows")
    folder_of = import_module("mmgic.shards.folder").Folder

    def documents_of(tokens: TokenSet) -> Any:
        keys = [f"{number:09d}".encode() for number in range(len(tokens.starts) - 1)]
        key_starts = np.concatenate([[0], np.cumsum([len(key) for key in keys])]).astype(np.uint64)
        return packing.TokenDocuments(
            tokens.ids, tokens.kinds, tokens.starts.astype(np.uint64), b"".join(keys), key_starts
        )

    def blocks(documents: Any, tokens: TokenSet) -> Iterator[NDArray[np.uint8]]:
        for start in range(0, tokens.packing.num_rows, ROWS_PER_BLOCK):
            stop = min(start + ROWS_PER_BLOCK, tokens.packing.num_rows)
            yield packing.block_of_rows(documents, tokens.packing, start, stop)

    def to_memory(arguments: Arguments) -> Prepared:
        tokens = make_tokens(arguments)
        documents = documents_of(tokens)

        def run() -> None:
            for _ in blocks(documents, tokens):
                pass

        def facts(_: None) -> dict[str, float]:
            found = [packing.RowBlock(block.data) for block in blocks(documents, tokens)]

            def read(number: int) -> Row:
                return _arrays(found[number // ROWS_PER_BLOCK][number % ROWS_PER_BLOCK])

            _check(tokens, read, has_kinds=True)
            return {}

        return Prepared(run, tokens.num_tokens, facts=facts)

    def store(level: int) -> Store:
        def write(tokens: TokenSet, place: Path) -> None:
            folder = folder_of(str(place))
            entries = rows.write_rows(folder, "train-00000", "train", blocks(documents_of(tokens), tokens), level)
            written[place] = entries

        def opened(place: Path) -> Callable[[int], Row]:
            reader = rows.RowReader(folder_of(str(place)), written[place], verify=False)
            return lambda number: _arrays(reader[number])

        return Store(f"mmgic, zstd {level}" if level else "mmgic, stored", write, opened)

    written: dict[Path, Any] = {}
    stores = [store(level) for level in LEVELS]
    return [
        Engine("rows to memory", "mmgic", to_memory),
        *store_engines(stores, read_ones=("mmgic, stored", "mmgic, zstd 3")),
    ]


def _arrays(sequence: Any) -> Row:
    return np.frombuffer(sequence.ids, np.uint16), np.frombuffer(sequence.kinds, np.uint8)


def plain_copies() -> list[Engine]:
    """What the copying costs at least, and what it costs with numpy's slices."""

    def copy(arguments: Arguments) -> Prepared:
        tokens = make_tokens(arguments)
        step = ROWS_PER_BLOCK * arguments["capacity"]

        def run() -> None:
            for start in range(0, tokens.num_tokens, step):
                tokens.ids[start : start + step].copy()
                tokens.kinds[start : start + step].copy()

        return Prepared(run, tokens.num_tokens)

    def gather(arguments: Arguments) -> Prepared:
        tokens = make_tokens(arguments)

        def run() -> None:
            for number in range(tokens.packing.num_rows):
                tokens.row(number)

        return Prepared(run, tokens.num_tokens)

    return [
        Engine("rows to memory", "floor: the same bytes in order", copy),
        Engine("rows to memory", "numpy, a slice a document", gather),
    ]


def litdata_stores() -> list[Engine]:
    """litdata: rows as they are, and its way for tokens, which keeps ids alone in pieces of one length."""
    litdata, torch = import_module("litdata"), import_module("torch")
    cache = import_module("litdata.streaming.cache").Cache

    def write_with(place: Path, items: Iterator[Any], **options: Any) -> None:
        writer = cache(str(place), chunk_bytes=_CHUNK_BYTES, **options)
        for number, item in enumerate(items):
            writer[number] = item
        writer.done()
        writer.merge()

    def write(compression: str | None) -> Callable[[TokenSet, Path], None]:
        return lambda tokens, place: write_with(place, tokens.samples(), compression=compression)

    def opened(place: Path) -> Callable[[int], Row]:
        # Left to itself it decodes all rows around the one that is asked for.
        dataset = litdata.StreamingDataset(str(place), shuffle=False, batch_decode=False)

        def read(number: int) -> Row:
            row = dataset[number]
            return row["ids"], row["kinds"]

        return read

    def write_ids(tokens: TokenSet, place: Path) -> None:
        length = int(max(len(tokens.row(number)[0]) for number in range(tokens.packing.num_rows)))
        padded = (np.pad(row["ids"], (0, length - len(row["ids"]))) for row in tokens.samples())
        loader = litdata.TokensLoader(block_size=length)
        write_with(place, (torch.from_numpy(ids) for ids in padded), item_loader=loader)
        (place / "length").write_text(str(length))

    def opened_ids(place: Path) -> Callable[[int], Row]:
        loader = litdata.TokensLoader(block_size=int((place / "length").read_text()))
        dataset = litdata.StreamingDataset(str(place), shuffle=False, item_loader=loader)
        nothing = np.empty(0, np.uint8)
        return lambda number: (dataset[number].numpy(), nothing)

    return store_engines(
        [
            Store("litdata", write(None), opened),
            Store("litdata, zstd 3", write("zstd:3"), opened),
            Store("litdata TokensLoader, ids alone, padded", write_ids, opened_ids, has_kinds=False),
        ]
    )


def streaming_stores() -> list[Engine]:
    """mosaicml-streaming's shards, read as local files: its fastest way to a row."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    streaming = import_module("streaming")
    local = import_module("streaming.base").LocalDataset
    columns = {"ids": "ndarray:uint16", "kinds": "ndarray:uint8", "lengths": "ndarray:int32"}

    def write(tokens: TokenSet, place: Path) -> None:
        with streaming.MDSWriter(out=str(place), columns=columns, size_limit=_CHUNK_BYTES) as writer:
            for sample in tokens.samples():
                writer.write(sample)

    def opened(place: Path) -> Callable[[int], Row]:
        dataset = local(str(place))

        def read(number: int) -> Row:
            row = dataset[number]
            return row["ids"], row["kinds"]

        return read

    return store_engines([Store("mosaicml-streaming", write, opened)])
