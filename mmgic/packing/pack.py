"""Which documents share a row, so that few positions stay empty.

Row layouts over the histogram of lengths: the longest length left, then the length whose best pair wastes least, the layout
applied as often as documents last (see `crates/mmgic-core/src/pack`). Documents of one length, and the rows of a window, are
shuffled by the seed. The result is the same everywhere, however the documents come in: windows are counted in documents.

Cost: about 18 ns and 30 bytes a document in one window, 30 ns in windows of 10,000; with two capacities some microseconds
a document. `PackStream` holds one window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InputError, LengthOutOfRange, ParamsError, UsageError
from mmgic.library import require_same_version
from mmgic.packing.parts import (
    NO_LIMIT,
    Integers,
    Parts,
    Pieces,
    Policy,
    checked_capacity,
    checked_int,
    integers,
    pieces_of_parts,
    steps,
)

require_same_version(_core.__version__)

MAX_WINDOW = (1 << 32) - 1
"""The largest window."""

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class PackReport:
    """What was packed, and how close it is to what no packer can beat.

    Attributes:
        rows: Rows made.
        documents: Documents that came in.
        pieces: Pieces that were packed: a document whole, truncated, or a part of a split one.
        dropped: Documents left out.
        truncated: Documents that lost their end.
        split: Documents in more than one piece.
        windows: Windows packed.
        tokens: Tokens in rows.
        tokens_lost: Tokens of documents that are in no row.
        fill: `tokens` over all places of the rows, 0 to 1; 1 for no rows.
        lower_bound: Rows that any packer needs at least for these pieces.
        window_bound: Rows that any packer needs at least that keeps to the windows.
    """

    rows: int
    documents: int
    pieces: int
    dropped: int
    truncated: int
    split: int
    windows: int
    tokens: int
    tokens_lost: int
    fill: float
    lower_bound: int
    window_bound: int

    @property
    def over_bound(self) -> float:
        """Rows above the lower bound, as a share of it."""
        return self.rows / self.lower_bound - 1 if self.lower_bound else 0.0


@dataclass(frozen=True)
class PackedRows:
    """Rows of pieces of documents.

    Attributes:
        items: Piece numbers (n,), row after row; every piece is there once.
        row_starts: Where each row starts in `items`, and the end (rows + 1,).
        pieces: The pieces; None where piece i is the whole of document i.
        first: Number of the first document in its stream; documents and pieces count from there.
    """

    items: NDArray[np.uint32]
    row_starts: NDArray[np.uint64]
    pieces: Pieces | None
    first: int

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(self.row_starts) - 1

    @cached_property
    def documents(self) -> NDArray[np.uint32]:
        """The document of each item (n,)."""
        return self.items if self.pieces is None else self.pieces.documents[self.items]


@dataclass(frozen=True)
class Packing(PackedRows):
    """All rows of a set of documents, with the report."""

    report: PackReport


def pack(
    documents: Integers | Parts,
    capacity: int,
    *,
    window: int | None = None,
    seed: int,
    second: Integers | None = None,
    second_capacity: int | None = None,
    policy: Policy = "error",
) -> Packing:
    """Packs documents into rows.

    Args:
        documents: Length of each document (D,), or its parts.
        capacity: Largest sum of the lengths in a row.
        window: Documents packed together, in order; no row holds documents of two windows. None: all.
        seed: Any integer from 0 to 2^64 - 1.
        second: What each document takes of the second capacity (D,), as its pictures; with `Parts` they say it.
        second_capacity: Largest sum of that in a row. None: there is no second capacity.
        policy: What becomes of documents that are too long for a row, or take too much of the second capacity. Lengths
            alone are taken for text that may be cut anywhere.

    Raises:
        LengthOutOfRange: A length is below 1, or above the capacity under the policy `error`; the first one is named. Or a
            length that is to be cut is above 2^32 - 1.
        InputError: `documents` or `second` is not one row of integers.
        ParamsError: Capacity, window, seed or policy is outside its range.
    """
    size = max(1, len(documents)) if window is None else window
    stream = PackStream(capacity, window=size, seed=seed, second_capacity=second_capacity, policy=policy)
    stream.wait(documents, second)
    rows = stream.finish()
    return Packing(rows.items, rows.row_starts, rows.pieces, rows.first, stream.report)


class PackStream:
    """Packs documents that come in parts: rows come out window by window, and memory is one window and what is pushed.

    The rows of all packings, one after another, are those of `pack` with this window, however the documents were cut
    into pushes. Arguments are those of `pack`.
    """

    def __init__(
        self,
        capacity: int,
        *,
        window: int,
        seed: int,
        second_capacity: int | None = None,
        policy: Policy = "error",
    ) -> None:
        checked_capacity(capacity, "capacity")
        checked_capacity(second_capacity, "second_capacity")
        if not 1 <= checked_int(window, "window") <= MAX_WINDOW:
            raise ParamsError(f"a window of {window} documents", where="window", hint=f"1 to {MAX_WINDOW}, or none")
        if not 0 <= checked_int(seed, "seed") < 1 << 64:
            raise ParamsError(f"seed {seed}", where="seed", hint="0 to 2^64 - 1 are allowed")
        if policy not in get_args(Policy):
            raise ParamsError(f"policy {policy!r}", where="policy", hint=f"known are {', '.join(get_args(Policy))}")
        self._core = _core.Packer(capacity, second_capacity, seed)
        self._capacity, self._second_capacity = capacity, second_capacity
        self._window, self._policy = window, policy
        self._waiting: list[_Documents] = []
        self._num_waiting = 0
        self._first = 0
        self._tally = _Tally()
        self._is_ended = False

    def push(self, documents: Integers | Parts, second: Integers | None = None) -> PackedRows:
        """Takes documents in; gives the rows of the windows that are full, none where no window is.

        Raises:
            LengthOutOfRange: As `pack`; the document is named by its number in the stream. The stream ends there.
            InputError: As `pack`.
        """
        self.wait(documents, second)
        return self._packed(self._num_waiting - self._num_waiting % self._window)

    def wait(self, documents: Integers | Parts, second: Integers | None = None) -> None:
        """Takes documents in and packs nothing yet."""
        if self._is_ended:
            raise UsageError("the stream ended with an error", hint="start another one")
        known = _documents(documents, second, self._second_capacity, self._first + self._num_waiting)
        self._waiting.append(known)
        self._num_waiting += len(known.lengths)

    def finish(self) -> PackedRows:
        """Packs all that waits; the last window may be smaller."""
        return self._packed(self._num_waiting)

    @property
    def report(self) -> PackReport:
        """What was packed so far."""
        documents, rows, windows, tokens, _, lower_bound, window_bound = self._core.report()
        tally = self._tally
        return PackReport(
            rows=rows,
            documents=tally.documents,
            pieces=documents,
            dropped=tally.dropped,
            truncated=tally.truncated,
            split=tally.split,
            windows=windows,
            tokens=tokens,
            tokens_lost=tally.tokens - tokens,
            fill=tokens / (rows * self._capacity) if rows else 1.0,
            lower_bound=lower_bound,
            window_bound=window_bound,
        )

    def _packed(self, count: int) -> PackedRows:
        """Packs the first `count` documents that wait."""
        if not count:
            return PackedRows(np.zeros(0, np.uint32), np.zeros(1, np.uint64), None, self._first)
        self._is_ended = True
        taken = _merged(self._waiting)
        taken, left = taken.between(0, count), taken.between(count, len(taken.lengths))
        first = self._first
        ends = np.minimum(np.arange(1, -(-count // self._window) + 1) * self._window, count)
        counts, pieces = self._pieces(taken, first)
        lengths, second = taken.lengths, taken.second
        if pieces is not None:
            lengths, second = pieces.lengths, pieces.second
            ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])[ends]
        items, row_starts = self._core.pack(lengths, second, ends.astype(np.uint64), first)
        self._tally.add(taken, counts, pieces)
        self._waiting, self._num_waiting = ([left], len(left.lengths)) if len(left.lengths) else ([], 0)
        self._first, self._is_ended = first + count, False
        return PackedRows(items, row_starts, pieces, first)

    def _pieces(self, taken: _Documents, first: int) -> tuple[Counts, Pieces | None]:
        """The pieces of each document and what they are; None where every document is whole."""
        none: Counts = np.zeros(0, np.int64)
        if self._policy == "error":
            return none, None
        is_long = taken.lengths > self._capacity
        if self._second_capacity is not None:
            is_long |= taken.second > self._second_capacity
        if not is_long.any():
            return none, None
        self._refuse(taken, taken.lengths < 1, first, "leave the document out")
        self._refuse(taken, taken.second < 0, first, "counts are 0 or more")
        if self._policy != "drop":
            self._refuse(taken, (taken.lengths > NO_LIMIT) | (taken.second > NO_LIMIT), first, "drop it")
        long = np.flatnonzero(is_long)
        counts = np.ones(len(taken.lengths), np.int64)
        counts[long] = 0
        if self._policy != "drop":
            parts = taken.parts_of(long)
            counts[long], cut = pieces_of_parts(parts, self._capacity, self._second_capacity, self._policy)
        documents = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
        starts, lengths, second = np.zeros(len(documents), np.uint64), taken.lengths[documents], taken.second[documents]
        if self._policy != "drop":
            is_cut = is_long[documents]
            starts[is_cut], lengths[is_cut], second[is_cut] = cut.starts, cut.lengths, cut.second
        return counts, Pieces(documents, starts, lengths, second)

    def _refuse(self, taken: _Documents, is_bad: NDArray[np.bool_], first: int, hint: str) -> None:
        if not is_bad.any():
            return
        at = int(np.argmax(is_bad))
        what = f"document {first + at} has length {taken.lengths[at]}"
        if self._second_capacity is not None:
            what += f" and counts {taken.second[at]} for the second capacity"
        raise LengthOutOfRange(what, where=f"index {first + at}", hint=hint)


@dataclass(frozen=True)
class _Documents:
    """Lengths and second counts of documents, with their parts where they are known."""

    lengths: NDArray[np.int64]
    second: NDArray[np.int64]
    parts: Parts | None

    def between(self, start: int, stop: int) -> _Documents:
        if start == 0 and stop == len(self.lengths):
            return self
        parts = None if self.parts is None else self.parts.between(start, stop)
        return _Documents(self.lengths[start:stop], self.second[start:stop], parts)

    def parts_of(self, documents: NDArray[np.int64]) -> Parts:
        """Their parts; a document whose parts are not known is one stretch of text."""
        if self.parts is not None:
            return self.parts.of(documents)
        starts = np.arange(len(documents) + 1)
        return Parts(self.lengths[documents], starts, None, self.second[documents])


@dataclass
class _Tally:
    """What the pieces say nothing of."""

    documents: int = 0
    tokens: int = 0
    dropped: int = 0
    truncated: int = 0
    split: int = 0

    def add(self, taken: _Documents, counts: Counts, pieces: Pieces | None) -> None:
        self.documents += len(taken.lengths)
        self.tokens += int(taken.lengths.sum())
        if pieces is None:
            return
        self.dropped += int((counts == 0).sum())
        self.split += int((counts > 1).sum())
        kept = np.bincount(pieces.documents, pieces.lengths, minlength=len(counts)).astype(np.int64)
        self.truncated += int(((counts > 0) & (kept < taken.lengths)).sum())


def _documents(
    documents: Integers | Parts, second: Integers | None, second_capacity: int | None, first: int
) -> _Documents:
    """Lengths and counts of documents, the first of which has the number `first` in the stream."""
    if isinstance(documents, Parts):
        if second is not None:
            raise InputError("a second count beside parts", where="second", hint="give it as `Parts.second`")
        return _Documents(documents.sums(documents.lengths), documents.sums(documents.second), documents)
    integers(documents, "lengths")
    if (second is None) != (second_capacity is None):
        raise InputError(
            "`second` and `second_capacity` go together", where="second", hint="give both, or none of them"
        )
    if second is None:
        return _Documents(_signed(documents, "length", first), np.zeros(len(documents), np.int64), None)
    integers(second, "second")
    if len(second) != len(documents):
        raise InputError(
            f"{len(second)} second counts for {len(documents)} documents", where="second", hint="give one for each"
        )
    return _Documents(_signed(documents, "length", first), _signed(second, "second count", first), None)


def _signed(values: Integers, name: str, first: int) -> NDArray[np.int64]:
    most = np.iinfo(np.int64).max
    if values.dtype == np.uint64 and (values > most).any():
        at = int(np.argmax(values > most))
        raise LengthOutOfRange(
            f"document {first + at} has {name} {values[at]}, more than {most}",
            where=f"index {first + at}",
            hint="leave the document out",
        )
    return np.ascontiguousarray(values, np.int64)


def _merged(waiting: list[_Documents]) -> _Documents:
    if len(waiting) == 1:
        return waiting[0]
    if not waiting:
        return _Documents(np.zeros(0, np.int64), np.zeros(0, np.int64), None)
    if any((part.parts is None) != (waiting[0].parts is None) for part in waiting):
        raise InputError(
            "lengths and parts in one stream", where="documents", hint="give the same kind with every push"
        )
    lengths, second = (np.concatenate([getattr(part, name) for part in waiting]) for name in ("lengths", "second"))
    return _Documents(lengths, second, None if waiting[0].parts is None else _parts_merged(waiting))


def _parts_merged(waiting: list[_Documents]) -> Parts:
    parts = [part.parts for part in waiting if part.parts is not None]

    def joined(name: str, kind: Any) -> NDArray[Any] | None:
        found = [getattr(part, name) for part in parts]
        if all(values is None for values in found):
            return None
        return np.concatenate(
            [np.zeros(len(p.lengths), kind) if v is None else v for p, v in zip(parts, found, strict=True)]
        )

    counts = np.concatenate([steps(part.starts) for part in parts])
    lengths = np.concatenate([part.lengths for part in parts])
    return Parts(
        lengths, np.concatenate([[0], np.cumsum(counts)]), joined("flags", np.uint8), joined("second", np.int64)
    )
