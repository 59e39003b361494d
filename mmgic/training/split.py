"""How the rows of a step are shared out over ranks and passes."""

from mmgic.errors import ParamsError
from mmgic.schema.params import PretrainParams


def check_split(params: PretrainParams) -> None:
    """Refuses rows that do not split evenly.

    Raises:
        ParamsError: rows_per_step is no multiple of rows_per_pass times processes.
    """
    if params.rows_per_step % (params.rows_per_pass * params.processes):
        raise ParamsError(
            f"rows_per_step {params.rows_per_step} is no multiple of rows_per_pass {params.rows_per_pass} "
            f"times processes {params.processes}",
            where="pretrain",
        )
