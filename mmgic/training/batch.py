"""Packed rows to tensors.

Legend: B rows, T tokens. Positions restart at each document, and no mask is given: this, with `use_cache=False`, is what
makes transformers keep documents apart. The first token of a document is no target, nor is padding.
"""

from collections.abc import Sequence as Seq
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmgic.schema.sequences import Sequence

IGNORED = -100


@dataclass(frozen=True)
class Batch:
    """What the model reads (ids, positions) and is asked for (labels). `num_tokens` leaves padding out."""

    ids_BT: Tensor
    positions_BT: Tensor
    labels_BT: Tensor
    num_tokens: int

    @property
    def num_targets(self) -> int:
        """Tokens whose loss counts."""
        return int((self.labels_BT != IGNORED).sum())

    def to(self, device: torch.device | str) -> "Batch":
        """The batch on a device."""
        return Batch(self.ids_BT.to(device), self.positions_BT.to(device), self.labels_BT.to(device), self.num_tokens)


def batch_from_rows(rows: Seq[Sequence], row_length: int, id_bytes: int, pad_id: int = 0) -> Batch:
    """Rows padded to `row_length`; the padding of a row counts as a document of its own."""
    shape = len(rows), row_length
    ids = np.full(shape, pad_id, np.int64)
    positions = np.zeros(shape, np.int64)
    labels = np.full(shape, IGNORED, np.int64)
    for number, row in enumerate(rows):
        values = np.frombuffer(row.ids, f"<u{id_bytes}")
        used = len(values)
        ids[number, :used] = labels[number, :used] = values
        lengths = [*row.lengths, row_length - used] if used < row_length else row.lengths
        starts = np.cumsum([0, *lengths[:-1]])
        positions[number] = np.arange(row_length) - np.repeat(starts, lengths)
        labels[number, starts] = IGNORED
    ids_BT, positions_BT, labels_BT = map(torch.from_numpy, (ids, positions, labels))
    return Batch(ids_BT, positions_BT, labels_BT, num_tokens=sum(sum(row.lengths) for row in rows))
