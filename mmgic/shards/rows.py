"""Packed rows: `<split>-00000.rows`, blocks of rows, and `<split>-00000.index` to find a row by its number.

A block (`mmgic.packing.blocks`) holds some tens of rows and is compressed with zstd, or stored as it is. Of compressed blocks,
and of stored ones in a remote folder, a row costs its whole block, which is kept a while; of stored blocks in a local folder it
costs its own pages of a memory map (a file that is cut short while it is read then ends the process, as maps do). The blocks'
sizes stand in the index, which the manifest hashes like the rows.
"""

import bisect
import mmap
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from mmgic.errors import InputError
from mmgic.packing import MAX_BLOCK_BYTES, RowBlock, block_of_sequences
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.sequences import Block, BlockIndex, Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest

ROWS, INDEX = ".rows", ".index"

_CACHED_BLOCKS = {"zstd": 16, "none": 4096}
"""Blocks kept: of stored ones in a memory map only views, of the others all bytes."""

_OPEN_MAPS = 64
"""Each map holds a file descriptor; a shard that is mapped again costs microseconds."""


def write_rows(
    folder: Folder, stem: str, split: str, blocks: Iterable[NDArray[np.uint8]], zstd_level: int
) -> list[ShardEntry]:
    """Writes a shard of blocks and its index; returns the two manifest lines, rows first. Level 0 stores them as they are."""
    compressor = zstandard.ZstdCompressor(level=zstd_level) if zstd_level else None
    entries: list[Block] = []
    count = 0
    with folder.writing(stem + ROWS) as stream:
        for block in blocks:
            num_rows = len(RowBlock(block.data))
            data = compressor.compress(block.data) if compressor else block.data
            entries.append(Block(offset=stream.num_bytes, num_bytes=len(data), first_row=count, num_rows=num_rows))
            stream.write(data)
            count += num_rows
        entry = stream.entry(stem + ROWS, split, count)
    index = BlockIndex(num_rows=count, compression="zstd" if compressor else "none", blocks=entries)
    with folder.writing(stem + INDEX) as stream:
        stream.write(msgspec.json.encode(index))
        return [entry, stream.entry(stem + INDEX, split, 0)]


def blocks_of_sequences(rows: Iterable[Sequence], rows_per_block: int, id_bytes: int) -> Iterator[NDArray[np.uint8]]:
    """Blocks of rows as they come."""
    rows = iter(rows)
    while some := list(islice(rows, rows_per_block)):
        yield block_of_sequences(some, id_bytes)


def open_rows(url: str, split: str, *, verify: bool = False) -> "RowReader":
    """The rows of one split of a folder that `tokenize` made. `verify` reads all of it first and compares the hashes.

    Raises:
        InputError: the folder holds no sequences, or none of this split; a file is not what the manifest says.
    """
    folder = Folder(url)
    manifest = read_manifest(folder, "sequences")
    entries = [entry for entry in manifest.shards if entry.split == split]
    if not entries:
        known = sorted({entry.split for entry in manifest.shards if entry.split})
        raise InputError(f"no split `{split}`", where=url, hint=f"splits here: {', '.join(known)}")
    return RowReader(folder, entries, verify=verify)


