"""Record shards: tars of `<key>.jpg|png` and `<key>.json`, readable by every WebDataset loader."""

from collections.abc import Iterable, Iterator
from typing import IO, cast

import msgspec

from mmgic.errors import InputError
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.tars import tar_members, tar_writer


def write_record_shard(folder: Folder, name: str, split: str, records: Iterable[tuple[Record, bytes]]) -> ShardEntry:
    """Writes records with their picture bytes as one tar; returns its manifest line."""
    count = 0
    with folder.writing(name) as stream:
        with tar_writer(stream) as add:
            for record, picture in records:
                add(f"{record.key}.{record.extension}", picture)
                add(f"{record.key}.json", msgspec.json.encode(record))
                count += 1
        return stream.entry(name, split, count)


def read_record_shard(folder: Folder, entry: ShardEntry) -> Iterator[tuple[Record, bytes]]:
    """Streams the records of a shard with their picture bytes, in order.

    Raises:
        InputError: the shard is not what its manifest says, or a member is out of place.
    """
    decoder = msgspec.json.Decoder(Record)
    with folder.verified(entry) as stream:
        picture_name, picture = "", b""
        for name, _, data in tar_members(cast(IO[bytes], stream)):
            if not name.endswith(".json"):
                picture_name, picture = name, data
                continue
            record = decoder.decode(data)
            if picture_name != f"{record.key}.{record.extension}":
                raise InputError(
                    f"record {record.key} follows picture {picture_name or '(none)'}", where=folder.file(entry.name)
                )
            yield record, picture
