"""Overlaps of two sets of boxes, all pairs: what each engine gives is compared with the definition, on some fifty rows."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.boxes.inputs import Boxes, make_two_sets
from benchmarks.engines import Engine, Prepared

Arguments = Mapping[str, Any]


def overlaps(arguments: Arguments, run_of: Callable[[Boxes, Boxes], Callable[[], Any]]) -> Prepared:
    """`run_of` gets two sets (N, 4), xyxy; a run gives (N, N)."""
    first, second = make_two_sets(arguments)

    def facts(result: Any) -> dict[str, float]:
        step = max(1, len(first) // 50)
        low = np.maximum(first[::step, None, :2], second[None, :, :2])
        high = np.minimum(first[::step, None, 2:], second[None, :, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=2)
        union = np.prod(first[::step, None, 2:] - first[::step, None, :2], axis=2) + np.prod(
            second[None, :, 2:] - second[None, :, :2], axis=2
        )
        return {"max_difference": float(np.abs(np.asarray(result)[::step] - shared / (union - shared)).max())}

    return Prepared(run_of(first, second), len(first) * len(second), facts=facts)


def pycocotools_engines() -> list[Engine]:
    """pycocotools takes corner and size; they are given so."""
    iou = import_module("pycocotools.mask").iou

    def run_of(first: Boxes, second: Boxes) -> Callable[[], Any]:
        sized = [np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1) for boxes in (first, second)]
        crowd = [0] * len(second)
        return lambda: iou(sized[0], sized[1], crowd)

    return [Engine("iou", "pycocotools", lambda arguments: overlaps(arguments, run_of))]


def torchvision_engines() -> list[Engine]:
    """torchvision on the CPU, in float64 as the others."""
    torch, box_iou = import_module("torch"), import_module("torchvision.ops").box_iou
    torch.set_num_threads(1)

    def run_of(first: Boxes, second: Boxes) -> Callable[[], Any]:
        tensors = [torch.from_numpy(boxes) for boxes in (first, second)]
        return lambda: box_iou(*tensors)

    return [Engine("iou", "torchvision", lambda arguments: overlaps(arguments, run_of))]
