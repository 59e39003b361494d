"""Settings that every test shares: no network, quiet libraries, and the folder of real data."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

# Machines differ in speed: a slow example is no failure, and a failure comes back in the next run.
settings.register_profile("mmgic", deadline=None, derandomize=True)
settings.load_profile("mmgic")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout's root."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that MMGIC_REAL_DATA names."""
    place = os.environ.get("MMGIC_REAL_DATA")
    if not place:
        pytest.skip("MMGIC_REAL_DATA is not set")
    if not Path(place).is_dir():
        pytest.fail(f"MMGIC_REAL_DATA names no folder: {place}")
    return Path(place)
