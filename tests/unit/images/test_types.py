"""Values of readings and normalisations: each out of range is named."""

from __future__ import annotations

from typing import Any

import pytest

from mmgic.errors import ParamsError
from mmgic.images import Normalization, PictureStatus, Reading


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"max_pixels": 0}, "max_pixels"),
        ({"max_side_px": -1}, "max_side_px"),
        ({"max_bytes": 1 << 63}, "max_bytes"),
        ({"max_scans": 0}, "max_scans"),
        ({"max_memory_bytes": 0}, "max_memory_bytes"),
        ({"max_side_px": 1 << 32}, "max_side_px"),
        ({"max_pixels": 1e6}, "max_pixels"),
        ({"lenient": "no"}, "lenient"),
        ({"alpha": (0, 0)}, "alpha"),
        ({"alpha": (0, 0, 256)}, "alpha"),
        ({"warnings": "ignore"}, "warnings"),
    ],
)
def test_a_reading_out_of_range_is_named(values: dict[str, Any], where: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Reading(**values)
    assert caught.value.where == where and caught.value.hint


@pytest.mark.parametrize(
    ("mean", "std", "dtype", "where"),
    [
        ((0, 0), (1, 1, 1), "float32", "normalization"),
        ((0, 0, float("nan")), (1, 1, 1), "float32", "normalization"),
        ((0, 0, 0), (1, 0, 1), "float32", "normalization.std"),
        ((0, 0, 0), (1e-300, 1, 1), "float32", "normalization.std"),
        ((0, 0, 0), (1, 1, -1), "float32", "normalization.std"),
        ((0, 0, 0), (1, 1, 1), "float16", "normalization.dtype"),
    ],
)
def test_a_normalization_out_of_range_is_named(mean: Any, std: Any, dtype: Any, where: str) -> None:
    with pytest.raises(ParamsError) as caught:
        Normalization(mean, std, dtype)
    assert caught.value.where == where


def test_three_statuses_have_pixels() -> None:
    assert [status.name for status in PictureStatus if status.has_pixels] == ["OK", "WARNED", "FILLED"]
