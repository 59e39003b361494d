"""The packer in plain Python, and the fewest rows there can be. Cost: quadratic in lengths, and exponential."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Rows = list[list[int]]
Size = tuple[int, int]
"""Length, and count for the second capacity."""


def fewest_rows(lengths: Sequence[int], capacity: int) -> int:
    """The smallest number of rows that holds all documents."""
    return fewest_rows_of_two([(length, 0) for length in lengths], capacity, 0)


def fewest_rows_of_two(sizes: Sequence[Size], capacity: int, second_capacity: int) -> int:
    """The same with a second capacity, by trying every way to place documents; for a dozen of them."""
    order = sorted(sizes, reverse=True)
    best = len(order)

    def place(number: int, rows: list[Size]) -> None:
        nonlocal best
        if len(rows) >= best:
            return
        if number == len(order):
            best = len(rows)
            return
        tried: set[Size] = set()
        for row, used in enumerate(rows):
            filled = (used[0] + order[number][0], used[1] + order[number][1])
            if filled[0] <= capacity and filled[1] <= second_capacity and used not in tried:
                tried.add(used)
                rows[row] = filled
                place(number + 1, rows)
                rows[row] = used
        rows.append(order[number])
        place(number + 1, rows)
        rows.pop()

    place(0, [])
    return best


class Random:
    """SplitMix64 (Steele, Lea and Flood 2014), a stream for each (seed, window)."""

    def __init__(self, seed: int, stream: int) -> None:
        self.state = seed
        self.state = self.next() ^ (stream * 0xD134_2543_DE82_EF95 % 2**64)

    def next(self) -> int:
        self.state = (self.state + 0x9E37_79B9_7F4A_7C15) % 2**64
        z = (self.state ^ (self.state >> 30)) * 0xBF58_476D_1CE4_E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB % 2**64
        return z ^ (z >> 31)

    def shuffle(self, items: list[Any]) -> None:
        for last in range(len(items) - 1, 0, -1):
            other = self.next() * (last + 1) >> 64
            items[last], items[other] = items[other], items[last]


def packed_windows(sizes: Sequence[Size], capacity: int, second_capacity: int | None, window: int, seed: int) -> Rows:
    """The packer's rows, found by looking at all pairs; document numbers count from the first document."""
    rows: Rows = []
    for number, start in enumerate(range(0, len(sizes), window)):
        rows += _packed_window(sizes[start : start + window], start, (capacity, second_capacity), Random(seed, number))
    return rows


def _packed_window(sizes: Sequence[Size], start: int, room: tuple[int, int | None], random: Random) -> Rows:
    if room[1] is None:
        sizes = [(length, 0) for length, _ in sizes]
    values = _values(sizes, room)
    classes = sorted(set(sizes), key=lambda size: (values[size], size), reverse=True)
    waiting: dict[Size, list[int]] = {}
    for size in classes:
        waiting[size] = [start + number for number, other in enumerate(sizes) if other == size]
        random.shuffle(waiting[size])
    rows: Rows = []
    while any(waiting.values()):
        left = {size: len(documents) for size, documents in waiting.items()}
        layout = _layout(left, classes, values, room)
        times = min(len(waiting[size]) // layout.count(size) for size in layout)
        layout.sort(key=classes.index)
        rows += [[waiting[size].pop(0) for size in layout] for _ in range(times)]
    random.shuffle(rows)
    return rows


def _layout(
    left: dict[Size, int], classes: list[Size], values: dict[Size, int], room: tuple[int, int | None]
) -> list[Size]:
    tries = 4096 if room[1] is None else 64
    length, second = room[0], room[1] or 0
    layout: list[Size] = []

    def fitting(length: int, second: int) -> list[Size]:
        return [size for size in classes if left[size] and size[0] <= length and size[1] <= second]

    found: Size | None = fitting(length, second)[0]
    while found:
        layout.append(found)
        left[found] -= 1
        length, second = length - found[0], second - found[1]
        best: tuple[int, Size | None] = (-1, None)
        reach, tried = length, 0
        for first in fitting(length, second) if length else []:
            if first[0] > reach:
                continue
            if tried == tries:
                break
            tried += 1
            shortest = min(size[0] for size in classes if left[size])
            left[first] -= 1
            others = [
                s for s in fitting(length - first[0], second - first[1]) if classes.index(s) >= classes.index(first)
            ]
            left[first] += 1
            filled = values[first] + (values[others[0]] if others else 0)
            # Beside what is longer than this nothing fits, and it fills less.
            reach = length if others else length - shortest
            if filled > best[0]:
                best = (filled, first)
            if first[0] + (others[0][0] if others else 0) == length:
                break
        found = best[1]
    return layout


def _values(sizes: Sequence[Size], room: tuple[int, int | None]) -> dict[Size, int]:
    """What a document fills: its length; with two capacities both, weighed by how scarce each is."""
    if room[1] is None:
        return {size: size[0] for size in sizes}
    needs = [sum(size[0] for size in sizes) * room[1], sum(size[1] for size in sizes) * room[0]]
    share = 1024 * needs[1] // max(1, sum(needs))
    return {size: (1024 - share) * room[1] * size[0] + share * room[0] * size[1] for size in sizes}
