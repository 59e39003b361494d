"""Draws against what transformers' own filters leave, and against the probabilities."""

import numpy as np
import pytest
import torch
from transformers import TemperatureLogitsWarper, TopPLogitsWarper

from mmgic.annotation.sampling import FirstStep, SeededDraw, draws_from_seed
from mmgic.errors import InputError

CPU = torch.device("cpu")


def drawn(scores: torch.Tensor, draws: np.ndarray, top_p: float = 1.0, temperature: float = 1.0) -> list[int]:
    """The token that is left of each row."""
    left = SeededDraw(draws, top_p, temperature, CPU)(torch.zeros((len(scores), 1)), scores)
    assert (left.isfinite().sum(-1) == 1).all()
    return left.argmax(-1).tolist()


def test_a_row_of_draws_is_of_its_key_place_and_seed_alone() -> None:
    all_rows = draws_from_seed(1, ["a", "b", "c"], 4, 9)
    assert all_rows.shape == (12, 9) and all_rows.min() >= 0 and all_rows.max() < 1 << 22
    assert (draws_from_seed(1, ["c"], 3, 9) == all_rows[8:11]).all()
    assert (draws_from_seed(1, ["b"], 4, 5) == all_rows[4:8, :5]).all()
    assert len(np.unique(np.concatenate([all_rows, draws_from_seed(2, ["a", "b", "c"], 4, 9)]))) > 200


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    scores = torch.log(torch.tensor([[0.5, 0.2, 0.0, 0.3]])).expand(20_000, 4)
    counts = np.bincount(drawn(scores, draws_from_seed(1, ["k"], 20_000, 1)), minlength=4) / 20_000
    assert counts == pytest.approx([0.5, 0.2, 0.0, 0.3], abs=0.015) and counts[2] == 0
    sharp = np.bincount(drawn(scores, draws_from_seed(1, ["k"], 20_000, 1), temperature=0.5), minlength=4) / 20_000
    assert sharp == pytest.approx([0.25 / 0.38, 0.04 / 0.38, 0.0, 0.09 / 0.38], abs=0.015)


@pytest.mark.parametrize(("top_p", "temperature"), [(0.9, 1.0), (0.5, 0.7), (0.05, 2.0), (1.0, 1.0)])
def test_the_nucleus_is_that_of_transformers(top_p: float, temperature: float) -> None:
    scores = torch.randn((1, 30), generator=torch.Generator().manual_seed(3)) * 2
    warped = TopPLogitsWarper(top_p)(None, TemperatureLogitsWarper(temperature)(None, scores.clone()))
    allowed = set(warped[0].isfinite().nonzero().flatten().tolist())
    tokens = drawn(scores.expand(8000, 30), draws_from_seed(1, ["k"], 8000, 1), top_p, temperature)
    assert set(tokens) <= allowed
    likely = {token for token in allowed if torch.softmax(warped[0], -1)[token] > 0.002}
    assert likely <= set(tokens)


def test_the_least_and_the_greatest_draw_are_the_outermost_tokens() -> None:
    scores = torch.tensor([[-torch.inf, 1.0, 0.0, -torch.inf], [-torch.inf, 1.0, 0.0, -torch.inf]])
    assert drawn(scores, np.array([[0], [(1 << 22) - 1]])) == [1, 2]


def test_each_step_takes_the_next_draw() -> None:
    draw = SeededDraw(np.array([[0, (1 << 22) - 1]]), 1.0, 1.0, CPU)
    scores = torch.zeros((1, 5))
    assert [int(draw(torch.zeros((1, 1)), scores).argmax()) for _ in range(2)] == [0, 4]


def test_the_first_step_knows_the_prompt_and_refuses_what_is_no_number() -> None:
    first = FirstStep()
    scores = torch.zeros((2, 5))
    assert first(torch.zeros((2, 7)), scores) is scores
    first(torch.zeros((2, 8)), scores)
    assert first.prompt_length == 7
    scores[1, 3] = torch.nan
    with pytest.raises(InputError, match="no numbers"):
        first(torch.zeros((2, 9)), scores)
