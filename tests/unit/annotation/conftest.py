"""Tiny models on disk, settings and pictures."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mmgic.annotation.settings import CaptionSettings
from tests.unit.annotation.makers import saved_model


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Models this small are slower on several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model, by name; made once."""
    made: dict[str, Path] = {}

    def path(name: str) -> Path:
        if name not in made:
            made[name] = saved_model(name, tmp_path_factory.mktemp(name) / name)
        return made[name]

    return path


@pytest.fixture(scope="session")
def settings() -> Callable[..., CaptionSettings]:
    """Settings of a caption run; any can be given."""

    def made(**values: Any) -> CaptionSettings:
        plain: dict[str, Any] = {
            "seed": 1,
            "candidates": 4,
            "keep": 1,
            "sampling": "nucleus",
            "top_p": 0.98,
            "temperature": 2.0,
            "max_tokens": 24,
            "prompt": "",
            "origin": "tiny",
            "only_missing": True,
            "precision": "fp32",
            "side_px": None,
        }
        return CaptionSettings(**{**plain, **values})

    return made


@pytest.fixture(scope="session")
def pictures() -> np.ndarray:
    """Five pictures of noise, from dark to light (5, 24, 24, 3)."""
    noise = np.random.default_rng(0).integers(0, 64, (5, 24, 24, 3))
    return (noise + np.arange(0, 200, 40).reshape(5, 1, 1, 1)).astype(np.uint8)
