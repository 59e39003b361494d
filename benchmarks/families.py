"""Which libraries a process can load, in which versions, and on one thread. Imports nothing that counts threads itself."""

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

EngineT = TypeVar("EngineT")

Families = Mapping[str, tuple[str, Callable[[], list[EngineT]]]]
"""Of each library: the distribution that it comes in, and what makes its engines; that raises where it is missing."""


def hold_to_one_thread() -> None:
    """For libraries that read it from the environment; before any of them is imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"


def version_of(distribution: str) -> str:
    """The installed version; empty where there is none."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def loaded_engines(
    families: Families[EngineT], names: Sequence[str]
) -> tuple[list[EngineT], list[str], dict[str, str]]:
    """Engines of the families that can be loaded here, which those are, and why the others cannot."""
    engines: list[EngineT] = []
    found: list[str] = []
    missing: dict[str, str] = {}
    for name in names:
        try:
            engines += families[name][1]()
            found.append(name)
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            missing[name] = f"{type(error).__name__}: {error}"
    return engines, found, missing
