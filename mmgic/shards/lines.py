"""Shards of JSON lines under zstd: `*.jsonl.zst`, one struct a line."""

import io
from collections.abc import Iterable, Iterator
from typing import IO, TypeVar, cast

import msgspec
import zstandard

from mmgic.schema.manifests import ShardEntry
from mmgic.shards.folder import Folder

T = TypeVar("T")

_LEVEL = 3


def write_lines(folder: Folder, name: str, split: str, items: Iterable[msgspec.Struct]) -> ShardEntry:
    """Writes structs as compressed JSON lines; returns the manifest line."""
    encoder = msgspec.json.Encoder()
    count = 0
    with folder.writing(name) as stream:
        compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        for item in items:
            stream.write(compressor.compress(encoder.encode(item) + b"\n"))
            count += 1
        stream.write(compressor.flush())
        return stream.entry(name, split, count)


def read_lines(folder: Folder, entry: ShardEntry, kind: type[T]) -> Iterator[T]:
    """Streams the structs of a shard in order.

    Raises:
        InputError: the shard is not what its manifest says.
    """
    decoder = msgspec.json.Decoder(kind)
    with folder.verified(entry) as stream:
        reader = zstandard.ZstdDecompressor().stream_reader(cast(IO[bytes], stream), closefd=False)
        for line in io.BufferedReader(cast(io.RawIOBase, reader)):
            yield decoder.decode(line)
