"""The fewest rows by trying every way to place documents. Cost: exponential; for a dozen documents."""

from __future__ import annotations

from collections.abc import Sequence


def fewest_rows(lengths: Sequence[int], capacity: int) -> int:
    """The smallest number of rows that holds all documents."""
    order = sorted(lengths, reverse=True)
    best = len(order)

    def place(number: int, rows: list[int]) -> None:
        nonlocal best
        if len(rows) >= best:
            return
        if number == len(order):
            best = len(rows)
            return
        tried: set[int] = set()
        for row, used in enumerate(rows):
            if used + order[number] <= capacity and used not in tried:
                tried.add(used)
                rows[row] += order[number]
                place(number + 1, rows)
                rows[row] -= order[number]
        rows.append(order[number])
        place(number + 1, rows)
        rows.pop()

    place(0, [])
    return best
