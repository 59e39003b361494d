"""Documents that are too long for a row: dropped, truncated, or split at the borders of their parts.

`drop` leaves them out. `truncate` keeps the parts that fit: whole parts fall off the end, and the first that does not fit is
cut where it is text. `split` makes pieces that end at borders of parts, and cuts only text that is longer than a row.
Nothing is put in: a piece is a stretch of its document's tokens, and the pieces of a split document are the document. What
must stay whole (a picture's tokens) is never cut; a document with such a part that is larger than a row is left out by
`split`, and ends before it under `truncate`. `split` keeps words with what they lead to and an end with what it ends, unless
the two together are larger than a row.

Cost: some nanoseconds a part, for the documents that are too long alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from operator import index
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import InputError, LengthOutOfRange, ParamsError
from mmgic.library import require_same_version

require_same_version(_core.__version__)

Policy = Literal["error", "drop", "truncate", "split"]
"""What becomes of a document that is too long: a `LengthOutOfRange` that names it, or see above."""

Integers = NDArray[np.integer[Any]]

MAX_CAPACITY = 1 << 24
"""The largest capacity of a row."""

NO_LIMIT = np.iinfo(np.uint32).max


class PartFlag(IntFlag):
    """What a part is; 0 is text that may be cut."""

    WHOLE = 1
    """Must stay whole."""
    LEADS = 2
    """Belongs to the part after it, and does not stay at the end of a piece: words before a concept."""
    TRAILS = 4
    """Belongs to the part before it: an end marker."""


@dataclass(frozen=True)
class Parts:
    """Documents as lists of parts: those of document d are `starts[d]` to `starts[d + 1]`.

    Attributes:
        lengths: Tokens of each part (P,), 1 to 2^32 - 1.
        starts: First part of each document, and the end (D + 1,).
        flags: `PartFlag` of each part (P,); None: all may be cut.
        second: What each part takes of the second capacity (P,), 0 to 2^32 - 1; None: nothing.

    Raises:
        InputError: The arrays do not fit together.
        LengthOutOfRange: A value is outside its range; the part is named.
    """

    lengths: Integers
    starts: Integers
    flags: NDArray[np.uint8] | None = None
    second: Integers | None = None

    def __post_init__(self) -> None:
        for name in ("lengths", "starts", "flags", "second"):
            values = getattr(self, name)
            if values is not None:
                integers(values, f"{name} of parts")
        is_whole = len(self.starts) > 0 and self.starts[0] == 0 and self.starts[-1] == len(self.lengths)
        if not is_whole or (steps(self.starts) < 0).any():
            raise InputError(
                "starts of parts do not ascend from 0 to their number", where="starts", hint="give (documents + 1,)"
            )
        for name in ("flags", "second"):
            values = getattr(self, name)
            if values is not None and len(values) != len(self.lengths):
                raise InputError(
                    f"{len(values)} {name} for {len(self.lengths)} parts", where=name, hint="give one for each part"
                )
        for name, least, most in (("lengths", 1, NO_LIMIT), ("second", 0, NO_LIMIT), ("flags", 0, sum(PartFlag))):
            _within(getattr(self, name), name, least, most)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def sums(self, values: Integers | None) -> NDArray[np.int64]:
        """The sum of a part's value over each document (D,)."""
        if values is None:
            return np.zeros(len(self), np.int64)
        running = np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])
        sums: NDArray[np.int64] = running[self.starts[1:]] - running[self.starts[:-1]]
        return sums

    def of(self, documents: NDArray[np.int64]) -> Parts:
        """The parts of some documents."""
        firsts, counts = self.starts[documents].astype(np.int64), steps(self.starts)[documents]
        starts = np.concatenate([[0], np.cumsum(counts)])
        chosen = np.arange(starts[-1]) + np.repeat(firsts - starts[:-1], counts)
        return Parts(
            self.lengths[chosen],
            starts,
            None if self.flags is None else self.flags[chosen],
            None if self.second is None else self.second[chosen],
        )

    def between(self, start: int, stop: int) -> Parts:
        """The parts of the documents from `start` to `stop`."""
        return self.of(np.arange(start, stop))


@dataclass(frozen=True)
class Pieces:
    """Stretches of documents, in the documents' order.

    Attributes:
        documents: Document of each piece (n,).
        starts: Its first token within the document (n,).
        lengths: Its tokens (n,).
        second: What it takes of the second capacity (n,).
    """

    documents: NDArray[np.uint32]
    starts: NDArray[np.uint64]
    lengths: NDArray[np.int64]
    second: NDArray[np.int64]


def pieces_of_parts(
    parts: Parts, capacity: int, second_capacity: int | None, policy: Policy
) -> tuple[NDArray[np.int64], Pieces]:
    """The number of pieces of each document (D,), 0 where it is left out, and the pieces.

    Raises:
        ParamsError: The policy is unknown, a capacity is outside its range, or it would make too many pieces.
    """
    known = [name for name in get_args(Policy) if name != "error"]
    if policy not in known:
        raise ParamsError(f"policy {policy!r}", where="policy", hint=f"known are {', '.join(known)}")
    for name, value in (("capacity", capacity), ("second_capacity", second_capacity)):
        checked_capacity(value, name)
    count = len(parts.lengths)
    piece_starts, starts, lengths, second = _core.pieces(
        np.ascontiguousarray(parts.lengths, np.int64),
        np.zeros(count, np.int64) if parts.second is None else np.ascontiguousarray(parts.second, np.int64),
        np.zeros(count, np.uint8) if parts.flags is None else np.ascontiguousarray(parts.flags, np.uint8),
        np.ascontiguousarray(parts.starts, np.uint64),
        capacity,
        NO_LIMIT if second_capacity is None else second_capacity,
        policy,
    )
    counts = steps(piece_starts)
    documents = np.repeat(np.arange(len(parts), dtype=np.uint32), counts)
    return counts, Pieces(documents, starts, lengths.astype(np.int64), second.astype(np.int64))


def checked_capacity(value: int | None, name: str) -> None:
    """Refuses what is no capacity; None is one without limit."""
    if value is not None and not 1 <= checked_int(value, name) <= MAX_CAPACITY:
        raise ParamsError(f"{name} {value}", where=name, hint=f"1 to {MAX_CAPACITY} are allowed")


def checked_int(value: int, name: str) -> int:
    """Refuses what is no whole number."""
    try:
        return index(value)
    except TypeError:
        raise ParamsError(f"{name} {value!r} is no whole number", where=name, hint="give an int") from None


def _within(values: Integers | None, name: str, least: int, most: int) -> None:
    if values is None or not len(values) or (least <= values.min() and values.max() <= most):
        return
    part = int(np.argmax((values < least) | (values > most)))
    raise LengthOutOfRange(
        f"part {part} has {values[part]} in `{name}`", where=f"part {part}", hint=f"{least} to {most} are allowed"
    )


def steps(starts: Integers) -> NDArray[np.int64]:
    """From each start to the next."""
    signed = starts.astype(np.int64)
    found: NDArray[np.int64] = signed[1:] - signed[:-1]
    return found


def integers(values: Any, name: str) -> Integers:
    """One row of integers, from an array or a sequence.

    Raises:
        InputError: They are something else.
    """
    try:
        values = np.asarray(values)
    except ValueError:
        values = np.empty((), object)
    if values.shape == (0,):
        values = values.astype(np.int64)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise InputError(
            f"{name} of type {values.dtype} and shape {values.shape}", where=name, hint="give integers of shape (n,)"
        )
    found: Integers = values
    return found
