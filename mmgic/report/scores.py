"""An evaluation's metrics as lines of a table."""

from collections.abc import Iterator, Mapping
from typing import Any


def score_lines(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """The scores, aligned, for a terminal of 80 columns."""
    return tuple(_lines(metrics))


def _lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    yield f"scores on {metrics['records']} held-out records"
    yield "  label choice (chance 50 %)      right   95 % interval     pairs  wrong picture"
    choice = metrics["label_choice"]
    for name, row in [("all", choice), *choice["by_source"].items()]:
        interval = f"{row['low']:.1%} - {row['high']:.1%}"
        yield f"    {name:<26} {row['accuracy']:>8.1%}   {interval:<15} {row['count']:>7,} {row['wrong_picture_accuracy']:>14.1%}"
    yield "  loss (nats a token)"
    for name, value in metrics["loss"].items():
        yield f"    {name:<26} {value:>8.3f}"
    yield f"  captions, greedy: CIDEr         {metrics['captions']['cider']:>5.3f}   on {metrics['captions']['count']:,}"
