"""Documents that wait to be packed: lengths and second counts as the core takes them, and their parts where they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmgic.errors import InputError, LengthOutOfRange
from mmgic.packing.parts import Integers, Parts, integers, steps


@dataclass(frozen=True)
class WaitingDocuments:
    """Lengths and second counts of documents, with their parts where they are known."""

    lengths: NDArray[np.int64]
    second: NDArray[np.int64]
    parts: Parts | None

    def between(self, start: int, stop: int) -> WaitingDocuments:
        """The documents from `start` to `stop`."""
        if start == 0 and stop == len(self.lengths):
            return self
        parts = None if self.parts is None else self.parts.between(start, stop)
        return WaitingDocuments(self.lengths[start:stop], self.second[start:stop], parts)

    def parts_of(self, documents: NDArray[np.int64]) -> Parts:
        """Their parts; a document whose parts are not known is one stretch of text."""
        if self.parts is not None:
            return self.parts.of(documents)
        starts = np.arange(len(documents) + 1)
        return Parts(self.lengths[documents], starts, None, self.second[documents])


def waiting_documents(
    documents: Integers | Parts, second: Integers | None, second_capacity: int | None, first: int
) -> WaitingDocuments:
    """Lengths and counts of documents, the first of which has the number `first` in the stream."""
    if isinstance(documents, Parts):
        if second is not None:
            raise InputError("a second count beside parts", where="second", hint="give it as `Parts.second`")
        return WaitingDocuments(documents.sums(documents.lengths), documents.sums(documents.second), documents)
    documents = integers(documents, "lengths")
    if (second is None) != (second_capacity is None):
        raise InputError(
            "`second` and `second_capacity` go together", where="second", hint="give both, or none of them"
        )
    if second is None:
        return WaitingDocuments(_signed(documents, "length", first), np.zeros(len(documents), np.int64), None)
    second = integers(second, "second")
    if len(second) != len(documents):
        raise InputError(
            f"{len(second)} second counts for {len(documents)} documents", where="second", hint="give one for each"
        )
    return WaitingDocuments(_signed(documents, "length", first), _signed(second, "second count", first), None)


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


def merged(waiting: list[WaitingDocuments]) -> WaitingDocuments:
    """All that wait, in order."""
    if len(waiting) == 1:
        return waiting[0]
    if not waiting:
        return WaitingDocuments(np.zeros(0, np.int64), np.zeros(0, np.int64), None)
    if any((part.parts is None) != (waiting[0].parts is None) for part in waiting):
        raise InputError(
            "lengths and parts in one stream", where="documents", hint="give the same kind with every push"
        )
    lengths, second = (np.concatenate([getattr(part, name) for part in waiting]) for name in ("lengths", "second"))
    return WaitingDocuments(lengths, second, None if waiting[0].parts is None else _merged_parts(waiting))


def _merged_parts(waiting: list[WaitingDocuments]) -> Parts:
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
