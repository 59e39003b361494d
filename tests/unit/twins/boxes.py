"""Notations, one box and one character at a time, written from the table's rows. Cost: tens of microseconds a box."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from mmgic.geometry import Notation, smart_resize

NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|[+-](?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|\.[0-9]+")
PLACE = re.compile(r"\$(x0|y0|x1|y1|first|last)")
SPACE = " \t\n\r\f"


def divisors(row: Notation, size: tuple[int, int] | None) -> tuple[float, float]:
    """What numbers of x and of y are divided by."""
    if row.rule == "pixels":
        assert size is not None
        return smart_resize(*size, row.factor, row.min_pixels, row.max_pixels)
    one = {"floor": row.bins, "round": row.scale, "decimals": 10**row.decimals, "cells": row.bins}[row.rule]
    return one, one


def lasts(row: Notation, size: tuple[int, int] | None) -> tuple[int, int]:
    """Largest number of x and of y."""
    if row.rule in ("floor", "round"):
        return row.bins - 1, row.bins - 1
    if row.rule == "cells":
        return row.bins**2 - 1, row.bins**2 - 1
    across, down = divisors(row, size)
    return int(across), int(down)


def order(row: Notation) -> list[str]:
    """Names of the numbers of a box, as they are written."""
    return PLACE.findall(row.box)


def ids_of(row: Notation, box: Sequence[float], size: tuple[int, int] | None = None) -> list[int]:
    """Numbers of one sound box, in the order of the row."""
    held = [min(1.0, max(0.0, v)) for v in box]
    if row.rule == "cells":
        # As Kosmos-2, but that the last cell is counted without rounding.
        side = row.bins
        low = [math.floor(v * side) for v in held[:2]]
        high = [math.ceil(Decimal(v) * side) - 1 for v in held[2:]]
        return [low[1] * side + low[0], high[1] * side + high[0]]
    numbers = {}
    for at, name in enumerate(("x0", "y0", "x1", "y1")):
        value, divisor, last = held[at], divisors(row, size)[at % 2], lasts(row, size)[at % 2]
        if row.rule == "floor":
            number = math.floor(value * divisor)
        elif row.rule == "decimals":
            number = int(Decimal(value).quantize(Decimal(1).scaleb(-row.decimals), ROUND_HALF_EVEN) * 10**row.decimals)
        else:
            number = round(value * divisor)
        numbers[name] = min(last, number)
    return [numbers[name] for name in order(row)]


def corners_of(row: Notation, values: Sequence[float], size: tuple[int, int] | None = None) -> list[float]:
    """Corners that numbers in the order of the row stand for; the numbers are in range."""
    if row.rule == "cells":
        (y0, x0), (y1, x1) = (divmod(v, row.bins) for v in values)
        near, far = (0.0, 1.0) if x0 == x1 or y0 == y1 else (0.5, 0.5)
        return [(x0 + near) / row.bins, (y0 + near) / row.bins, (x1 + far) / row.bins, (y1 + far) / row.bins]
    named = dict(zip(order(row), values, strict=True))
    across, down = divisors(row, size)
    shift = 0.5 if row.rule == "floor" else 0.0
    return [(named[n] + shift) / (across if n[0] == "x" else down) for n in ("x0", "y0", "x1", "y1")]


def number_text(row: Notation, number: int) -> str:
    """One number as it is written."""
    if row.rule == "decimals":
        return f"{number / 10**row.decimals:.{row.decimals}f}"
    return f"{number:0{row.digits}d}"


def text_of(
    row: Notation, boxes: Sequence[Sequence[float]], labels: Sequence[str], size: tuple[int, int] | None = None
) -> str:
    """One text with several boxes."""
    groups: list[tuple[str, list[str]]] = []
    for box, label in zip(boxes, labels, strict=True):
        written = row.box
        for name, number in zip(order(row), ids_of(row, box, size), strict=True):
            written = written.replace(f"${name}", number_text(row, number))
        if row.several and groups and groups[-1][0] == label:
            groups[-1][1].append(written)
        else:
            groups.append((label, [written]))
    objects = []
    for label, written_boxes in groups:
        inside = json.dumps(label, ensure_ascii=False)[1:-1] if row.json else label
        joined = row.boxes.replace("$boxes", row.box_separator.join(written_boxes))
        # The label last: it may hold anything, "$boxes" too.
        objects.append(row.object.replace("$boxes", joined).replace("$label", row.label.replace("$label", inside)))
    return row.text.replace("$objects", row.object_separator.join(objects))


@dataclass
class Found:
    """One box that was read; ``values`` has fewer numbers than a box where some are missing."""

    values: list[float]
    start: int
    end: int
    is_closed: bool
    has_point: bool
    label: str | None = None


def units(literal: str) -> list[str]:
    """What of a literal can be missing on its own: a whole tag, the beginning of one, another character."""
    return re.findall(r"<[^>]*>|<[^>]*|[^\s<]", literal.strip())


def skip(text: str, at: int) -> int:
    """The next position without a space."""
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def glue(text: str, at: int, literal: str) -> tuple[int, bool, bool]:
    """End of what is there of a literal, whether all is, whether enough is."""
    if text.startswith(literal, at):
        return at + len(literal), True, True
    end, missing = at, []
    wanted = units(literal)
    for unit in wanted:
        start = skip(text, end)
        if text.startswith(unit, start):
            end = start + len(unit)
        else:
            missing.append(unit)
    return end, not missing, len(missing) < len(wanted) and not any(u.startswith("<") for u in missing)


def strip_end(text: str, literal: str) -> str:
    """A text without the parts of a literal at its end."""
    for unit in reversed(units(literal)):
        kept = text.rstrip(SPACE)
        if kept.endswith(unit):
            text = kept[: len(kept) - len(unit)]
    return text


class Reader:
    """The reader of one text that is no JSON."""

    def __init__(self, row: Notation, text: str) -> None:
        self.row, self.text, self.done, self.found = row, text, 0, list[Found]()
        self.literals = re.split(r"\$(?:x0|y0|x1|y1|first|last)", row.box)
        label_at, boxes_at = row.object.index("$label"), row.object.index("$boxes")
        self.label_first = label_at < boxes_at
        before, between, after = re.split(r"\$label|\$boxes", row.object)
        own_label, own_boxes = row.label.split("$label"), row.boxes.split("$boxes")
        if self.label_first:
            self.label_ends = (before + own_label[0]).strip(), own_label[1].strip()
            self.boxes_ends = between + own_boxes[0], own_boxes[1] + after
        else:
            self.label_ends = (between + own_label[0]).strip(), (own_label[1] + after).strip()
            self.boxes_ends = before + own_boxes[0], own_boxes[1]
        if any(part.strip() for part in own_label):
            self.label_ends = own_label[0].strip(), own_label[1].strip()
        own = self.literals[0].strip() or own_boxes[0].strip()
        self.anchor = own[own.rfind(">") + 1 :].lstrip() if not own.endswith(">") else own

    def run(self, at: int) -> Found | None:
        """The numbers from there on."""
        found = Found([], at, at, True, False)
        for place, literal in enumerate(self.literals[1:]):
            match = NUMBER.match(self.text, skip(self.text, found.end))
            if match is None:
                break
            found.values.append(float(match.group()))
            found.has_point |= "." in match.group()
            end, whole, enough = glue(self.text, match.end(), literal)
            if place + 2 < len(self.literals) and not enough:
                end, whole, _ = glue(self.text, match.end(), self.literals[-1])
                found.is_closed &= whole
                found.end = end if whole else match.end()
                break
            found.is_closed &= whole
            found.end = end
        return found if found.values else None

    def read(self) -> list[Found]:
        """All boxes."""
        at, last = 0, None
        waiting = 0
        while (start := self.text.find(self.anchor, at)) >= 0:
            at = start + len(self.anchor)
            run = self.run(at)
            if run is None:
                continue
            if len(run.values) < min(2, len(self.literals) - 1) and not self.anchor.startswith("<"):
                at = run.end
                continue
            own = self.literals[0].strip()
            run.start = start
            if not own:
                run.start = skip(self.text, at)
            elif own != self.anchor:
                run.start = self.done + len(strip_end(self.text[self.done : at], self.literals[0]))
            if self.label_first:
                label, closed = self.label_before(start, last)
                last = label if label is not None else last
                self.phrase(run, label, closed)
            else:
                waiting = self.label_after(start, waiting)
                self.phrase(run, None, True)
            at = self.done
        if not self.label_first:
            self.label_after(len(self.text), waiting)
        return self.found

    def phrase(self, run: Found, label: str | None, closed: bool) -> None:
        """All boxes of one phrase."""
        first = len(self.found)
        while True:
            run.label, run.is_closed = label, run.is_closed and closed
            self.found.append(run)
            self.done = run.end
            if len(run.values) < len(self.literals) - 1:
                break
            end, _, enough = glue(self.text, run.end, self.row.box_separator)
            if not enough or not (self.row.box_separator.strip() or self.literals[0].strip()):
                break
            begin = skip(self.text, end)
            end, _, enough = glue(self.text, begin, self.literals[0])
            following = self.run(end) if enough else None
            if following is None:
                break
            following.start = begin
            run = following
        self.done, whole, _ = glue(self.text, self.done, self.boxes_ends[1])
        for found in self.found[first:]:
            found.is_closed &= whole

    def label_before(self, anchor: int, last: str | None) -> tuple[str | None, bool]:
        """The label in front, and whether it was closed."""
        region = strip_end(self.text[self.done : anchor], self.boxes_ends[0])
        opening, closing = self.label_ends
        if not opening:
            return self.named(region) or last, True
        if opening not in region:
            return (last if not region.strip() else None), True
        inner = region[region.rindex(opening) + len(opening) :]
        raw, closed, _ = inner.partition(closing) if closing else (inner, "x", "")
        return self.named(raw), bool(closed)

    def label_after(self, limit: int, waiting: int) -> int:
        """Gives the boxes that wait the label that stands before a place; returns the first that still waits."""
        if waiting == len(self.found):
            return waiting
        separator = self.row.object_separator.strip()
        raw, ended, _ = self.text[self.done : limit].partition(separator)
        label = self.named(raw)
        if label is None and not ended and limit < len(self.text):
            return waiting
        for found in self.found[waiting:]:
            found.label = label
        return len(self.found)

    def named(self, raw: str) -> str | None:
        """A label without spaces and ignored tokens."""
        for token in self.row.ignored:
            raw = re.sub(re.escape(token).replace(r"\*", "[0-9]*"), "", raw)
        return raw.strip() or None


def held(value: float, last: float, flags: set[str]) -> float:
    """A number within its range."""
    if not 0 <= value <= last:
        flags.add("OUT_OF_RANGE")
    return min(last, max(0.0, value))


def finding(row: Notation, found: Found, size: tuple[int, int] | None = None) -> tuple[list[float], set[str]]:
    """Corners and names of the statuses of one box."""
    flags: set[str] = set()
    if not found.is_closed:
        flags.add("UNCLOSED")
    if found.label is None:
        flags.add("NO_LABEL")
    names = order(row)
    if len(found.values) < len(names):
        return [math.nan] * 4, flags | {"INCOMPLETE"}
    if found.has_point and row.rule != "decimals":
        flags.add("NOT_WHOLE")
    if row.rule == "cells":
        whole = [math.floor(held(v, row.bins**2 - 1, flags)) for v in found.values]
        (y0, x0), (y1, x1) = (divmod(v, row.bins) for v in whole)
        if x1 < x0 or y1 < y0:
            flags.add("SWAPPED")
        pair = [min(y0, y1) * row.bins + min(x0, x1), max(y0, y1) * row.bins + max(x0, x1)]
        return corners_of(row, pair), flags
    if row.rule == "decimals" or (found.has_point and max(found.values) <= 1):
        named = dict(zip(names, found.values, strict=True))
        box = [held(named[n], 1, flags) for n in ("x0", "y0", "x1", "y1")]
    else:
        limits = dict(zip("xy", lasts(row, size), strict=True))
        box = corners_of(row, [held(v, limits[n[0]], flags) for n, v in zip(names, found.values, strict=True)], size)
    x0, y0, x1, y1 = box
    if x1 < x0 or y1 < y0:
        flags.add("SWAPPED")
    if x0 == x1 or y0 == y1:
        flags.add("EMPTY")
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)], flags
