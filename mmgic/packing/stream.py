"""Packing documents that come in parts, window by window. Cost: see `mmgic.packing.pack`; memory is one window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import LengthOutOfRange, ParamsError, UsageError
from mmgic.library import require_same_version
from mmgic.packing.parts import (
    NO_LIMIT,
    Integers,
    Parts,
    Pieces,
    Policy,
    checked_capacity,
    checked_int,
    pieces_of_parts,
)
from mmgic.packing.types import PackedRows, PackReport
from mmgic.packing.waiting import WaitingDocuments, merged, waiting_documents

require_same_version(_core.__version__)

MAX_WINDOW = (1 << 32) - 1
"""The largest window."""

Counts = NDArray[np.int64]


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
        self._waiting: list[WaitingDocuments] = []
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
        self._require_open()
        known = waiting_documents(documents, second, self._second_capacity, self._first + self._num_waiting)
        self._waiting.append(known)
        self._num_waiting += len(known.lengths)

    def finish(self) -> PackedRows:
        """Packs all that waits; the last window may be smaller."""
        return self._packed(self._num_waiting)

    @property
    def report(self) -> PackReport:
        """What was packed so far."""
        documents, rows, windows, tokens, second, lower_bound, window_bound = self._core.report()
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
            second_fill=self._second_fill(second, rows),
            lower_bound=lower_bound,
            window_bound=window_bound,
        )

    def _require_open(self) -> None:
        if self._is_ended:
            raise UsageError("the stream ended with an error", where="stream", hint="start another one")

    def _second_fill(self, second: int, rows: int) -> float | None:
        if self._second_capacity is None:
            return None
        return second / (rows * self._second_capacity) if rows else 1.0

    def _packed(self, count: int) -> PackedRows:
        """Packs the first `count` documents that wait."""
        self._require_open()
        if not count:
            return PackedRows(np.zeros(0, np.uint32), np.zeros(1, np.uint64), None, self._first)
        self._is_ended = True
        taken = merged(self._waiting)
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

    def _pieces(self, taken: WaitingDocuments, first: int) -> tuple[Counts, Pieces | None]:
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

    def _refuse(self, taken: WaitingDocuments, is_bad: NDArray[np.bool_], first: int, hint: str) -> None:
        if not is_bad.any():
            return
        at = int(np.argmax(is_bad))
        what = f"document {first + at} has length {taken.lengths[at]}"
        if self._second_capacity is not None:
            what += f" and counts {taken.second[at]} for the second capacity"
        raise LengthOutOfRange(what, where=f"index {first + at}", hint=hint)


@dataclass
class _Tally:
    """What the pieces say nothing of."""

    documents: int = 0
    tokens: int = 0
    dropped: int = 0
    truncated: int = 0
    split: int = 0

    def add(self, taken: WaitingDocuments, counts: Counts, pieces: Pieces | None) -> None:
        self.documents += len(taken.lengths)
        self.tokens += int(taken.lengths.sum())
        if pieces is None:
            return
        self.dropped += int((counts == 0).sum())
        self.split += int((counts > 1).sum())
        kept = np.bincount(pieces.documents, pieces.lengths, minlength=len(counts)).astype(np.int64)
        self.truncated += int(((counts > 0) & (kept < taken.lengths)).sum())
