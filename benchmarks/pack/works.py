"""What is timed and judged of packing, and what must be reached."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engines import Work
from benchmarks.goals import Goal
from benchmarks.pack.bounds import layouts_bound, quick_bound, windows_bound
from benchmarks.pack.lengths import Lengths, drawn_lengths

SEED, WINDOW = 1, 10_000
REAL = "pack real documents"
_FIGURES = {"rows": ".0f", "fill_percent": ".4f", "over_bound_percent": ".4f"}
_FAST = ("mmgic", "seqpacker", "lightbinpack obfd", "in order")


@dataclass(frozen=True)
class Packed:
    """Lengths to be packed: a kind, a capacity, a window or none; `has_layouts`: the linear program bounds it too."""

    kind: str
    capacity: int
    window: int | None = None
    has_layouts: bool = False

    @property
    def name(self) -> str:
        """Of the work."""
        return f"pack {self.kind} {self.capacity}" + (f" in windows of {self.window}" if self.window else "")


SETS = [
    Packed("text", 2048),
    Packed("text", 4096),
    Packed("text", 2048, WINDOW),
    Packed("vlm-any", 2048),
    Packed("vlm-any", 4096),
    Packed("vlm-any", 4096, WINDOW),
    Packed("vlm", 2048, has_layouts=True),
    Packed("vlm", 4096, has_layouts=True),
    Packed("long", 2048),
]


def pack_works(documents: int, layout_rounds: int) -> Iterator[tuple[str, Callable[[], Work]]]:
    """Names of the works, and what makes each: its bounds are found then.

    Args:
        documents: Documents of each.
        layout_rounds: Rounds of the linear program; 0: none.
    """
    for packed in SETS:
        yield packed.name, lambda packed=packed: _work(packed, documents, layout_rounds)  # type: ignore[misc]


def _work(packed: Packed, documents: int, layout_rounds: int) -> Work:
    lengths = drawn_lengths(packed.kind, documents, packed.capacity, SEED)
    arguments = {"kind": packed.kind, "documents": documents, "capacity": packed.capacity, "seed": SEED}
    arguments |= bounds(lengths, packed.capacity, packed.window, layout_rounds if packed.has_layouts else 0)
    only = () if packed.kind == "text" and packed.window is None else _FAST
    what = f"{documents} documents, {packed.kind}, to rows of {packed.capacity}"
    return packing_work(packed.name, what, arguments, only)


def bounds(lengths: Lengths, capacity: int, window: int | None, layout_rounds: int) -> dict[str, Any]:
    """The best bound for any packer, and that for packing in windows."""
    best = quick_bound(lengths, capacity)
    if layout_rounds:
        best = max(best, layouts_bound(lengths, capacity, layout_rounds))
    found: dict[str, Any] = {"bound": best, "window": window}
    if window:
        found["window_bound"] = windows_bound(lengths, capacity, window)
    return found


def packing_work(name: str, what: str, arguments: dict[str, Any], only: tuple[str, ...]) -> Work:
    """A work of packers; the bounds are told in words too."""
    shown = dict(_FIGURES)
    what += f"; no packer needs less than {arguments['bound']} rows"
    if "window_bound" in arguments:
        over = 100 * (arguments["window_bound"] / arguments["bound"] - 1)
        what += f", in windows of {arguments['window']} no less than {arguments['window_bound']} ({over:+.4f} %)"
        shown["over_windows_bound_percent"] = ".4f"
    return Work(name, what, "pack", "document", "seqpacker obfd", arguments, figures=shown, only=only)


def row_works(documents: int, reads: int, folder: Path) -> list[Work]:
    """The works on rows of 4,096 tokens: `documents` in all, `reads` of the rows read a run; files lie below `folder`."""
    arguments = {"documents": documents, "capacity": 4096, "seed": SEED, "reads": reads, "folder": str(folder)}
    stored = {"bytes_per_token": ".3f", "share_of_raw": ".3f"}
    peer = "mosaicml-streaming"
    return [
        Work(
            "rows to memory",
            f"tokens of {documents} documents gathered into blocks of rows, 3 bytes a token",
            "rows to memory",
            "token",
            "floor: the same bytes in order",
            arguments,
        ),
        Work(
            "rows to disk",
            "the same as files (in the page cache); 3 bytes a token before compression",
            "rows to disk",
            "token",
            peer,
            arguments,
            figures=stored,
            rounds=3,
        ),
        Work(
            "warm rows",
            f"{reads} rows in an order drawn anew, from files that are in memory",
            "warm rows",
            "row",
            peer,
            arguments,
            figures=stored,
        ),
        Work(
            "cold rows",
            f"the folder opened and {reads // 5} rows read, from files that the kernel was asked to forget",
            "cold rows",
            "row",
            peer,
            # Few of the rows: what the kernel reads ahead is then seldom of use, as in a set that is larger than memory.
            arguments | {"reads": reads // 5},
            "wall",
            stored | {"disk_bytes_per_row": ".0f"},
            rounds=5,
        ),
    ]


GOALS = [
    Goal("pack text 2048", "mmgic", at_most=0.025, figure="run_seconds", unit="s"),
    Goal("pack text 2048", "mmgic", "seqpacker obfd", at_least=4),
    Goal("pack text 2048", "mmgic", "lightbinpack obfd", at_least=20),
    Goal("pack text 2048", "mmgic", "lightbinpack obfd, from a list", at_least=20),
    Goal("pack text 2048", "mmgic", "trl bfd, one table", at_least=500),
    Goal("pack text 2048", "mmgic", "trl bfd, map of 1,000", at_least=500),
    Goal("pack text 2048", "mmgic", at_least=99.998, figure="fill_percent", unit="%"),
    Goal("pack text 4096", "mmgic", at_least=99.999, figure="fill_percent", unit="%"),
    Goal("pack vlm-any 4096", "mmgic", at_most=0.06, figure="over_bound_percent", unit="%"),
    Goal("pack vlm-any 4096 in windows of 10000", "mmgic", at_most=0.10, figure="over_bound_percent", unit="%"),
    Goal("rows to memory", "mmgic", at_least=1e9, figure="units_per_second", unit="tokens/s"),
]
