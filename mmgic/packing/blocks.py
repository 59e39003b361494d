"""Blocks of packed rows: written in one copy from the documents' tokens, read row by row.

The layout stands in `crates/mmgic-core/src/pack/block.rs`. A block that is not compressed may lie in a memory map; reading a
row then touches its own pages. Cost: writing about 1 ns a token; reading some microseconds a row.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InputError
from mmgic.library import require_same_version
from mmgic.packing.parts import Integers, steps
from mmgic.packing.types import PackedRows
from mmgic.schema.sequences import Sequence

require_same_version(_core.__version__)

_HEAD = struct.Struct("<4sHHIIQQ")
_MAGIC, _VERSION = b"MMRB", 1
_DAMAGED = "the file is damaged or was cut: make the folder again"

MAX_BLOCK_BYTES = 1 << 30
"""The largest block that is written, or believed when it is read."""


@dataclass(frozen=True)
class TokenDocuments:
    """Tokens of documents, end to end.

    Attributes:
        ids: Ids (T,), little-endian uint16 or uint32.
        kinds: Kind of each token (T,).
        starts: First token of each document, and the end (D + 1,).
        keys: The documents' keys as UTF-8, end to end.
        key_starts: First byte of each key, and the end (D + 1,).

    Raises:
        InputError: The ids are of another type, or the arrays are of other lengths than they say.
    """

    ids: NDArray[np.unsignedinteger[Any]]
    kinds: NDArray[np.uint8]
    starts: NDArray[np.uint64]
    keys: bytes
    key_starts: NDArray[np.uint64]

    def __post_init__(self) -> None:
        if self.ids.dtype not in (np.dtype("<u2"), np.dtype("<u4")):
            raise InputError(f"ids of type {self.ids.dtype}", where="ids", hint="give little-endian uint16 or uint32")
        found = (len(self.ids), len(self.kinds), len(self.keys), len(self.key_starts))
        wanted = (int(self.starts[-1]), int(self.starts[-1]), int(self.key_starts[-1]), len(self.starts))
        if found != wanted:
            raise InputError(
                f"{found} ids, kinds, bytes of keys and starts of keys where the starts say {wanted}",
                where="documents",
                hint="starts ascend from 0 to the end",
            )

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each document (D,)."""
        return steps(self.starts)

    def key(self, document: int) -> str:
        """The key of a document."""
        start, stop = self.key_starts[document : document + 2].tolist()
        return self.keys[start:stop].decode()

    def between(self, start: int, stop: int) -> TokenDocuments:
        """The documents from `start` to `stop`; their tokens are not copied."""
        starts, key_starts = self.starts[start : stop + 1], self.key_starts[start : stop + 1]
        tokens = slice(int(starts[0]), int(starts[-1]))
        return TokenDocuments(
            self.ids[tokens],
            self.kinds[tokens],
            starts - starts[0],
            self.keys[int(key_starts[0]) : int(key_starts[-1])],
            key_starts - key_starts[0],
        )


def documents_from_sequences(sequences: Seq[Sequence], id_bytes: int) -> TokenDocuments:
    """Every segment of the sequences as a document.

    Raises:
        InputError: Lengths, ids and kinds of a sequence do not fit together.
    """
    for sequence in sequences:
        tokens = sum(sequence.lengths)
        found = len(sequence.ids), len(sequence.kinds), len(sequence.keys)
        if found != (tokens * id_bytes, tokens, len(sequence.lengths)):
            raise InputError(
                f"a row with {len(sequence.lengths)} segments of {tokens} tokens has {found[0]} bytes of ids, "
                f"{found[1]} kinds, {found[2]} keys",
                where=f"row of {', '.join(sequence.keys[:3])}",
            )
    keys = [key.encode() for sequence in sequences for key in sequence.keys]
    return TokenDocuments(
        np.frombuffer(b"".join(sequence.ids for sequence in sequences), f"<u{id_bytes}"),
        np.frombuffer(b"".join(sequence.kinds for sequence in sequences), np.uint8),
        _running([length for sequence in sequences for length in sequence.lengths]),
        b"".join(keys),
        _running([len(key) for key in keys]),
    )


def joined_documents(found: Seq[TokenDocuments]) -> TokenDocuments:
    """The documents of all, one after another."""
    if len(found) == 1:
        return found[0]
    return TokenDocuments(
        np.concatenate([documents.ids for documents in found]),
        np.concatenate([documents.kinds for documents in found]),
        _running(np.concatenate([documents.lengths for documents in found])),
        b"".join(documents.keys for documents in found),
        _running(np.concatenate([steps(documents.key_starts) for documents in found])),
    )


def block_of_rows(documents: TokenDocuments, rows: PackedRows, start: int, stop: int) -> NDArray[np.uint8]:
    """The rows from `start` to `stop`, whose pieces are of these documents, as a block's bytes.

    Raises:
        ParamsError: The block would be larger than `MAX_BLOCK_BYTES`.
        InputError: The documents do not fit together, or a piece is not in them.
    """
    if not 0 <= start <= stop <= rows.num_rows:
        raise InputError(f"rows {start} to {stop} of {rows.num_rows}", where="rows", hint="0 <= start <= stop <= rows")
    bounds = rows.row_starts[start : stop + 1]
    items = slice(int(bounds[0]), int(bounds[-1]))
    numbers = rows.documents[items]
    if len(numbers) and numbers.max() >= len(documents):
        raise InputError(
            f"a row holds document {numbers.max()}, there are {len(documents)}",
            where="documents",
            hint="give the documents that these rows were packed from",
        )
    starts, ends = documents.starts[numbers], documents.starts[numbers + np.uint32(1)]
    lengths = (ends - starts).astype(np.int64)
    if rows.pieces is not None:
        pieces = rows.items[items]
        starts = starts + rows.pieces.starts[pieces]
        lengths = rows.pieces.lengths[pieces]
        if (starts + lengths.astype(np.uint64) > ends).any():
            raise InputError(
                "a piece reaches beyond its document",
                where="documents",
                hint="give the documents that these rows were packed from",
            )
    return _block(documents, numbers, starts, lengths, bounds - bounds[0])


