from pathlib import Path

import msgspec
import pytest

from mmgic.params import load_params
from mmgic.training.engine import deepspeed_config

PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.mark.parametrize(("world", "passes"), [(1, 4), (2, 2), (4, 1)])
def test_passes_make_up_the_step(world: int, passes: int) -> None:
    params = msgspec.structs.replace(load_params(PARAMS).pretrain, rows_per_step=16, rows_per_pass=4, zero_stage=2)
    config = deepspeed_config(params, world)
    assert config["gradient_accumulation_steps"] == passes
    assert config["zero_optimization"] == {"stage": 2}
    assert config["optimizer"]["params"]["betas"] == [params.optimizer.beta1, params.optimizer.beta2]
