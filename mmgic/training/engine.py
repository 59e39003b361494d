"""The DeepSpeed engine of a run: its configuration from the params, its checkpoints, its weights as plain tensors."""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmgic.schema.params import PretrainParams


def deepspeed_config(params: PretrainParams, world_size: int) -> dict[str, Any]:
    """DeepSpeed's own configuration (its names are those of deepspeed.ai's JSON page)."""
    passes = params.rows_per_step // (params.rows_per_pass * world_size)
    optimizer = params.optimizer
    return {
        "train_micro_batch_size_per_gpu": params.rows_per_pass,
        "gradient_accumulation_steps": passes,
        "gradient_clipping": optimizer.max_grad_norm,
        "bf16": {"enabled": params.precision == "bf16"},
        "zero_optimization": {"stage": params.zero_stage},
        "zero_allow_untested_optimizer": True,
        "optimizer": {
            "type": "AdamW",
            "params": {
                "lr": optimizer.lr,
                "betas": [optimizer.beta1, optimizer.beta2],
                "eps": optimizer.eps,
                "weight_decay": optimizer.weight_decay,
                "torch_adam": True,
            },
        },
        "steps_per_print": 10**9,
        "wall_clock_breakdown": False,
    }


def new_engine(model: torch.nn.Module, params: PretrainParams, world_size: int) -> Any:
    """The engine around a model; the process group must be up."""
    import deepspeed

    engine, _, _, _ = deepspeed.initialize(
        model=model, model_parameters=list(model.parameters()), config=deepspeed_config(params, world_size)
    )
    return engine


def save_checkpoint(engine: Any, folder: Path, step: int, keep: int) -> None:
    """Saves on all ranks; rank 0 then drops all but the last `keep`. `latest` is written last, by DeepSpeed."""
    engine.save_checkpoint(str(folder), tag=f"step-{step:08d}", client_state={"step": step})
    if torch.distributed.get_rank() == 0:
        for old in sorted(folder.glob("step-*"))[:-keep]:
            shutil.rmtree(old)


def load_checkpoint(engine: Any, folder: Path) -> int:
    """Loads the last checkpoint; returns its step, 0 where there is none."""
    if not (folder / "latest").exists():
        return 0
    path, state = engine.load_checkpoint(str(folder))
    return int(state["step"]) if path else 0


def full_weights(engine: Any, folder: Path, params: PretrainParams) -> dict[str, Tensor]:
    """All weights in fp32 on the CPU, on rank 0 (empty elsewhere). A checkpoint must have been saved just before.

    With ZeRO each rank holds a part; DeepSpeed's own joiner reads them back from the checkpoint.
    """
    if torch.distributed.get_rank() != 0:
        return {}
    if params.zero_stage == 0:
        return {name: tensor.detach().float().cpu() for name, tensor in engine.module.state_dict().items()}
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint

    weights: dict[str, Tensor] = get_fp32_state_dict_from_zero_checkpoint(str(folder))
    return weights
