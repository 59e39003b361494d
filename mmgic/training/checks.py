"""What must hold between training params, told before anything heavy is imported."""

from mmgic.errors import ParamsError
from mmgic.schema.params import PretrainParams


def check_training(params: PretrainParams) -> None:
    """Refuses params that do not go together.

    Raises:
        ParamsError: rows do not split evenly over ranks and passes, heads do not divide, or flash attention with several
            rows a pass, where transformers would let the documents of a row see each other.
    """
    model = params.model
    if params.rows_per_step % (params.rows_per_pass * params.processes):
        raise ParamsError(
            f"rows_per_step {params.rows_per_step} is no multiple of rows_per_pass {params.rows_per_pass} "
            f"times processes {params.processes}",
            where="pretrain",
        )
    if model.width % model.heads or model.heads % model.kv_heads:
        raise ParamsError(
            f"width {model.width}, heads {model.heads}, kv_heads {model.kv_heads}: each must divide the one before",
            where="pretrain.model",
        )
    if model.attention == "flash_attention_2" and params.rows_per_pass != 1:
        raise ParamsError(
            f"flash_attention_2 keeps documents apart only with rows_per_pass 1, not {params.rows_per_pass}",
            where="pretrain.rows_per_pass",
            hint="set it to 1 with a longer tokenize.row_length, or use sdpa",
        )
