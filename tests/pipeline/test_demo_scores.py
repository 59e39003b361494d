"""What `make demo` left in this checkout, where it was run: the small model must have learned to read labels from pictures."""

from pathlib import Path
from typing import Any

import msgspec
import pytest


@pytest.fixture
def metrics(project: Path) -> dict[str, Any]:
    path = project / "results" / "eval" / "metrics.json"
    if not path.exists():
        pytest.skip("`make demo` was not run in this checkout")
    decoded: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return decoded


def test_label_choice_on_scenes_is_clearly_above_chance(metrics: dict[str, Any]) -> None:
    scenes = metrics["label_choice"]["by_source"]["scenes"]
    assert scenes["count"] > 500
    assert scenes["low"] > 0.5, f"interval {scenes['low']:.3f} - {scenes['high']:.3f} holds chance"


def test_it_was_read_from_the_picture(metrics: dict[str, Any]) -> None:
    """With the picture of a record that has neither label, who reads pictures is left with a guess."""
    scenes = metrics["label_choice"]["by_source"]["scenes"]
    assert abs(scenes["wrong_picture_accuracy"] - 0.5) < 0.05
    assert scenes["accuracy"] > scenes["wrong_picture_accuracy"]
