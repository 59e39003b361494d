"""The training curves: one TSV with a line a logged step, which DVC draws. After a kill it is cut back to the checkpoint."""

import os
from pathlib import Path

COLUMNS = ("step", "loss", "lr", "grad_norm", "tokens", "tokens_per_s")


class Curves:
    """Appends lines; each is on disk before the next step starts."""

    def __init__(self, path: Path, *, resumed_at: int) -> None:
        self._path = path
        kept: list[str] = []
        if path.exists():
            lines = [line for line in path.read_text().splitlines(keepends=True)[1:] if line.endswith("\n")]
            kept = [line for line in lines if int(line.split("\t", 1)[0]) <= resumed_at]
        part = path.with_suffix(".part")
        part.write_text("\t".join(COLUMNS) + "\n" + "".join(kept))
        os.replace(part, path)

    def add(self, step: int, loss: float, lr: float, grad_norm: float, tokens: int, tokens_per_s: float) -> None:
        """A line about a step (from 1); `tokens` counts all tokens seen so far."""
        cells = f"{step}\t{loss:.6f}\t{lr:.6e}\t{grad_norm:.4f}\t{tokens}\t{tokens_per_s:.1f}\n"
        with self._path.open("a") as stream:
            stream.write(cells)


def read_curves(path: Path) -> list[dict[str, float]]:
    """The lines as dictionaries by column."""
    head, *lines = path.read_text().splitlines()
    return [dict(zip(head.split("\t"), map(float, line.split("\t")), strict=True)) for line in lines]