def block_of_sequences(sequences: Seq[Sequence], id_bytes: int) -> NDArray[np.uint8]:
    """Sequences as they are, as a block's bytes.

    Raises:
        InputError, ParamsError: As `documents_from_sequences` and `block_of_rows`.
    """
    documents = documents_from_sequences(sequences, id_bytes)
    row_starts = _running([len(sequence.lengths) for sequence in sequences])
    return _block(documents, np.arange(len(documents)), documents.starts[:-1], documents.lengths, row_starts)


def _block(
    documents: TokenDocuments,
    numbers: Integers,
    starts: NDArray[np.uint64],
    lengths: NDArray[np.int64],
    row_starts: NDArray[np.uint64],
) -> NDArray[np.uint8]:
    return _core.block_of_rows(
        np.ascontiguousarray(documents.ids).view(np.uint8),
        documents.ids.itemsize,
        np.ascontiguousarray(documents.kinds),
        documents.keys,
        np.ascontiguousarray(documents.key_starts, np.uint64),
        numbers.astype(np.uint32),
        np.ascontiguousarray(starts, np.uint64),
        lengths.astype(np.uint32),
        np.ascontiguousarray(row_starts),
    )


class RowBlock:
    """A block's rows, by number; views of `data`, which must stay as it is.

    Args:
        data: The block's bytes, not compressed.
        where: What an error names: file and block.

    Raises:
        InputError: The bytes are no block of rows, or were cut.
    """

    def __init__(self, data: bytes | memoryview, where: str = "") -> None:
        buffer = memoryview(data)
        if len(buffer) < _HEAD.size:
            raise InputError(f"a block of {len(buffer)} bytes has no head", where=where, hint=_DAMAGED)
        magic, version, self.id_bytes, self.num_rows, num_segments, num_tokens, num_key_bytes = _HEAD.unpack_from(
            buffer
        )
        if magic != _MAGIC or version != _VERSION or self.id_bytes not in (2, 4):
            raise InputError(
                f"a block starts with {magic!r}, version {version}, {self.id_bytes} bytes an id; {_MAGIC!r}, version "
                f"{_VERSION}, 2 or 4 bytes are read",
                where=where,
                hint="run tokenize again",
            )
        self._at, self._buffer, self._where = _HEAD.size, buffer, where
        self._row_segments = self._section("<u4", self.num_rows + 1)
        self._segment_starts = self._section("<u4", num_segments + 1)
        self._key_starts = self._section("<u4", num_segments + 1)
        self._keys = self._section("<u1", num_key_bytes)
        self._ids = self._section(f"<u{self.id_bytes}", num_tokens)
        self._kinds = self._section("<u1", num_tokens)
        for values, end in (
            (self._row_segments, num_segments),
            (self._segment_starts, num_tokens),
            (self._key_starts, num_key_bytes),
        ):
            if values[0] != 0 or values[-1] != end or (values[1:] < values[:-1]).any():
                raise InputError("a block's starts do not ascend from 0 to its end", where=where, hint=_DAMAGED)

    def _section(self, kind: str, count: int) -> NDArray[Any]:
        start = -(-self._at // 8) * 8
        self._at = start + count * int(kind[2:])
        if self._at > len(self._buffer):
            raise InputError(
                f"a block of {len(self._buffer)} bytes says that it has {self._at}", where=self._where, hint=_DAMAGED
            )
        return np.frombuffer(self._buffer, kind, count, start)

    def __len__(self) -> int:
        return int(self.num_rows)

    def __getitem__(self, row: int) -> Sequence:
        if not 0 <= row < self.num_rows:
            raise IndexError(f"row {row} of {self.num_rows}")
        first, last = self._row_segments[row : row + 2].tolist()
        starts = self._segment_starts[first : last + 1].tolist()
        key_starts = self._key_starts[first : last + 1].tolist()
        keys = self._keys[key_starts[0] : key_starts[-1]].tobytes()
        start = key_starts[0]
        try:
            return Sequence(
                keys=[keys[a - start : b - start].decode() for a, b in zip(key_starts, key_starts[1:], strict=False)],
                lengths=[b - a for a, b in zip(starts, starts[1:], strict=False)],
                ids=self._ids[starts[0] : starts[-1]].tobytes(),
                kinds=self._kinds[starts[0] : starts[-1]].tobytes(),
            )
        except UnicodeDecodeError as error:
            raise InputError(f"a key of row {row} is not UTF-8: {error}", where=self._where) from error

    @property
    def documents(self) -> TokenDocuments:
        """Every segment as a document."""
        return TokenDocuments(
            self._ids,
            self._kinds,
            self._segment_starts.astype(np.uint64),
            self._keys.tobytes(),
            self._key_starts.astype(np.uint64),
        )


def _running(lengths: Seq[int] | NDArray[Any]) -> NDArray[np.uint64]:
    """0, and the sum so far after each."""
    return np.concatenate([np.zeros(1, np.uint64), np.cumsum(lengths, dtype=np.uint64)])
