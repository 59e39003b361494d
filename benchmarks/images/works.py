"""What is timed, on which files, and which ratios must be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.goals import Goal
from benchmarks.images.samples import Sample


@dataclass(frozen=True)
class Work:
    """A task for engines.

    Attributes:
        name: Key in tables and results.
        what: The task in words.
        task: The engines' name of it.
        kind: Folder of the files.
        min_megapixels: Smaller pictures are left out.
        reference: Engine that pixels are compared with and ratios are to.
        clock: `cpu` of the process on one thread, or `wall`.
        is_batch: One call for all files, on one thread, on two and on all cores; else a call a file.
        with_core: Also run by the Rust core without Python.
        only: Names of engines; all where empty.
        repeats: Rounds in place of one, where a round is short.
    """

    name: str
    what: str
    task: str
    kind: str
    reference: str
    min_megapixels: float = 0.0
    clock: Literal["cpu", "wall"] = "cpu"
    is_batch: bool = False
    with_core: bool = False
    only: tuple[str, ...] = ()
    repeats: int = 1

    def chosen(self, samples: Sequence[Sample]) -> list[Sample]:
        """The samples that it runs on."""
        return [s for s in samples if s.kind == self.kind and s.megapixels >= self.min_megapixels]


WORKS = [
    Work("jpeg", "JPEG to RGB, whole, one thread", "jpeg", "jpg", "pillow"),
    Work("square", "JPEG to its central square at 224x224, one thread", "square", "jpg", "pillow full + bicubic"),
    Work(
        "crops",
        "JPEG of 0.9-2.1 megapixels to its main crop and 8 region crops at 224x224, one thread",
        "crops",
        "jpg",
        "pillow each crop, bicubic",
        min_megapixels=0.9,
    ),
    Work("png", "PNG to RGB, whole, one thread", "png", "png", "pillow"),
    Work("webp", "WebP to RGB, whole, one thread", "webp", "webp", "pillow"),
    Work(
        "batch",
        "all JPEGs to RGB in one batch",
        "jpeg",
        "jpg",
        "pillow, 1 thread",
        clock="wall",
        is_batch=True,
        only=("mmgic", "pillow", "simplejpeg", "opencv", "kornia-rs, libjpeg-turbo", "torchvision"),
    ),
    Work(
        "batch-square",
        "all JPEGs to central squares in one batch",
        "square",
        "jpg",
        "pillow full + bicubic, 1 thread",
        clock="wall",
        is_batch=True,
        only=("mmgic exact", "mmgic gap2", "mmgic gap1", "pillow full + bicubic", "opencv full + area"),
    ),
    Work(
        "call",
        "the Python call beside the Rust core: whole JPEGs, one a call",
        "jpeg",
        "jpg",
        "core",
        clock="wall",
        with_core=True,
        only=("mmgic",),
        repeats=4,
    ),
    Work(
        "call-crops",
        "the Python call beside the Rust core: 9 crops, one picture a call",
        "crops",
        "jpg",
        "core",
        min_megapixels=0.9,
        clock="wall",
        with_core=True,
        only=("mmgic exact",),
        repeats=4,
    ),
]


_OVERHEAD = 1 / 1.05  # the call costs at most 5 % on top of the core
_SIMD = {"exact": "full", "gap2": "draft 2x", "gap1": "draft 1x"}

GOALS = [
    Goal("jpeg", "mmgic", "pillow", 1.5),
    Goal("jpeg", "mmgic", "simplejpeg", 1.0),
    *(
        goal
        for mode, of_pillow, of_simd in (("exact", 2.2, 1.3), ("gap2", 2.5, 1.3), ("gap1", 3.0, 1.15))
        for goal in (
            Goal("square", f"mmgic {mode}", "pillow full + bicubic", of_pillow),
            Goal("square", f"mmgic {mode}", f"pillow-simd {_SIMD[mode]} + bicubic", of_simd),
        )
    ),
    *(
        goal
        for mode in _SIMD
        for goal in (
            Goal("crops", f"mmgic {mode}", "pillow each crop, bicubic", 6.0),
            Goal("crops", f"mmgic {mode}", "opencv decoded once, area", 3.0),
        )
    ),
    Goal("png", "mmgic", "pillow", 3.0),
    Goal("webp", "mmgic", "pillow", 1.3),
    Goal("batch", "mmgic, 2 threads", "mmgic, 1 thread", 1.9),
    *(Goal("batch-square", f"mmgic {mode}, 2 threads", f"mmgic {mode}, 1 thread", 1.9) for mode in _SIMD),
    Goal("call", "mmgic", "core", _OVERHEAD),
    Goal("call-crops", "mmgic exact", "core", _OVERHEAD),
]
