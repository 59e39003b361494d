"""The compiled library; use ``mmgic.images``, ``mmgic.geometry`` and ``mmgic.packing`` instead."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmgic.images.types import Reading

__all__ = [
    "__version__",
    "boxes_from_location_ids",
    "boxes_from_text",
    "build_profile",
    "decode",
    "decode_crops",
    "has_simd",
    "location_ids_from_boxes",
    "pack",
    "picture_statuses",
    "probe",
    "resize_crops",
    "text_from_boxes",
]

__version__: str
build_profile: str
has_simd: bool

def picture_statuses() -> list[tuple[str, int]]: ...
def probe(
    pictures: Sequence[bytes], reading: Reading, threads: int
) -> list[tuple[int, str, int, int, int, int, bool, bool]]: ...
def decode(pictures: Sequence[bytes], reading: Reading, threads: int) -> list[tuple[int, NDArray[np.uint8] | None]]: ...
def decode_crops(
    pictures: Sequence[bytes],
    starts: NDArray[np.uintp],
    crops: NDArray[np.float64],
    mode: str,
    resampling: str,
    tables: tuple[Sequence[float], Sequence[float]] | None,
    reading: Reading,
    threads: int,
    out: NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.uint16],
    status: NDArray[np.uint8],
) -> bool: ...
def resize_crops(
    pixels: NDArray[np.uint8],
    crops: NDArray[np.float64],
    resampling: str,
    tables: tuple[Sequence[float], Sequence[float]] | None,
    out: NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.uint16],
    status: NDArray[np.uint8],
) -> None: ...
def location_ids_from_boxes(boxes: NDArray[np.float64], notation: str) -> NDArray[np.int32]: ...
def boxes_from_location_ids(ids: NDArray[np.int32], notation: str) -> NDArray[np.float64]: ...
def text_from_boxes(boxes: NDArray[np.float64], labels: Sequence[str], notation: str) -> list[str]: ...
def boxes_from_text(
    texts: Sequence[str], notation: str
) -> tuple[NDArray[np.float64], list[str], NDArray[np.int64]]: ...
def pack(
    lengths: NDArray[np.int64], capacity: int, window: int | None, seed: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]: ...
