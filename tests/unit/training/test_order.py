import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.training.order import rows_of_step

SEEDS = st.integers(0, 2**32 - 1)


@given(num_rows=st.integers(1, 700), seed=SEEDS, epoch=st.integers(0, 5))
def test_an_epoch_shows_every_row_once(num_rows: int, seed: int, epoch: int) -> None:
    rows = rows_of_step(epoch, num_rows, num_rows, seed)
    assert sorted(rows.tolist()) == list(range(num_rows))


@given(num_rows=st.integers(1, 200), per_step=st.integers(1, 64), seed=SEEDS, step=st.integers(0, 50))
def test_steps_cut_one_order_whatever_their_size(num_rows: int, per_step: int, seed: int, step: int) -> None:
    one_by_one = [int(rows_of_step(at, 1, num_rows, seed)[0]) for at in range(step * per_step, (step + 1) * per_step)]
    assert rows_of_step(step, per_step, num_rows, seed).tolist() == one_by_one


@given(world=st.sampled_from([1, 2, 4]), seed=SEEDS)
def test_ranks_share_a_step_out(world: int, seed: int) -> None:
    step = rows_of_step(3, 8, 100, seed)
    shares = [step[rank::world] for rank in range(world)]
    assert sorted(np.concatenate(shares).tolist()) == sorted(step.tolist())


def test_epochs_and_seeds_differ_and_repeat() -> None:
    orders = {tuple(rows_of_step(epoch, 64, 64, seed).tolist()) for epoch in range(3) for seed in range(3)}
    assert len(orders) == 9
    assert rows_of_step(2, 64, 64, 1).tolist() == rows_of_step(2, 64, 64, 1).tolist()


def test_the_order_is_no_pattern() -> None:
    """Neighbours in the order are as far apart as in a random permutation: a third of the rows on average."""
    rows = rows_of_step(0, 3000, 3000, 7)
    assert 0.30 < np.abs(np.diff(rows)).mean() / 3000 < 0.36


def test_no_rows_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rows"):
        rows_of_step(0, 1, 0, 1)
