"""The main square crop by trying every whole offset. Cost: offsets times boxes."""

from __future__ import annotations

from collections.abc import Sequence


def kept_area(offset: float, side: int, boxes: Sequence[Sequence[float]], wide: bool) -> float:
    """Box area inside the square at this offset along the long side."""
    total = 0.0
    for box in boxes:
        x0, y0, x1, y1 = box if wide else (box[1], box[0], box[3], box[2])
        total += max(0.0, min(x1, offset + side) - max(x0, offset)) * max(0.0, min(y1, side) - max(y0, 0))
    return total


def best_offset(width: int, height: int, boxes: Sequence[Sequence[float]]) -> tuple[int, float]:
    """The offset nearest the centre among those that keep most, and what it keeps."""
    side, room = min(width, height), abs(width - height)
    areas = [kept_area(offset, side, boxes, width >= height) for offset in range(room + 1)]
    most = max(areas)
    near = [offset for offset in range(room + 1) if areas[offset] >= most - 1e-9 * max(1.0, most)]
    return min(near, key=lambda offset: (abs(offset - room / 2), offset)), most
