"""The boxes under test: a batch of texts with some boxes each, all labels of a text different."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]

LABELS = ("person", "car", "traffic light", "dining table", "dog", "sports ball", "teddy bear", "potted plant")
SIZE_PX = (1288, 728)
"""Width and height of every picture: multiples of 28, which Qwen2.5-VL's rule leaves as they are."""
_LEAST_SIDE = 0.002


@dataclass(frozen=True)
class Batch:
    """Boxes (T, K, 4) as fractions, x0 y0 x1 y1, and the K labels that the boxes of each text have."""

    boxes: Boxes
    labels: list[str]

    @property
    def num_boxes(self) -> int:
        """Boxes of all texts."""
        return self.boxes.size // 4


def make_batch(arguments: Mapping[str, Any]) -> Batch:
    """`boxes` boxes, `per_text` a text, with corners drawn evenly by `seed`; no side is below 0.002."""
    texts = arguments["boxes"] // arguments["per_text"]
    rng = np.random.default_rng(arguments["seed"])
    corners = np.sort(rng.random((texts, arguments["per_text"], 2, 2)), axis=2).reshape(texts, -1, 4)
    corners[..., :2] = np.minimum(corners[..., :2], 1 - _LEAST_SIDE)
    corners[..., 2:] = np.clip(corners[..., 2:], corners[..., :2] + _LEAST_SIDE, 1)
    labels = [f"{LABELS[at % len(LABELS)]}{' x' * (at // len(LABELS))}" for at in range(arguments["per_text"])]
    return Batch(corners, labels)


def make_two_sets(arguments: Mapping[str, Any]) -> tuple[Boxes, Boxes]:
    """Two sets (N, 4) of boxes in pixels of a picture of 1,000 x 1,000, as detectors give them: sides of 1 % to 40 %."""
    rng = np.random.default_rng(arguments["seed"])
    first, second = (
        np.concatenate([low := rng.random((arguments["boxes"], 2)) * 0.6, low + rng.uniform(0.01, 0.4, low.shape)], 1)
        for _ in range(2)
    )
    return 1000 * first, 1000 * second


def largest_error(boxes: Boxes, found: Boxes, labels: list[str], found_labels: list[str]) -> float:
    """The largest distance of a coordinate to what was written, in thousandths of the side.

    Raises:
        ValueError: Boxes are missing or too many, or a label is another one.
    """
    if found.shape != boxes.shape:
        raise ValueError(f"boxes of shape {found.shape} were read, {boxes.shape} were written")
    if found_labels != labels:
        wrong = next((pair for pair in zip(found_labels, labels, strict=False) if pair[0] != pair[1]), ())
        raise ValueError(f"{len(found_labels)} labels were read, {len(labels)} written; first difference {wrong}")
    return 1000 * float(np.abs(found - boxes).max())
