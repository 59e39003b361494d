"""Cutting what is too long, token by token in plain Python. Cost: linear, slow."""

from __future__ import annotations

PartOf = tuple[int, int, int]
"""Length, second count, flags of a part."""
Piece = tuple[int, int, int]
"""First token, length, second count of a piece."""

WHOLE, LEADS, TRAILS = 1, 2, 4


def pieces_of(parts: list[PartOf], capacity: int, second_capacity: int | None, policy: str) -> list[Piece]:
    """The pieces of a document."""
    most = 2**32 - 1 if second_capacity is None else second_capacity
    length, second = (sum(part[at] for part in parts) for at in (0, 1))
    if length <= capacity and second <= most:
        return [(0, length, second)]
    if policy == "drop":
        return []
    return (_truncated if policy == "truncate" else _split)(parts, capacity, most)


def _truncated(parts: list[PartOf], capacity: int, most: int) -> list[Piece]:
    kept: list[PartOf] = []
    for length, second, flags in parts:
        used = sum(part[0] for part in kept), sum(part[1] for part in kept)
        if used[0] + length <= capacity and used[1] + second <= most:
            kept.append((length, second, flags))
            continue
        if not flags and used[0] < capacity and used[1] + second <= most:
            kept.append((capacity - used[0], second, 0))
        break
    while kept and kept[-1][2] & LEADS:
        kept.pop()
    return [(0, sum(part[0] for part in kept), sum(part[1] for part in kept))] if kept else []


class _Unsplittable(Exception):
    """A part that must stay whole is larger than a row."""


class _Splitter:
    def __init__(self, capacity: int, most: int) -> None:
        self.capacity, self.most = capacity, most
        self.pieces: list[list[int]] = [[0, 0, 0]]

    def close(self) -> None:
        start, length, _ = self.pieces[-1]
        if length:
            self.pieces.append([start + length, 0, 0])

    def fits(self, length: int, second: int) -> bool:
        return self.pieces[-1][1] + length <= self.capacity and self.pieces[-1][2] + second <= self.most

    def add(self, length: int, second: int = 0) -> None:
        if not self.fits(length, second):
            self.close()
        self.pieces[-1][1] += length
        self.pieces[-1][2] += second

    def alone(self, length: int, second: int) -> bool:
        return length <= self.capacity and second <= self.most

    def each(self, parts: list[PartOf]) -> None:
        for length, second, flags in parts:
            if self.alone(length, second):
                self.add(length, second)
            elif flags & WHOLE or second > self.most:
                raise _Unsplittable
            else:
                self.close()
                self.pieces[-1][2] += second
                for _ in range(length):
                    self.add(1)

    def large(self, unit: list[PartOf]) -> None:
        self.close()
        at = next((n for n, part in enumerate(unit) if part[2] == 0), None)
        if at is None:
            return self.each(unit)
        rest = next((n for n in range(at + 1, len(unit)) if not unit[n][2] & TRAILS), len(unit))
        leads, (length, second, _), trails = unit[:at], unit[at], unit[at + 1 : rest]
        before = [sum(part[n] for part in leads) for n in (0, 1)]
        after = [sum(part[n] for part in trails) for n in (0, 1)]
        if not (self.alone(before[0] + 1, before[1] + second) and self.alone(after[0] + 1, after[1])):
            self.each(unit[:rest])
            return self.each(unit[rest:])
        self.pieces[-1][1:] = [before[0], before[1] + second]
        for token in range(length):
            left = length - token
            if self.pieces[-1][1] == self.capacity:
                self.close()
            # The last token stays with what trails it, where the text before it can end a piece.
            is_begun = token > 0
            if left == 1 and is_begun and not self.fits(1 + after[0], after[1]):
                self.close()
            self.add(1)
        if not self.fits(*after):
            self.close()
        self.add(*after)
        return self.each(unit[rest:])


def _split(parts: list[PartOf], capacity: int, most: int) -> list[Piece]:
    splitter = _Splitter(capacity, most)
    try:
        for unit in _units(parts):
            length, second = (sum(part[n] for part in unit) for n in (0, 1))
            if splitter.alone(length, second):
                splitter.add(length, second)
            else:
                splitter.large(unit)
    except _Unsplittable:
        return []
    return [(start, length, second) for start, length, second in splitter.pieces if length]


def _units(parts: list[PartOf]) -> list[list[PartOf]]:
    units: list[list[PartOf]] = []
    for part in parts:
        if units and (units[-1][-1][2] & LEADS or part[2] & TRAILS):
            units[-1].append(part)
        else:
            units.append([part])
    return units
