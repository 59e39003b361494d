"""Packed rows: `<split>-00000.rows`, zstd blocks of msgpack, and `<split>-00000.index` to find a row by its number.

A block holds `rows_per_block` rows (the last of a shard may hold fewer); reading a row costs one seek and one block. The
blocks' sizes stand in the index, which the manifest hashes like the rows.
"""

import bisect
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
import zstandard

from mmgic.errors import InputError
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.sequences import Block, BlockIndex, Sequence
from mmgic.shards.folder import Folder

ROWS, INDEX = ".rows", ".index"

_LEVEL = 3
_MAX_BLOCK_BYTES = 1 << 30
_CACHED_BLOCKS = 16


def write_rows(
    folder: Folder, stem: str, split: str, rows: Iterable[Sequence], rows_per_block: int
) -> list[ShardEntry]:
    """Writes a shard of rows and its index; returns the two manifest lines, rows first."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL)
    blocks: list[Block] = []
    rows, count = iter(rows), 0
    with folder.writing(stem + ROWS) as stream:
        while block := list(islice(rows, rows_per_block)):
            data = compressor.compress(msgspec.msgpack.encode(block))
            blocks.append(Block(offset=stream.num_bytes, num_bytes=len(data), first_row=count, num_rows=len(block)))
            stream.write(data)
            count += len(block)
        entry = stream.entry(stem + ROWS, split, count)
    with folder.writing(stem + INDEX) as stream:
        stream.write(msgspec.json.encode(BlockIndex(num_rows=count, blocks=blocks)))
        return [entry, stream.entry(stem + INDEX, split, 0)]


class RowReader:
    """Rows of one split by number, over all its shards. Keeps a few blocks in memory; make one in each process.

    Raises:
        InputError: an index or block is not what the manifest says.
    """

    def __init__(self, folder: Folder, entries: Iterable[ShardEntry], *, verify: bool) -> None:
        self._folder = folder
        self._shards: list[tuple[ShardEntry, BlockIndex]] = []
        self._starts: list[int] = []
        self._cache: OrderedDict[tuple[int, int], list[Sequence]] = OrderedDict()
        self._decoder = msgspec.msgpack.Decoder(list[Sequence])
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
        for shard, (_, index) in enumerate(self._shards):
            for number in range(len(index.blocks)):
                yield from self._block(shard, number)

    def _block(self, shard: int, number: int) -> list[Sequence]:
        if (shard, number) not in self._cache:
            self._cache[shard, number] = self._read_block(shard, number)
            if len(self._cache) > _CACHED_BLOCKS:
                self._cache.popitem(last=False)
        self._cache.move_to_end((shard, number))
        return self._cache[shard, number]

    def _read_block(self, shard: int, number: int) -> list[Sequence]:
        entry, index = self._shards[shard]
        block = index.blocks[number]
        data = self._folder.stretch(entry.name, block.offset, block.num_bytes)
        try:
            size = zstandard.frame_content_size(data)
            if not 0 <= size <= _MAX_BLOCK_BYTES:
                raise InputError(f"block {number} claims {size} bytes", where=self._folder.file(entry.name))
            return self._decoder.decode(zstandard.ZstdDecompressor().decompress(data))
        except (zstandard.ZstdError, msgspec.MsgspecError) as error:
            raise InputError(f"cannot read block {number}: {error}", where=self._folder.file(entry.name)) from error
