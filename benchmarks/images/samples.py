"""The files under test with the crops that are asked of them. Needs numpy alone: it runs in every environment."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIDE_PX = 224
REGION_FRACTIONS = (0.12, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.65)
"""Sides of the eight region crops, in sides of the main crop: from small objects, which are enlarged, to large ones."""


@dataclass(frozen=True)
class Sample:
    """A file, and crops (9, 4) in whole pixels, x0 y0 x1 y1: the central square first, then eight squares inside it."""

    name: str
    data: bytes
    width: int
    height: int
    crops: NDArray[np.int64]

    @property
    def kind(self) -> str:
        """`jpg`, `png` or `webp`."""
        return self.name.split("/")[0]

    @property
    def megapixels(self) -> float:
        """Of the whole picture."""
        return self.width * self.height / 1e6


def main_and_region_crops(width: int, height: int, seed: int) -> NDArray[np.int64]:
    """The central square and a square of each of `REGION_FRACTIONS`, at places that the seed gives."""
    rng = np.random.default_rng(seed)
    main = min(width, height)
    corner = np.array([(width - main) // 2, (height - main) // 2])
    crops = [[*corner, *(corner + main)]]
    for fraction in REGION_FRACTIONS:
        side = round(fraction * main)
        low = corner + rng.integers(0, main - side + 1, 2)
        crops.append([*low, *(low + side)])
    return np.array(crops)


def load_samples(folder: Path) -> list[Sample]:
    """All samples of a folder that `make_images` wrote, in the order of its note."""
    files = json.loads((folder / "images.json").read_text())["files"]
    return [
        Sample(
            file["path"],
            (folder / file["path"]).read_bytes(),
            file["width"],
            file["height"],
            main_and_region_crops(file["width"], file["height"], number),
        )
        for number, file in enumerate(files)
    ]
