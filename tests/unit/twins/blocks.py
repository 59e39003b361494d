"""A block of rows, field by field. The layout: `crates/mmgic-core/src/pack/block.rs`."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate

from mmgic.schema.sequences import Sequence as Row


def block_of(rows: Sequence[Row], id_bytes: int) -> bytes:
    """The bytes of a block of these rows."""
    keys = [key.encode() for row in rows for key in row.keys]
    lengths = [length for row in rows for length in row.lengths]
    sections = [
        struct.pack("<4sHHIIQQ", b"MMRB", 1, id_bytes, len(rows), len(keys), sum(lengths), sum(map(len, keys))),
        _running(len(row.keys) for row in rows),
        _running(lengths),
        _running(map(len, keys)),
        b"".join(keys),
        b"".join(row.ids for row in rows),
        b"".join(row.kinds for row in rows),
    ]
    return b"".join(section + bytes(-len(section) % 8) for section in sections)


def _running(values: Iterable[int]) -> bytes:
    starts = [0, *accumulate(values)]
    return struct.pack(f"<{len(starts)}I", *starts)
