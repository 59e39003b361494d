"""Learning rate of a step: linear warm-up, then cosine decay."""

import math

from mmgic.schema.params import OptimizerParams


def lr_of_step(step: int, steps: int, params: OptimizerParams) -> float:
    """Rate for step `step` (from 0) of `steps`."""
    warmup = max(1, round(params.warmup_fraction * steps))
    if step < warmup:
        return params.lr * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    cosine = (1 + math.cos(math.pi * min(1.0, done))) / 2
    return params.lr * (params.final_lr_fraction + (1 - params.final_lr_fraction) * cosine)
