from pathlib import Path

import msgspec
import pytest

from mmgic.errors import ParamsError
from mmgic.params import load_params
from mmgic.training.split import check_split

PARAMS = Path(__file__).parents[3] / "params.yaml"


@pytest.mark.parametrize(("rows", "each", "processes", "is_even"), [(8, 4, 2, True), (8, 8, 2, False), (6, 4, 1, False)])
def test_rows_must_split_evenly(rows: int, each: int, processes: int, is_even: bool) -> None:
    params = load_params(PARAMS).pretrain
    params = msgspec.structs.replace(params, rows_per_step=rows, rows_per_pass=each, processes=processes)
    if is_even:
        check_split(params)
    else:
        with pytest.raises(ParamsError, match=f"rows_per_step {rows} is no multiple"):
            check_split(params)
