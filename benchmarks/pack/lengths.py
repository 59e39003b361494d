"""Lengths of documents, drawn by a seed or read from a folder of sequences.

    text      a web text: log-normal, median 403, sigma 1
    long      most documents near a third of the row: log-normal, median 0.3 of the capacity, sigma 0.5
    vlm       576 image tokens and a caption: log-normal, median 37, sigma 0.7
    vlm-any   8..32 x 8..32 image tokens (any resolution) and a caption with boxes: log-normal, median 90, sigma 0.8

All are cut to 1..capacity, and rounded down.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Lengths = NDArray[np.int64]

KINDS = ("text", "long", "vlm", "vlm-any")


def drawn_lengths(kind: str, documents: int, capacity: int, seed: int) -> Lengths:
    """Lengths (documents,) of a kind."""
    rng = np.random.default_rng(seed)
    if kind == "text":
        drawn = rng.lognormal(6.0, 1.0, documents)
    elif kind == "long":
        drawn = capacity * 0.3 * rng.lognormal(0.0, 0.5, documents)
    elif kind == "vlm":
        drawn = 576 + rng.lognormal(3.6, 0.7, documents)
    elif kind == "vlm-any":
        sides = rng.integers(8, 33, documents), rng.integers(8, 33, documents)
        drawn = sides[0] * sides[1] + rng.lognormal(4.5, 0.8, documents)
    else:
        raise ValueError(f"no lengths of kind {kind}; there are {', '.join(KINDS)}")
    return np.clip(drawn, 1, capacity).astype(np.int64)


def stored_lengths(path: Path) -> Lengths:
    """Lengths (N,) that a run wrote as .npy."""
    lengths: Lengths = np.load(path)
    return lengths
