"""The compiled library; use ``mmgic.images``, ``mmgic.geometry`` and ``mmgic.packing`` instead."""

from collections.abc import Sequence
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from mmgic.images.types import Reading

__all__ = [
    "BoxNotation",
    "Packer",
    "SoundBoxes",
    "__version__",
    "block_of_rows",
    "box_faults",
    "box_statuses",
    "boxes_from_ids",
    "boxes_from_text",
    "build_profile",
    "decode",
    "decode_crops",
    "drop_causes",
    "has_simd",
    "ids_from_boxes",
    "iou_matrix",
    "iou_pairs",
    "main_square",
    "picture_statuses",
    "pieces",
    "place_boxes",
    "probe",
    "region_square",
    "require_sound",
    "resize_crops",
    "resized_sizes",
    "shapes_from_text",
    "text_from_boxes",
    "text_from_shapes",
    "training_arrays",
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

@final
class BoxNotation:
    def __new__(cls, row: dict[str, object]) -> BoxNotation: ...

def box_statuses() -> list[tuple[str, int]]: ...
def resized_sizes(sizes: NDArray[np.uint32], factor: int, min_pixels: int, max_pixels: int) -> NDArray[np.uint32]: ...
def ids_from_boxes(
    boxes: NDArray[np.float64], notation: BoxNotation, sizes: NDArray[np.uint32] | None
) -> NDArray[np.int32]: ...
def boxes_from_ids(
    ids: NDArray[np.int32], notation: BoxNotation, sizes: NDArray[np.uint32] | None
) -> NDArray[np.float64]: ...
def text_from_boxes(
    boxes: NDArray[np.float64],
    labels: list[str],
    starts: NDArray[np.int64] | None,
    notation: BoxNotation,
    sizes: NDArray[np.uint32] | None,
) -> list[str]: ...
def boxes_from_text(
    texts: Sequence[str], notation: BoxNotation, sizes: NDArray[np.uint32] | None
) -> tuple[NDArray[np.float64], list[str], NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]: ...
def text_from_shapes(
    points: NDArray[np.float64],
    shape_starts: NDArray[np.int64],
    labels: list[str],
    instances: NDArray[np.int64] | None,
    starts: NDArray[np.int64] | None,
    notation: BoxNotation,
    sizes: NDArray[np.uint32] | None,
) -> list[str]: ...
def shapes_from_text(
    texts: Sequence[str], notation: BoxNotation, sizes: NDArray[np.uint32] | None
) -> tuple[
    NDArray[np.float64],
    NDArray[np.int64],
    list[str],
    NDArray[np.int64],
    NDArray[np.int64],
    NDArray[np.uint8],
    NDArray[np.int64],
]: ...

@final
class SoundBoxes:
    def __new__(cls, boxes: NDArray[np.float64], name: str) -> Self: ...

def box_faults(boxes: NDArray[np.float64], size: tuple[float, float] | None) -> NDArray[np.uint8]: ...
def require_sound(boxes: NDArray[np.float64], name: str) -> None: ...
def iou_matrix(boxes_a: SoundBoxes, boxes_b: SoundBoxes, out: NDArray[np.float64], threads: int) -> None: ...
def iou_pairs(
    boxes_a: SoundBoxes, boxes_b: SoundBoxes, least: float, most_pairs: int, threads: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]: ...
def drop_causes() -> list[str]: ...
def main_square(size: tuple[float, float], boxes: NDArray[np.float64]) -> list[float]: ...
def region_square(corners: Sequence[float], within: Sequence[float], scale: float) -> list[float] | None: ...
def place_boxes(
    boxes: NDArray[np.float64],
    kinds: NDArray[np.uint8],
    labels: NDArray[np.uint32],
    starts: NDArray[np.uint64],
    sizes: NDArray[np.float64],
    scales: NDArray[np.float64],
    orientations: NDArray[np.uint8],
    rules: tuple[float, float, float, float, float, float, int, int],
) -> tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.uint8],
    NDArray[np.int32],
]: ...

@final
class Packer:
    def __new__(cls, capacity: int, second_capacity: int | None, seed: int) -> Self: ...
    def pack(
        self, lengths: NDArray[np.int64], second: NDArray[np.int64], window_ends: NDArray[np.uint64], first: int
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]: ...
    def report(self) -> tuple[int, int, int, int, int, int, int]: ...

def pieces(
    lengths: NDArray[np.int64],
    second: NDArray[np.int64],
    flags: NDArray[np.uint8],
    part_starts: NDArray[np.uint64],
    capacity: int,
    second_capacity: int,
    policy: str,
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint32]]: ...
def block_of_rows(
    ids: NDArray[np.uint8],
    id_bytes: int,
    kinds: NDArray[np.uint8],
    keys: bytes,
    key_starts: NDArray[np.uint64],
    documents: NDArray[np.uint32],
    starts: NDArray[np.uint64],
    lengths: NDArray[np.uint32],
    row_starts: NDArray[np.uint64],
) -> NDArray[np.uint8]: ...
def training_arrays(
    ids: NDArray[np.uint8],
    id_bytes: int,
    kinds: NDArray[np.uint8],
    segment_lengths: NDArray[np.uint32],
    row_segments: NDArray[np.uint32],
    row_length: int,
    pad_id: int,
    masked_kinds: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]: ...
