"""What packing gives: rows of pieces, and a report that says how close they are to what no packer can beat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mmgic.packing.parts import Pieces


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
        second_fill: The same of the second capacity; None where there is none.
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
    second_fill: float | None
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
