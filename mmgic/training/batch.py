"""Packed rows to tensors.

Legend: B rows, T tokens. Positions restart at each document, and no mask is given: this, with `use_cache=False`, is what
makes transformers keep documents apart. The first token of a document is no target, nor is padding.
"""

from collections.abc import Sequence as Seq
from dataclasses import dataclass

import torch
from torch import Tensor

from mmgic.packing import IGNORED, training_arrays
from mmgic.schema.sequences import Sequence


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
    """Rows padded to `row_length`; the padding of a row counts as a document of its own.

    Raises:
        InputError: a row is longer than `row_length`, or its lengths do not fit its ids.
    """
    arrays = training_arrays(rows, row_length, id_bytes, pad_id=pad_id)
    ids_BT, positions_BT, labels_BT = map(torch.from_numpy, arrays)
    return Batch(ids_BT, positions_BT, labels_BT, num_tokens=sum(sum(row.lengths) for row in rows))
