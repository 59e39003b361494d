"""Training arrays beside a plain Python twin."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError, ParamsError
from mmgic.packing import IGNORED, training_arrays
from mmgic.schema.sequences import TOKEN_KINDS, Sequence, TokenKind


def arrays_of(
    rows: list[Sequence], row_length: int, id_bytes: int, pad_id: int, masked: Collection[str]
) -> list[list[list[int]]]:
    """Ids, positions and labels, token by token."""
    found: list[list[list[int]]] = [[], [], []]
    for row in rows:
        ids, positions, labels = [], [], []
        values = np.frombuffer(row.ids, f"<u{id_bytes}").tolist()
        for length in row.lengths:
            for position in range(length):
                is_target = position > 0 and TOKEN_KINDS[row.kinds[len(ids)]] not in masked
                labels.append(values[len(ids)] if is_target else IGNORED)
                ids.append(values[len(ids)])
                positions.append(position)
        padding = row_length - len(ids)
        found[0].append(ids + [pad_id] * padding)
        found[1].append(positions + list(range(padding)))
        found[2].append(labels + [IGNORED] * padding)
    return found


@given(
    st.lists(st.lists(st.integers(1, 6), max_size=4), min_size=1, max_size=5),
    st.sampled_from([2, 4]),
    st.sets(st.sampled_from(TOKEN_KINDS)),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_arrays_agree_with_the_twin(
    lengths: list[list[int]], id_bytes: int, masked: set[TokenKind], pad_id: int, random: object
) -> None:
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    rows = []
    for some in lengths:
        ids = rng.integers(0, 256**id_bytes, sum(some), dtype=np.uint64).astype(f"<u{id_bytes}")
        kinds = rng.integers(0, len(TOKEN_KINDS), sum(some)).astype(np.uint8)
        rows.append(Sequence([""] * len(some), some, ids.tobytes(), kinds.tobytes()))
    arrays = training_arrays(rows, 24, id_bytes, pad_id=pad_id, masked=masked)
    assert [values.tolist() for values in arrays] == arrays_of(rows, 24, id_bytes, pad_id, masked)
    assert all(values.shape == (len(rows), 24) and values.dtype == np.int64 for values in arrays)


def test_what_does_not_fit_is_named() -> None:
    row = Sequence(["a", "b"], [3, 2], bytes(10), bytes(5))
    with pytest.raises(InputError, match="row 0 has 5 tokens, more than 4"):
        training_arrays([row], 4, 2)
    with pytest.raises(InputError, match="bytes of ids: 10 values where 20 are needed"):
        training_arrays([row], 8, 4)
    with pytest.raises(InputError, match="8 bytes an id, 2 and 4 are known"):
        training_arrays([row], 8, 8)
    for row_length in (0, -1, 2**45, 2**63):
        with pytest.raises(ParamsError, match=f"row_length {row_length}"):
            training_arrays([row], row_length, 2)
    with pytest.raises(ParamsError, match="unknown kinds of tokens: prompt"):
        training_arrays([row], 8, 2, masked=["prompt"])  # type: ignore[list-item]
    with pytest.raises(ParamsError, match="a batch of 129 rows of 16777216 tokens"):
        training_arrays([row] * 129, 1 << 24, 2)