class RowReader:
    """Rows of one split by number, over all its shards. Keeps a few blocks in memory; make one in each process.

    Raises:
        InputError: an index or block is not what the manifest says.
    """

    def __init__(self, folder: Folder, entries: Iterable[ShardEntry], *, verify: bool) -> None:
        self._folder = folder
        self._shards: list[tuple[ShardEntry, BlockIndex]] = []
        self._starts: list[int] = []
        self._cache: dict[str, OrderedDict[tuple[int, int], RowBlock]] = {
            kind: OrderedDict() for kind in _CACHED_BLOCKS
        }
        self._maps: OrderedDict[int, memoryview] = OrderedDict()
        entries = list(entries)
        indices = {entry.name: entry for entry in entries if entry.name.endswith(INDEX)}
        self.num_rows = 0
        for entry in entries:
            if not entry.name.endswith(ROWS):
                continue
            index = self._index(indices, entry)
            if verify:
                with folder.verified(entry):
                    pass
            self._starts.append(self.num_rows)
            self._shards.append((entry, index))
            self.num_rows += index.num_rows

    def _index(self, indices: dict[str, ShardEntry], entry: ShardEntry) -> BlockIndex:
        name = entry.name.removesuffix(ROWS) + INDEX
        if name not in indices:
            raise InputError(f"no index {name} in the manifest", where=self._folder.url)
        with self._folder.verified(indices[name]) as stream:
            index = msgspec.json.decode(stream.read(), type=BlockIndex)
        if index.num_rows != entry.count:
            raise InputError(
                f"index says {index.num_rows} rows, manifest says {entry.count}", where=self._folder.file(name)
            )
        return index

    def __getstate__(self) -> dict[str, Any]:
        """Without blocks and maps: a process that gets the reader opens its own."""
        empty: dict[str, Any] = {"_cache": {kind: OrderedDict() for kind in _CACHED_BLOCKS}, "_maps": OrderedDict()}
        return {**self.__dict__, **empty}

    @property
    def id_bytes(self) -> int:
        """Bytes of an id in the rows, 2 or 4.

        Raises:
            InputError: there are no rows to tell.
        """
        if not self.num_rows:
            raise InputError("no rows, so no ids", where=self._folder.url)
        return int(next(self.blocks()).id_bytes)

    def __len__(self) -> int:
        return self.num_rows

    def __getitem__(self, row: int) -> Sequence:
        if not 0 <= row < self.num_rows:
            raise IndexError(f"row {row} of {self.num_rows}")
        shard = bisect.bisect_right(self._starts, row) - 1
        row -= self._starts[shard]
        blocks = self._shards[shard][1].blocks
        number = bisect.bisect_right(blocks, row, key=lambda block: block.first_row) - 1
        return self._block(shard, number)[row - blocks[number].first_row]

    def __iter__(self) -> Iterator[Sequence]:
        for block in self.blocks():
            for row in range(len(block)):
                yield block[row]

    def blocks(self) -> Iterator[RowBlock]:
        """All blocks, in order."""
        for shard, (_, index) in enumerate(self._shards):
            for number in range(len(index.blocks)):
                yield self._block(shard, number)

    def _block(self, shard: int, number: int) -> RowBlock:
        kept = "none" if self._is_mapped(shard) else "zstd"
        cache, key = self._cache[kept], (shard, number)
        if key not in cache:
            cache[key] = self._read_block(shard, number)
            if len(cache) > _CACHED_BLOCKS[kept]:
                cache.popitem(last=False)
        cache.move_to_end(key)
        return cache[key]

    def _is_mapped(self, shard: int) -> bool:
        return self._folder.is_local and self._shards[shard][1].compression == "none"

    def _read_block(self, shard: int, number: int) -> RowBlock:
        entry, index = self._shards[shard]
        block = index.blocks[number]
        where = f"{self._folder.file(entry.name)}, block {number}"
        if self._is_mapped(shard):
            data: bytes | memoryview = self._map(shard)[block.offset : block.offset + block.num_bytes]
        else:
            data = self._folder.stretch(entry.name, block.offset, block.num_bytes)
        if index.compression == "zstd":
            data = _decompressed(data, where)
        found = RowBlock(data, where)
        if len(found) != block.num_rows:
            raise InputError(
                f"a block has {len(found)} rows, its index says {block.num_rows}",
                where=where,
                hint="the files do not belong together: make the folder again",
            )
        return found

    def _map(self, shard: int) -> memoryview:
        """The shard's memory map; the one that was made first goes, with its views, where there are too many."""
        if shard not in self._maps:
            with self._folder.open(self._shards[shard][0].name) as stream:
                # An empty file cannot be mapped; its blocks are then found to be cut.
                is_empty = not stream.seek(0, os.SEEK_END)
                mapped = b"" if is_empty else mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                self._maps[shard] = memoryview(mapped)
            if len(self._maps) > _OPEN_MAPS:
                oldest, _ = self._maps.popitem(last=False)
                views = self._cache["none"]
                for key in [key for key in views if key[0] == oldest]:
                    del views[key]
        return self._maps[shard]


def _decompressed(data: bytes | memoryview, where: str) -> bytes:
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= MAX_BLOCK_BYTES:
            raise InputError(f"a block claims {size} bytes", where=where)
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise InputError(f"cannot read the block: {error}", where=where) from error
