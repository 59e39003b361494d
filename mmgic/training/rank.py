"""One rank of a training run: `python -m mmgic.training.rank JOB` under torch's launcher.

1. Takes up the last checkpoint, if there is one.
2. Each step: its share of the step's rows, in passes; losses are weighted so that the gradient is that of the mean over all
   targets of the step, however the rows are split over ranks and passes.
3. At the end rank 0 writes the model in Hugging Face form.
"""

import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import torch
import torch.distributed as dist
from transformers import LlamaForCausalLM

from mmgic.errors import MmgicError
from mmgic.execution.watch import end_with_parent
from mmgic.model import llama_config, new_llama
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.rows import RowReader
from mmgic.training.batch import Batch, batch_from_rows
from mmgic.training.curves import Curves
from mmgic.training.engine import full_weights, load_checkpoint, new_engine, save_checkpoint
from mmgic.training.job import CHECKPOINTS, CURVES, ERROR, LAUNCHER, MODEL, RankError, TrainJob
from mmgic.training.loss import token_losses
from mmgic.training.order import rows_of_step
from mmgic.training.schedule import lr_of_step

TRAIN = "train"


def main() -> None:
    """Runs the job named on the command line; errors of ours go into a file for the parent."""
    end_with_parent(int(os.environ[LAUNCHER]))
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=TrainJob)
    try:
        train(job)
    except MmgicError as error:
        told = RankError(type(error).__name__, str(error), error.where, error.hint)
        Path(job.work, ERROR).write_bytes(msgspec.json.encode(told))
        sys.exit(error.exit_code)


def train(job: TrainJob) -> None:
    """Trains from the last checkpoint to the end, and writes the weights."""
    import deepspeed

    deepspeed.init_distributed()
    rank, world = dist.get_rank(), dist.get_world_size()
    sequences = Folder(job.sequences)
    manifest = read_manifest(sequences, "sequences")
    entries = [entry for entry in manifest.shards if entry.split == TRAIN]
    rows = RowReader(sequences, entries, verify=rank == 0)
    num_rows = min(len(rows), job.limit or len(rows))
    engine = new_engine(_model(job, manifest), job.params, world)
    checkpoints = Path(job.work, CHECKPOINTS)
    start, tokens = load_checkpoint(engine, checkpoints)
    curves = Curves(Path(job.work, CURVES), resumed_at=start) if rank == 0 else None
    timed_from, since = tokens, time.monotonic()
    for step in range(start, job.params.steps):
        numbers = rows_of_step(step, job.params.rows_per_step, num_rows, job.seed)[rank::world]
        batches = [
            batch_from_rows(
                [rows[int(number)] for number in numbers[at : at + job.params.rows_per_pass]],
                manifest.facts["row_length"],
                manifest.facts["id_bytes"],
                job.pad_id,
            ).to(engine.device)
            for at in range(0, len(numbers), job.params.rows_per_pass)
        ]
        lr = lr_of_step(step, job.params.steps, job.params.optimizer)
        loss, step_tokens = _step(engine, batches, lr, world)
        tokens += step_tokens
        done = step + 1
        if curves and (done % job.params.log_every == 0 or done == job.params.steps):
            norm = engine.get_global_grad_norm()
            rate = (tokens - timed_from) / (time.monotonic() - since)
            curves.add(done, loss, lr, math.nan if norm is None else float(norm), tokens, rate)
            timed_from, since = tokens, time.monotonic()
        if done % job.params.checkpoint_every == 0 or done == job.params.steps:
            save_checkpoint(engine, checkpoints, done, tokens, job.params.keep_checkpoints)
    dist.barrier()
    weights = full_weights(engine, checkpoints, job.params)
    if rank == 0:
        _save(job, manifest, weights)
    dist.barrier()
    dist.destroy_process_group()


def _model(job: TrainJob, manifest: Manifest) -> LlamaForCausalLM:
    config = llama_config(job.params.model, manifest.facts["vocabulary_size"], manifest.facts["row_length"])
    model = new_llama(config, job.seed)
    if job.params.model.activation_checkpointing:
        model.gradient_checkpointing_enable()  # type: ignore[no-untyped-call]
    return model


def _step(engine: Any, batches: list[Batch], lr: float, world: int) -> tuple[float, int]:
    """One optimizer step; returns the mean loss over all targets of all ranks, and their tokens without padding."""
    for group in engine.optimizer.param_groups:
        group["lr"] = lr
    counts = [[batch.num_targets, batch.num_tokens] for batch in batches]
    totals = torch.tensor(counts, device=engine.device, dtype=torch.int64).sum(dim=0)
    dist.all_reduce(totals)
    num_targets, num_tokens = totals.tolist()
    weight = world * len(batches) / num_targets
    summed = torch.zeros((), device=engine.device, dtype=torch.float64)
    for batch in batches:
        loss = token_losses(engine, batch).sum()
        summed += loss.detach()
        engine.backward(loss * weight)
        engine.step()
    dist.all_reduce(summed)
    mean = float(summed) / num_targets
    if not math.isfinite(mean):
        raise MmgicError(
            f"the loss became {mean}", where="pretrain", hint="lower pretrain.optimizer.lr, or use precision: fp32"
        )
    return mean, num_tokens


def _save(job: TrainJob, manifest: Manifest, weights: dict[str, torch.Tensor]) -> None:
    config = llama_config(job.params.model, manifest.facts["vocabulary_size"], manifest.facts["row_length"])
    model: Any = LlamaForCausalLM(config)
    model.load_state_dict(weights)
    model = model.to(torch.bfloat16 if job.params.precision == "bf16" else torch.float32)
    model.save_pretrained(Path(job.work, MODEL))


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
