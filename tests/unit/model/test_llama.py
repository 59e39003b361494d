from pathlib import Path

import pytest
import torch

from mmgic.model import llama_config, new_llama
from mmgic.params import load_params
from mmgic.schema.params import ModelParams

PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.fixture
def params() -> ModelParams:
    return load_params(PARAMS).pretrain.model


def test_sizes_are_those_of_the_params(params: ModelParams) -> None:
    model = new_llama(llama_config(params, 100, 64), seed=1)
    assert model.config.num_hidden_layers == params.layers
    assert model.get_input_embeddings().weight.shape == (100, params.width)
    assert model.config.use_cache is False


def test_equal_seeds_give_equal_weights_and_leave_the_global_state(params: ModelParams) -> None:
    config = llama_config(params, 50, 32)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, second, other = new_llama(config, 1), new_llama(config, 1), new_llama(config, 2)
    assert torch.rand(1) == expected
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.lm_head.weight, other.lm_head.weight)
