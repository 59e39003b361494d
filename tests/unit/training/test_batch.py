import numpy as np
import pytest

from mmgic.errors import InputError
from mmgic.packing import IGNORED
from mmgic.schema.sequences import Sequence
from mmgic.training.batch import batch_from_rows


def row(*lengths: int) -> Sequence:
    ids = np.arange(10, 10 + sum(lengths), dtype="<u4")
    kinds = bytes(number % 6 for number in range(len(ids)))
    return Sequence(keys=[str(n) for n in range(len(lengths))], lengths=list(lengths), ids=ids.tobytes(), kinds=kinds)


def test_positions_restart_and_first_tokens_are_no_targets() -> None:
    batch = batch_from_rows([row(3, 2)], 8, 4)
    assert batch.positions_BT.tolist() == [[0, 1, 2, 0, 1, 0, 1, 2]]
    assert batch.ids_BT.tolist() == [[10, 11, 12, 13, 14, 0, 0, 0]]
    assert batch.labels_BT.tolist() == [[IGNORED, 11, 12, IGNORED, 14, IGNORED, IGNORED, IGNORED]]
    assert batch.num_tokens == 5
    assert batch.num_targets == 3


def test_a_full_row_has_no_padding() -> None:
    batch = batch_from_rows([row(4, 4), row(8)], 8, 4)
    assert batch.positions_BT.tolist() == [[0, 1, 2, 3, 0, 1, 2, 3], [*range(8)]]
    assert batch.num_targets == 6 + 7


def test_a_row_longer_than_the_batch_is_refused() -> None:
    with pytest.raises(InputError, match="row 1 has 9 tokens, more than 8"):
        batch_from_rows([row(8), row(9)], 8, 4)
