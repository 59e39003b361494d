"""Cutting what is too long, part by part in plain Python. Cost: linear, slow."""

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
        if not flags and not second and used[0] < capacity:
            kept.append((capacity - used[0], 0, 0))
        break
    while kept and kept[-1][2] & LEADS:
        kept.pop()
    return [(0, sum(part[0] for part in kept), sum(part[1] for part in kept))] if kept else []


def _split(parts: list[PartOf], capacity: int, most: int) -> list[Piece]:
    pieces: list[list[int]] = [[0, 0, 0]]

    def add(length: int, second: int) -> None:
        last = pieces[-1]
        if last[1] + length > capacity or last[2] + second > most:
            pieces.append([last[0] + last[1], 0, 0])
        pieces[-1][1] += length
        pieces[-1][2] += second

    for unit in _units(parts):
        if sum(part[0] for part in unit) <= capacity and sum(part[1] for part in unit) <= most:
            add(sum(part[0] for part in unit), sum(part[1] for part in unit))
            continue
        for length, second, flags in unit:
            if length <= capacity and second <= most:
                add(length, second)
            elif flags & WHOLE or second:
                return []
            else:
                for _ in range(length):
                    add(1, 0)
    return [(start, length, second) for start, length, second in pieces if length]


def _units(parts: list[PartOf]) -> list[list[PartOf]]:
    units: list[list[PartOf]] = []
    for part in parts:
        if units and (units[-1][-1][2] & LEADS or part[2] & TRAILS):
            units[-1].append(part)
        else:
            units.append([part])
    return units
