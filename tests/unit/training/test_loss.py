import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from mmgic.schema.sequences import Sequence
from mmgic.training.batch import batch_from_rows
from mmgic.training.loss import token_losses


def test_losses_are_those_of_the_next_tokens() -> None:
    torch.manual_seed(1)
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=12, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2)
    ).eval()
    ids = np.array([3, 5, 7, 4, 6], "<u2")
    batch = batch_from_rows([Sequence(["a", "b"], [3, 2], ids.tobytes(), bytes(5))], 6, 2)
    with torch.inference_mode():
        losses = token_losses(model, batch)[0]
        logits = model(input_ids=torch.tensor([[3, 5, 7]]), use_cache=False).logits[0]
    expected = -torch.log_softmax(logits, -1)
    assert torch.allclose(losses[0], expected[0, 5], atol=1e-5)
    assert torch.allclose(losses[1], expected[1, 7], atol=1e-5)
    assert losses[2] == 0  # first token of the second document
    assert losses[4] == 0  # padding
    assert losses[3] > 0
