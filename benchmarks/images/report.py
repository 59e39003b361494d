"""Rows of measurements as tables for people and as a tree for JSON."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.images.measure import Row
from benchmarks.images.samples import Sample
from benchmarks.images.works import Work


def figures(rows: Sequence[Row]) -> dict[tuple[str, str], dict[str, float]]:
    """What the goals are judged by."""
    return {(row.work, row.engine): {"seconds": sum(row.seconds)} for row in rows}


def work_tree(work: Work, rows: Sequence[Row], samples: Sequence[Sample]) -> dict[str, Any]:
    """A work and its rows, with rates and the ratio to the reference."""
    files = work.chosen(samples)
    reference = next((sum(row.seconds) for row in rows if row.engine == work.reference), math.nan)
    return {
        "name": work.name,
        "what": work.what,
        "clock": work.clock,
        "reference": work.reference,
        "files": len(files),
        "megapixels": round(sum(file.megapixels for file in files), 2),
        "engines": [
            {
                "engine": row.engine,
                "seconds": sum(row.seconds),
                "ratio": None if math.isnan(reference) else reference / sum(row.seconds),
                "pictures_per_second": len(files) / sum(row.seconds),
                "max_difference": row.max_difference,
                "mean_difference": row.mean_difference,
                "cpu_seconds": sum(row.cpu_seconds) if row.cpu_seconds else None,
                "seconds_per_file": None if work.is_batch else [round(value, 7) for value in row.seconds],
            }
            for row in rows
        ],
    }


def work_lines(tree: dict[str, Any]) -> Iterator[str]:
    """A work as a table."""
    yield f"\n{tree['what']} ({tree['files']} files, {tree['megapixels']} megapixels, {tree['clock']} time)"
    yield f"  {'engine':<40} {'ms/picture':>10} {'pictures/s':>10} {'ratio':>6} {'max':>5} {'mean':>7}"
    for row in tree["engines"]:
        yield (
            f"  {row['engine']:<40} {1e3 / row['pictures_per_second']:>10.3f} {row['pictures_per_second']:>10.1f} "
            f"{_number(row['ratio'], '6.2f')} {_number(row['max_difference'], '5d')} {_number(row['mean_difference'], '7.4f')}"
        )
    yield f"  ratio: to {tree['reference']}; max, mean: difference of pixels from its"


def _number(value: float | None, form: str) -> str:
    return format(value, form) if value is not None else "-".rjust(int(form.split(".")[0].rstrip("df")))
