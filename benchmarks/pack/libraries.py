"""Who keeps packed rows: ours, litdata, mosaicml-streaming; and plain copies, which say what moving the bytes costs."""

import os
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines import Engine, Prepared
from benchmarks.pack.stores import Row, Store, check_store, store_engines
from benchmarks.pack.tokens import TokenSet, make_tokens

Arguments = Mapping[str, Any]

ROWS_PER_BLOCK = 64
LEVELS = (0, 1, 3, 6, 9, 15)
_CHUNK_BYTES = 1 << 26


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

            check_store(tokens, read, has_kinds=True)
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
