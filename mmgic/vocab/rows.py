"""Tokenized documents to packed rows, window by window.

Documents come in shard order; each window of `packing_window` of them is packed apart, so memory is one window and the rows
do not depend on how shards were split among workers. Cost: copying the tokens; choosing the rows takes about 10 ns a document.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from mmgic.packing import pack
from mmgic.schema.sequences import Sequence


def packed_rows(documents: Iterable[Sequence], *, row_length: int, window: int, seed: int) -> Iterator[Sequence]:
    """Rows of at most `row_length` tokens; every document stands whole in exactly one."""
    documents = iter(documents)
    number = 0
    while batch := list(islice(documents, window)):
        lengths = np.array([document.lengths[0] for document in batch], dtype=np.int64)
        packing = pack(lengths, row_length, seed=(seed + number) % 2**63)
        bounds = packing.row_starts.tolist()
        for start, stop in zip(bounds[:-1], bounds[1:], strict=True):
            yield _joined([batch[item] for item in packing.items[start:stop].tolist()])
        number += 1


def _joined(documents: list[Sequence]) -> Sequence:
    return Sequence(
        keys=[document.keys[0] for document in documents],
        lengths=[document.lengths[0] for document in documents],
        ids=b"".join(document.ids for document in documents),
        kinds=b"".join(document.kinds for document in documents),
    )
