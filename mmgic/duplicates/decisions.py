"""Which records stay where several show the same picture: the first in the order of the shards given, whatever the workers.

1. `duplicate_key`: an earlier record has the key. Such a record may show another picture, so it counts for nothing below.
2. `duplicate_exact` and `duplicate_id`: an earlier record has the same bytes, or a name in common (`coco:9`), though that one
   may be dropped for one before it. Names are passed back too: of *a* (`coco:9`), *b* (`flickr:7`), *c* (both) only *a* stays.
   Bytes are not: a site's notice that a picture is gone would make one of all pictures whose names it was got by.
3. `duplicate_near`: an earlier kept record's hash is within the distance (`mmgic.duplicates.near`); records with equal hashes
   share their fate.

The record that is kept for a dropped one is named: the end of the chain. Keys and names are compared by 64 bits (a chance of 3
in 10,000 that any two of 100 million are taken for one), bytes by 128. Memory: 24 bytes for a record that is dropped, 150 for
one that has a name in common, two bytes a record where near ones are looked for, and what `repeats` and `near` take; columns
of 50 bytes a record, and 16 a name, lie on disk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from mmgic.duplicates.fingerprints import Columns
from mmgic.duplicates.near import near_rows
from mmgic.duplicates.repeats import ROWS_PER_PART, Mask, Rows, release, repeats
from mmgic.schema.params import DuplicateParams

DuplicateCause = Literal["duplicate_key", "duplicate_exact", "duplicate_id", "duplicate_near"]

_CAUSES: tuple[DuplicateCause, ...] = get_args(DuplicateCause)
_KEY, _EXACT, _ID, _NEAR = range(1, 5)
_NONE = -1


class Drop(msgspec.Struct, frozen=True):
    """Record `row` of a shard is dropped for record `kept_row` of `kept_shard`; `distance` in bits where they are near."""

    row: int
    cause: DuplicateCause
    kept_shard: str
    kept_row: int
    distance: int


@dataclass(frozen=True)
class Decisions:
    """For each record (N,): 0 or the number of its cause, and the record that is kept for it."""

    shards: Sequence[str]
    columns: Columns
    causes: NDArray[np.uint8]
    kept: Rows

    def has_drops(self, number: int) -> bool:
        """Whether shard `number` loses anything."""
        start, stop = self.columns.starts[number : number + 2].tolist()
        has_any = bool(self.causes[start:stop].any())
        release(self.causes)
        return has_any

    def drops(self, number: int) -> list[Drop]:
        """What shard `number` loses, in order."""
        start, stop = self.columns.starts[number : number + 2].tolist()
        rows = start + np.flatnonzero(self.causes[start:stop])
        return [self._drop(int(row), start) for row in rows]

    def _drop(self, row: int, start: int) -> Drop:
        cause, kept = int(self.causes[row]), int(self.kept[row])
        shard = int(np.searchsorted(self.columns.starts, kept, side="right")) - 1
        pixels = self.columns.pixels
        distance = (int(pixels[row]) ^ int(pixels[kept])).bit_count() if cause == _NEAR else 0
        kept_row = kept - int(self.columns.starts[shard])
        return Drop(row - start, _CAUSES[cause - 1], self.shards[shard], kept_row, distance)


def decided(
    shards: Sequence[str],
    columns: Columns,
    params: DuplicateParams,
    place: Path,
    *,
    rows_per_part: int = ROWS_PER_PART,
) -> Decisions:
    """Decides about all records; what is decided lies below `place`, a local folder."""
    count = len(columns.key)
    causes = _on_disk(place / "causes", np.uint8, count, 0)
    kept = _on_disk(place / "kept", np.int64, count, _NONE)

    def drop(found: Iterator[tuple[Rows, Rows]], cause: int) -> None:
        for rows, firsts in found:
            causes[rows], kept[rows] = cause, firsts

    drop(repeats([columns.key], None, rows_per_part=rows_per_part), _KEY)
    is_known = _on_disk(place / "known", np.bool_, count, True)
    is_known[np.flatnonzero(causes)] = False
    release(causes, is_known)
    if params.exact:
        drop(repeats(columns.content, is_known, rows_per_part=rows_per_part), _EXACT)
    if params.by_id:
        rows, firsts = _first_named(columns, is_known, rows_per_part)
        is_left = causes[rows] == 0
        drop(iter([(rows[is_left], firsts[is_left])]), _ID)
    if params.near_distance >= 0:
        is_left = (causes == 0) & columns.has_pixels
        drop(repeats([columns.pixels], is_left, rows_per_part=rows_per_part), _NEAR)
        is_left &= causes == 0
        if params.near_distance > 0:
            drop(iter([near_rows(columns.pixels, is_left, params.near_distance)]), _NEAR)
    _follow(kept, np.flatnonzero(causes))
    release(causes, kept)
    return Decisions(shards, columns, causes, kept)


def _first_named(columns: Columns, is_known: Mask, rows_per_part: int) -> tuple[Rows, Rows]:
    """Of rows that names join, in one step or more: all but the first, ascending, and for each the first."""
    found = [
        np.stack([columns.id_rows[places], columns.id_rows[firsts]])
        for places, firsts in repeats([columns.ids], is_known[columns.id_rows], rows_per_part=rows_per_part)
    ]
    pairs = np.concatenate([np.zeros((2, 0), dtype=np.int64), *found], axis=1)
    rows, places = np.unique(pairs, return_inverse=True)
    left, right = places.reshape(pairs.shape)
    first = np.arange(len(rows))
    while (is_apart := first[left] != first[right]).any():
        left, right = left[is_apart], right[is_apart]
        ends = np.sort([first[left], first[right]], axis=0)
        np.minimum.at(first, ends[1], ends[0])  # each later end now points at an earlier one ...
        while not np.array_equal(further := first[first], first):  # ... and all point at the end of their chain
            first = further
    is_later = first != np.arange(len(rows))
    return rows[is_later], rows[first[is_later]]


def _follow(kept: Rows, rows: Rows) -> None:
    """Points every dropped row at the kept one at the end of its chain: each points at an earlier row."""
    while len(rows):
        further = kept[kept[rows]]
        is_further = further != _NONE
        rows, further = rows[is_further], further[is_further]
        kept[rows] = further


def _on_disk(path: Path, dtype: Any, count: int, value: int) -> NDArray[Any]:
    if not count:
        return np.zeros(0, dtype=dtype)
    column = np.memmap(path, dtype=dtype, mode="w+", shape=(count,))
    for start in range(0, count if value else 0, ROWS_PER_PART):  # a new file is zeros
        column[start : start + ROWS_PER_PART] = value
        release(column)
    return column
