"""Documents of a packed row must not see each other: the facts of transformers that training rests on, as a table."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from mmgic.schema.sequences import Sequence
from mmgic.training.batch import Batch, batch_from_rows
from mmgic.training.loss import token_losses

ROW_LENGTH = 16
FIRST, SECOND = [3, 9, 4, 11, 5, 8, 7], [6, 12, 10, 13, 14]
ISOLATED, LEAKS = 1e-5, 1e-3
ATTENTION = ["eager", "sdpa"]


def model_with(attention: str) -> LlamaForCausalLM:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=16,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        use_cache=False,
        attn_implementation=attention,
    )
    return LlamaForCausalLM(config).eval()


def batch_of(*documents: list[int]) -> Batch:
    ids = np.concatenate([np.array(document, "<u2") for document in documents])
    lengths = [len(document) for document in documents]
    row = Sequence(keys=["d"] * len(documents), lengths=lengths, ids=ids.tobytes(), kinds=bytes(len(ids)))
    return batch_from_rows([row], ROW_LENGTH, 2)


def logits(model: LlamaForCausalLM, batch: Batch, **kwargs: object) -> torch.Tensor:
    with torch.inference_mode():
        return model(input_ids=batch.ids_BT, **kwargs).logits[0]


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("is_training", [False, True])
def test_a_document_in_a_row_reads_as_it_does_alone(attention: str, is_training: bool) -> None:
    model = model_with(attention).train(is_training)
    packed, alone = batch_of(FIRST, SECOND), batch_of(SECOND)
    in_row = logits(model, packed, position_ids=packed.positions_BT, use_cache=False)[
        len(FIRST) : len(FIRST) + len(SECOND)
    ]
    by_itself = logits(model, alone, position_ids=alone.positions_BT, use_cache=False)[: len(SECOND)]
    assert (in_row - by_itself).abs().max() < ISOLATED


@pytest.mark.parametrize("attention", ATTENTION)
def test_neighbours_change_nothing(attention: str) -> None:
    model = model_with(attention)
    one, two = batch_of(FIRST, SECOND), batch_of(FIRST[::-1], SECOND)
    losses = [token_losses(model, batch)[0, len(FIRST) :] for batch in (one, two)]
    assert torch.allclose(losses[0], losses[1], atol=ISOLATED)


@pytest.mark.parametrize("attention", ATTENTION)
@pytest.mark.parametrize("call", ["no positions", "cache on", "mask of ones"])
def test_every_other_way_of_calling_leaks(attention: str, call: str) -> None:
    """Where this fails, transformers has changed, and the rule in `mmgic.training.batch` can be looked at again."""
    model = model_with(attention)
    packed, alone = batch_of(FIRST, SECOND), batch_of(SECOND)
    ways: dict[str, dict[str, object]] = {
        "no positions": {"use_cache": False},
        "cache on": {"position_ids": packed.positions_BT, "use_cache": True},
        "mask of ones": {
            "position_ids": packed.positions_BT,
            "use_cache": False,
            "attention_mask": torch.ones_like(packed.ids_BT),
        },
    }
    in_row = logits(model, packed, **ways[call])[len(FIRST) : len(FIRST) + len(SECOND)]
    by_itself = logits(model, alone, position_ids=alone.positions_BT, use_cache=False)[: len(SECOND)]
    assert (in_row - by_itself).abs().max() > LEAKS


def test_flex_attention_isolates_too() -> None:
    pytest.importorskip("torch.nn.attention.flex_attention")
    try:
        model = model_with("flex_attention")
        packed, alone = batch_of(FIRST, SECOND), batch_of(SECOND)
        in_row = logits(model, packed, position_ids=packed.positions_BT, use_cache=False)
        by_itself = logits(model, alone, position_ids=alone.positions_BT, use_cache=False)[: len(SECOND)]
    except (RuntimeError, NotImplementedError, ValueError, ImportError) as error:
        pytest.skip(f"flex attention does not run here: {error}")
    assert (in_row[len(FIRST) : len(FIRST) + len(SECOND)] - by_itself).abs().max() < 1e-4
