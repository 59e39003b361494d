"""Next-token cross-entropy, the paper's one objective. Legend: B rows, T tokens, V ids."""

import torch
from torch import Tensor
from torch.nn import functional

from mmgic.packing import IGNORED
from mmgic.training.batch import Batch


def token_losses(model: torch.nn.Module, batch: Batch) -> Tensor:
    """Loss of each target (B, T - 1) in nats, 0 where there is none; column t is the loss of token t + 1."""
    logits_BTV = model(input_ids=batch.ids_BT, position_ids=batch.positions_BT, use_cache=False).logits
    return functional.cross_entropy(
        logits_BTV[:, :-1].flatten(0, 1).float(),
        batch.labels_BT[:, 1:].flatten(),
        ignore_index=IGNORED,
        reduction="none",
    ).view(batch.labels_BT.shape[0], -1)
