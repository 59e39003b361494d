"""The DeepSpeed engine of a run: its configuration from the params, its checkpoints, its weights as plain tensors."""

import os
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmgic.errors import InputError
from mmgic.schema.params import PretrainParams

LATEST = "latest"


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


def save_checkpoint(engine: Any, folder: Path, step: int, tokens: int, keep: int) -> None:
    """Saves on all ranks; when all are done rank 0 names it `latest` in one step, and drops all but the last `keep`.

    DeepSpeed would name it while other ranks still write: a kill then leaves a checkpoint that does not load.
    """
    tag = f"step-{step:08d}"
    engine.save_checkpoint(str(folder), tag=tag, client_state={"step": step, "tokens": tokens}, save_latest=False)
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0:
        part = folder / "latest.part"
        part.write_text(tag)
        os.replace(part, folder / LATEST)
        for old in sorted(folder.glob("step-*"))[:-keep]:
            shutil.rmtree(old)


def load_checkpoint(engine: Any, folder: Path) -> tuple[int, int]:
    """Loads the last checkpoint; returns its step and the tokens seen, (0, 0) where there is none.

    Raises:
        InputError: there is one, and it does not load.
    """
    if not (folder / LATEST).exists():
        return 0, 0
    path, state = engine.load_checkpoint(str(folder))
    if path is None:
        raise InputError("the last checkpoint does not load", where=str(folder), hint="--fresh starts over")
    return int(state["step"]), int(state["tokens"])


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
