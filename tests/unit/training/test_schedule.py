from pathlib import Path

import pytest

from mmgic.params import load_params
from mmgic.schema.params import OptimizerParams
from mmgic.training.schedule import lr_of_step

PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.fixture
def params() -> OptimizerParams:
    values = [
        "pretrain.optimizer.lr=1.0",
        "pretrain.optimizer.warmup_fraction=0.1",
        "pretrain.optimizer.final_lr_fraction=0.2",
    ]
    return load_params(PARAMS, values).pretrain.optimizer


def test_warm_up_is_linear_and_decay_ends_at_its_fraction(params: OptimizerParams) -> None:
    rates = [lr_of_step(step, 100, params) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert max(rates) == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.6, abs=0.02)
    assert rates[-1] == pytest.approx(0.2, abs=0.001)


def test_one_step_is_at_full_rate(params: OptimizerParams) -> None:
    assert lr_of_step(0, 1, params) == 1.0
