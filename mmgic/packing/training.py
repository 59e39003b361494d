"""Packed rows to what a training step reads.

Positions restart at each segment, the first token of a segment is no target, nor are tokens of masked kinds, nor padding; the
padding of a row counts as a segment of its own. Cost: about 1 ns a token.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence as Seq
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmgic import _core
from mmgic.errors import ParamsError
from mmgic.library import require_same_version
from mmgic.packing.parts import checked_capacity
from mmgic.schema.sequences import TOKEN_KINDS, Sequence, TokenKind

require_same_version(_core.__version__)

_MAX_TOKENS = 1 << 31

IGNORED = -100
"""A label that is no target, as PyTorch's cross-entropy ignores it."""


class TrainingArrays(NamedTuple):
    """Ids, positions and labels (B, T), int64."""

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    labels: NDArray[np.int64]


def training_arrays(
    rows: Seq[Sequence], row_length: int, id_bytes: int, *, pad_id: int = 0, masked: Collection[TokenKind] = ()
) -> TrainingArrays:
    """Rows padded to `row_length`.

    Args:
        rows: B rows.
        row_length: T.
        id_bytes: Bytes of an id in the rows, 2 or 4.
        pad_id: Id of padding.
        masked: Kinds of tokens that are no targets: the parts of a prompt.

    Raises:
        InputError: A row is longer than `row_length`, or its lengths do not fit its ids.
        ParamsError: `row_length` or a kind is unknown or outside its range.
    """
    checked_capacity(row_length, "row_length")
    if unknown := set(masked) - set(TOKEN_KINDS):
        raise ParamsError(
            f"unknown kinds of tokens: {', '.join(sorted(unknown))}",
            where="masked",
            hint=f"known are {', '.join(TOKEN_KINDS)}",
        )
    if len(rows) * row_length > _MAX_TOKENS:
        raise ParamsError(
            f"a batch of {len(rows)} rows of {row_length} tokens", where="rows", hint=f"at most {_MAX_TOKENS} in all"
        )
    arrays = _core.training_arrays(
        np.frombuffer(b"".join(row.ids for row in rows), np.uint8),
        id_bytes,
        np.frombuffer(b"".join(row.kinds for row in rows), np.uint8),
        np.array([length for row in rows for length in row.lengths], np.uint32),
        np.array([len(row.lengths) for row in rows], np.uint32),
        row_length,
        pad_id,
        sum(1 << TOKEN_KINDS.index(kind) for kind in set(masked)),
    )
    ids, positions, labels = (values.reshape(len(rows), row_length) for values in arrays)
    return TrainingArrays(ids, positions, labels)
