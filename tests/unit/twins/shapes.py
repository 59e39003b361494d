"""Points and polygons in text, one token at a time. Cost: microseconds a point."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmgic.geometry import Notation
from tests.unit.twins.boxes import lasts, number_text


def point_text(row: Notation, x: float, y: float) -> str:
    """One point of a row that counts bins."""
    numbers = [min(lasts(row, None)[0], int(min(1.0, max(0.0, v)) * row.bins)) for v in (x, y)]
    return row.point.replace("$x", number_text(row, numbers[0])).replace("$y", number_text(row, numbers[1]))


def shapes_text(
    row: Notation, shapes: Sequence[Sequence[Sequence[float]]], labels: Sequence[str], instances: Sequence[int] | None
) -> str:
    """One text: neighbours of one label share it where instances are given."""
    groups: list[tuple[str, list[tuple[int, list[str]]]]] = []
    for at, (shape, label) in enumerate(zip(shapes, labels, strict=True)):
        written = "".join(point_text(row, x, y) for x, y in shape)
        number = at if instances is None else instances[at]
        if instances is None or not groups or groups[-1][0] != label:
            groups.append((label, []))
        parts = groups[-1][1]
        if parts and parts[-1][0] == number:
            parts[-1][1].append(written)
        else:
            parts.append((number, [written]))
    text = ""
    for label, members in groups:
        joined = [row.polygon_separator.join(parts) for _, parts in members]
        text += label
        text += joined[0] if len(joined) == 1 else "".join(row.polygons.replace("$polygons", one) for one in joined)
    return text


def shapes_of(text: str) -> list[tuple[str, list[float]]]:
    """Label and whole points of every shape in a Florence-2 text of sound tokens."""
    found: list[tuple[str, list[float]]] = []
    label, run = "", list[float]()
    # Marks at odd places, what stands between them at even ones; ignored tokens count as nothing.
    parts = re.split(r"(<loc_\d+>|<sep>|<poly>|</poly>)", re.sub(r"</?s>|<pad>", "", text))
    for token in [*parts, "<sep>"]:
        if match := re.fullmatch(r"<loc_(\d+)>", token):
            run.append((min(999, int(match[1])) + 0.5) / 1000)
            continue
        if not token.strip():
            continue
        if run:
            found.append((label, run[: len(run) // 2 * 2]))
            run = []
        if token not in ("<sep>", "<poly>", "</poly>"):
            label = token.strip()
    return found
