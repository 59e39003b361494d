"""A small vocabulary, fitted once on made texts and noise."""

from collections.abc import Callable

import numpy as np
import pytest

from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.patches import fit_patches
from mmgic.vocab.text import fit_text_tokenizer

TEXTS = [
    "Caption: A red cup and a spoon.\n",
    "Labels:\nred cup\nspoon\n",
    "<image> <bos> </image> <code_1> é 猫 🙂",
] * 3


@pytest.fixture(scope="session")
def noise() -> Callable[..., np.ndarray]:
    """Pictures (B, side, side, 3) of noise."""

    def made(count: int, side: int = 16, seed: int = 0) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)

    return made


@pytest.fixture(scope="session")
def vocabulary(noise: Callable[..., np.ndarray]) -> Vocabulary:
    """About 300 text tokens and 10 codes of 8 x 8 patches for pictures of 16 x 16."""
    return Vocabulary(fit_text_tokenizer(TEXTS, 300), fit_patches(noise(8), patch_px=8, num_codes=10, seed=1))
