"""An evaluation's metrics as lines of a table."""

from collections.abc import Iterator, Mapping
from typing import Any


def score_lines(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """The scores, aligned, for a terminal of 80 columns."""
    return tuple(_lines(metrics))


def _lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"scores on {metrics['records']} records of split {metrics['split']}"
    yield "  label choice (chance 50 %)      right   95 % interval questions  wrong picture"
    choice = metrics["label_choice"]
    for name, row in [("all", choice), *choice["by_source"].items()]:
        interval = f"{row['low']:.1%} - {row['high']:.1%}"
        right, wrong_picture = _share(row["accuracy"]), _share(row["wrong_picture_accuracy"])
        yield f"    {name:<26} {right:>8}   {interval:<15} {row['count']:>7,} {wrong_picture:>14}"
    yield "  loss (nats a token)"
    for name, value in metrics["loss"].items():
        yield f"    {name:<26} {value:>8.3f}"
    cider, count = metrics["captions"]["cider"], metrics["captions"]["count"]
    yield f"  captions, greedy: CIDEr         {'-' if cider is None else f'{cider:.3f}':>5}   on {count:,}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
