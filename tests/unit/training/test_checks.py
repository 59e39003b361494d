from pathlib import Path

import msgspec
import pytest

from mmgic.errors import ParamsError
from mmgic.params import load_params
from mmgic.training.checks import check_training

PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.mark.parametrize(
    ("rows", "each", "processes", "is_even"), [(8, 4, 2, True), (8, 8, 2, False), (6, 4, 1, False)]
)
def test_rows_must_split_evenly(rows: int, each: int, processes: int, is_even: bool) -> None:
    params = load_params(PARAMS).pretrain
    params = msgspec.structs.replace(params, rows_per_step=rows, rows_per_pass=each, processes=processes)
    if is_even:
        check_training(params)
    else:
        with pytest.raises(ParamsError, match=f"rows_per_step {rows} is no multiple"):
            check_training(params)


def test_heads_must_divide_the_width() -> None:
    params = load_params(PARAMS).pretrain
    with pytest.raises(ParamsError, match="width 128, heads 3, kv_heads 4: each must divide") as caught:
        check_training(msgspec.structs.replace(params, model=msgspec.structs.replace(params.model, heads=3)))
    assert caught.value.where == "pretrain.model"


def test_flash_attention_takes_one_row_a_pass() -> None:
    params = load_params(PARAMS).pretrain
    flash = msgspec.structs.replace(params.model, attention="flash_attention_2")
    check_training(msgspec.structs.replace(params, model=flash, rows_per_pass=1))
    with pytest.raises(ParamsError, match="only with rows_per_pass 1, not 8"):
        check_training(msgspec.structs.replace(params, model=flash, rows_per_pass=8))
