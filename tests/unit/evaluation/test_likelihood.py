import numpy as np
import torch

from mmgic.evaluation.likelihood import token_log_likelihoods
from mmgic.evaluation.model import TrainedModel


def test_batches_and_padding_change_nothing(trained: TrainedModel) -> None:
    random = np.random.default_rng(3)
    rows = [random.integers(3, trained.vocabulary.size, length).astype("<u2") for length in (9, 2, 17, 5)]
    heard: list[tuple[int, int]] = []
    together = token_log_likelihoods(
        trained, rows, batch_size=3, on_done=lambda done, total: heard.append((done, total))
    )
    assert heard == [(3, 4), (4, 4)]
    for row, found in zip(rows, together, strict=True):
        with torch.inference_mode():
            logits = trained.network(input_ids=torch.tensor([row.tolist()]), use_cache=False).logits[0]
        expected = torch.log_softmax(logits.double(), -1)[range(len(row) - 1), row[1:].tolist()]
        assert np.allclose(found, expected.numpy(), atol=1e-4)
