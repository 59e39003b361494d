"""Draws of tokens that depend on a record's key and the seed alone, not on what else is in the batch.

1. Every candidate has its own row of numbers, from the hash of seed, key and its place.
2. At each step the probabilities become whole numbers, those outside the nucleus 0. Whole numbers add up alike in any order,
   and a number of the row says which token it is.
3. That token alone is left to draw.

Shapes: R rows (candidates of a batch), V vocabulary, T steps.
"""

from collections.abc import Sequence

import numpy as np
import torch
from blake3 import blake3
from numpy.typing import NDArray
from transformers import LogitsProcessor

from mmgic.errors import InputError

_PROBABILITY_BITS = 40
_DRAW_BITS = 22
"""Sum of both: a product must fit 63 bits."""


def draws_from_seed(seed: int, keys: Sequence[str], candidates: int, steps: int) -> NDArray[np.int64]:
    """Numbers (keys x candidates, T) from 0 to 2^22 - 1: a row for each candidate of each key."""
    rows = [
        blake3(f"{seed}\0{key}\0{place}".encode()).digest(length=4 * steps)
        for key in keys
        for place in range(candidates)
    ]
    words = np.frombuffer(b"".join(rows), dtype="<u4").reshape(len(rows), steps)
    return (words >> (32 - _DRAW_BITS)).astype(np.int64)


class FirstStep(LogitsProcessor):
    """Notes how many tokens came before the first that is made: the prompt, as it stands in the output."""

    def __init__(self) -> None:
        self.prompt_length: int | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Passes the scores (R, V) on.

        Raises:
            InputError: the model gives no numbers.
        """
        if self.prompt_length is None:
            self.prompt_length = input_ids.shape[1]
        if scores.isnan().any():
            raise InputError("the captioner's scores are no numbers (NaN)", hint="--precision fp32, or other weights")
        return scores


class SeededDraw(LogitsProcessor):
    """Leaves of each row's tokens the one that its draw says.

    Args:
        draws_RT: as of `draws_from_seed`.
        top_p: probability that the likeliest tokens, of which one is drawn, hold together.
        temperature: under 1 it sharpens the distribution.
    """

    def __init__(self, draws_RT: NDArray[np.int64], top_p: float, temperature: float, device: torch.device) -> None:
        self._draws_RT = torch.from_numpy(draws_RT).to(device)
        self._top_p = top_p
        self._temperature = temperature
        self._step = 0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores (R, V) to scores that allow one token a row."""
        probabilities_RV = torch.softmax(scores.float() / self._temperature, dim=-1)
        weights_RV = (probabilities_RV * 2**_PROBABILITY_BITS).long()
        weights_RV = weights_RV.masked_fill(~_nucleus(weights_RV, self._top_p), 0)
        sums_RV = weights_RV.cumsum(-1)
        place_R = sums_RV[:, -1] * self._draws_RT[:, self._step] >> _DRAW_BITS
        self._step += 1
        token_R = (sums_RV <= place_R[:, None]).sum(-1)
        return torch.full_like(scores, -torch.inf).scatter(1, token_R[:, None], 0.0)


def _nucleus(weights_RV: torch.Tensor, top_p: float) -> torch.Tensor:
    """Which tokens are among the likeliest that hold `top_p` of the weight: at least one a row."""
    sorted_RV, order_RV = weights_RV.sort(dim=-1, descending=True, stable=True)
    before_RV = sorted_RV.cumsum(-1) - sorted_RV
    limit_R = (weights_RV.sum(-1) * top_p).long().clamp(min=1)
    return torch.zeros_like(weights_RV, dtype=torch.bool).scatter(1, order_RV, before_RV < limit_R[:, None])
