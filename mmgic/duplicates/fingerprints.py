"""What tells one record from another, in 33 bytes: hashes of its key, bytes, pixels and names in other sets.

Each unit of `normalize` leaves one file of them beside its shard (with the keys as text, to name records by); all files
together become columns of whole numbers on this machine's disk, opened as memory maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from mmgic.duplicates.hashes import hash_from_hex
from mmgic.duplicates.repeats import Rows, Values
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder

_RECORD = np.dtype(
    [("key", "<u8"), ("content_high", "<u8"), ("content_low", "<u8"), ("pixels", "<u8"), ("has_pixels", "?")]
)
_ID = np.dtype([("value", "<u8"), ("row", "<i8")])


class _UnitFile(msgspec.Struct, frozen=True, array_like=True):
    keys: list[str]
    records: bytes
    ids: bytes


class UnitFingerprints:
    """The fingerprints of one shard's records, in order."""

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._records: list[tuple[int, int, int, int, bool]] = []
        self._ids: list[tuple[int, int]] = []

    def add(self, record: Record) -> None:
        """Adds the next record of the shard."""
        content = bytes.fromhex(record.blake3)
        pixels = hash_from_hex(record.perceptual_hash)
        self._ids += [(_hash(f"{namespace}:{value}"), len(self._keys)) for namespace, value in record.ids.items()]
        self._records.append(
            (_hash(record.key), _number(content[:8]), _number(content[8:16]), pixels or 0, pixels is not None)
        )
        self._keys.append(record.key)

    def write(self, folder: Folder, shard: str) -> None:
        """Writes them for the shard of that name."""
        records, ids = np.array(self._records, dtype=_RECORD), np.array(self._ids, dtype=_ID)
        unit = _UnitFile(self._keys, records.tobytes(), ids.tobytes())
        folder.write(_name(shard), msgspec.msgpack.encode(unit))


def keys_of(folder: Folder, shard: str) -> list[str]:
    """The keys of a shard's records, in order."""
    return _read(folder, shard).keys


@dataclass(frozen=True)
class Columns:
    """The fingerprints of all records, numbered through all shards in order.

    Attributes:
        starts: number of the first record of each shard, and of all records (shards + 1).
        key: hash of each record's key (N,).
        content: the two halves of 128 bits of each record's BLAKE3 (N,).
        pixels: perceptual hashes (N,), and in `has_pixels` who has one.
        ids: hashes of names in other sets (M,); `id_rows` says whose, ascending.
    """

    starts: Rows
    key: Values
    content: tuple[Values, Values]
    pixels: Values
    has_pixels: NDArray[np.bool_]
    ids: Values
    id_rows: Rows


def columns_of_shards(folder: Folder, shards: Sequence[str], place: Path) -> Columns:
    """Joins the files of all shards into columns below `place`, a local folder."""
    starts = [0]
    files = {name: (place / name).open("wb") for name in (*(_RECORD.names or ()), "ids", "id_rows")}
    try:
        for shard in shards:
            unit = _read(folder, shard)
            records, ids = np.frombuffer(unit.records, dtype=_RECORD), np.frombuffer(unit.ids, dtype=_ID)
            for name in _RECORD.names or ():
                files[name].write(records[name].tobytes())
            files["ids"].write(ids["value"].tobytes())
            files["id_rows"].write((ids["row"] + starts[-1]).tobytes())
            starts.append(starts[-1] + len(records))
    finally:
        for file in files.values():
            file.close()

    def column(name: str, dtype: Any) -> NDArray[Any]:
        path = place / name
        return np.memmap(path, dtype=dtype, mode="r") if path.stat().st_size else np.zeros(0, dtype=dtype)

    return Columns(
        starts=np.array(starts, dtype=np.int64),
        key=column("key", "<u8"),
        content=(column("content_high", "<u8"), column("content_low", "<u8")),
        pixels=column("pixels", "<u8"),
        has_pixels=column("has_pixels", "?"),
        ids=column("ids", "<u8"),
        id_rows=column("id_rows", "<i8"),
    )


def _read(folder: Folder, shard: str) -> _UnitFile:
    return msgspec.msgpack.decode(folder.read(_name(shard)), type=_UnitFile)


def _name(shard: str) -> str:
    return f"{shard}.fingerprints"


def _hash(text: str) -> int:
    return _number(blake3(text.encode()).digest(length=8))


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
