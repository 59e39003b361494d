"""Which documents share a row, so that few positions stay empty.

Row layouts over the histogram of lengths: the longest length left, then the length whose best pair wastes least, the layout
applied as often as documents last (see `crates/mmgic-core/src/pack`). Documents of one length, and the rows of a window, are
shuffled by the seed. The result is the same everywhere, however the documents come in: windows are counted in documents.

Cost: about 20 ns and 30 bytes a document in one window, 30 ns in windows of 10,000; with two capacities some microseconds
a document. `PackStream` holds one window.
"""

from __future__ import annotations

from mmgic.packing.parts import Integers, Parts, Policy, integers
from mmgic.packing.stream import PackStream
from mmgic.packing.types import Packing


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
    if not isinstance(documents, Parts):
        documents = integers(documents, "lengths")
    size = max(1, len(documents)) if window is None else window
    stream = PackStream(capacity, window=size, seed=seed, second_capacity=second_capacity, policy=policy)
    stream.wait(documents, second)
    rows = stream.finish()
    return Packing(rows.items, rows.row_starts, rows.pieces, rows.first, stream.report)
