"""Log-likelihoods of tokens under a model, in batches of rows of similar length. Legend: B rows, T tokens."""

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq

import numpy as np
import torch
from numpy.typing import NDArray

from mmgic.evaluation.model import TrainedModel
from mmgic.schema.sequences import Sequence
from mmgic.training.batch import batch_from_rows
from mmgic.training.loss import token_losses

OnDone = Callable[[int, int], None]
"""Hears how many of how many are done."""


def token_log_likelihoods(
    model: TrainedModel, ids: Seq[NDArray[np.unsignedinteger]], batch_size: int, on_done: OnDone
) -> list[NDArray[np.float64]]:
    """For each row (T,) the log-likelihood in nats (T - 1,) of every token after its first."""
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    found: list[NDArray[np.float64]] = [np.empty(0)] * len(ids)
    done = 0
    with torch.inference_mode():
        for numbers in _chunks(order, batch_size):
            rows = [_row(ids[number]) for number in numbers]
            longest = max(row.lengths[0] for row in rows)
            batch = batch_from_rows(rows, longest, ids[numbers[0]].dtype.itemsize, model.vocabulary.pad_id).to(
                model.device
            )
            losses = token_losses(model.network, batch).double().cpu().numpy()
            for number, row_losses in zip(numbers, losses, strict=True):
                found[number] = -row_losses[: len(ids[number]) - 1]
            done += len(numbers)
            on_done(done, len(ids))
    return found


def _row(ids: NDArray[np.unsignedinteger]) -> Sequence:
    return Sequence(keys=[""], lengths=[len(ids)], ids=ids.tobytes(), kinds=bytes(len(ids)))


def _chunks(numbers: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
