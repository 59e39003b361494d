"""The packers under test: documents' lengths to rows. Each result is checked: every document once, no row over the capacity.

Slow packers get the first documents of the same draw; their time and fill are of those. `window`: documents packed together;
packers that have no windows are called for each.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engines import Engine, Prepared
from benchmarks.pack.bounds import quick_bound
from benchmarks.pack.lengths import Lengths, drawn_lengths, stored_lengths

Arguments = Mapping[str, Any]
Rows = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Document numbers row after row (N,), and where each row starts, with the end (rows + 1,)."""

TABLE_DOCUMENTS, MAP_DOCUMENTS = 50_000, 100_000
"""How many documents TRL's packer gets: as one table, and by `map`."""


def _lengths(arguments: Arguments) -> Lengths:
    if path := arguments.get("path"):
        return stored_lengths(Path(path))
    return drawn_lengths(arguments["kind"], arguments["documents"], arguments["capacity"], arguments["seed"])


def check_rows(lengths: Lengths, capacity: int, rows: Rows) -> None:
    """Raises ValueError where a document is missing or twice, or a row is empty or over the capacity."""
    items, starts = rows
    if not np.array_equal(np.bincount(items, minlength=len(lengths)), np.ones(len(lengths), dtype=np.int64)):
        raise ValueError("a document is missing, or in two rows")
    if starts[0] != 0 or starts[-1] != len(lengths) or (np.diff(starts) < 1).any():
        raise ValueError("the rows do not cover the documents")
    if (longest := int(np.add.reduceat(lengths[items], starts[:-1]).max())) > capacity:
        raise ValueError(f"a row holds {longest} tokens, the capacity is {capacity}")


def row_facts(lengths: Lengths, capacity: int, rows: Rows, bound: int, window_bound: int | None) -> dict[str, float]:
    """Rows, fill and the distance to the bounds, of a result that was checked."""
    check_rows(lengths, capacity, rows)
    count = len(rows[1]) - 1
    facts = {
        "rows": float(count),
        "fill_percent": 100 * float(lengths.sum()) / (count * capacity),
        "over_bound_percent": 100 * (count / bound - 1),
    }
    if window_bound:
        facts["over_windows_bound_percent"] = 100 * (count / window_bound - 1)
    return facts


def _prepared(
    arguments: Arguments,
    run_of: Callable[[list[Lengths]], Callable[[], Any]],
    rows_of: Callable[[Any, list[Lengths]], Sequence[Rows]],
    most: int | None = None,
) -> Prepared:
    """`run_of` gets the lengths window by window, `rows_of` gives each window's rows from what a run gave."""
    lengths = _lengths(arguments)[:most]
    window = arguments.get("window") or len(lengths)
    windows = [lengths[at : at + window] for at in range(0, len(lengths), window)]
    is_whole = len(lengths) == arguments["documents"]
    bound = arguments["bound"] if is_whole else quick_bound(lengths, arguments["capacity"])

    def facts(result: Any) -> dict[str, float]:
        parts = list(rows_of(result, windows))
        firsts = np.cumsum([0, *(len(part[0]) for part in parts)])
        items = np.concatenate([part[0] + first for part, first in zip(parts, firsts, strict=False)])
        starts = np.concatenate([part[1][:-1] + first for part, first in zip(parts, firsts, strict=False)])
        rows = items, np.append(starts, len(items))
        return row_facts(lengths, arguments["capacity"], rows, bound, arguments.get("window_bound"))

    return Prepared(run_of(windows), len(lengths), facts=facts)


def _flat(rows: Sequence[Sequence[int]]) -> Rows:
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    items = np.fromiter((item for row in rows for item in row), dtype=np.int64, count=int(counts.sum()))
    return items, np.concatenate([[0], np.cumsum(counts)])


def mmgic_packers() -> list[Engine]:
    """Ours, with the windows in one call."""
    pack = import_module("mmgic.packing").pack

    def prepare(arguments: Arguments) -> Prepared:
        capacity, window = arguments["capacity"], arguments.get("window")

        def run_of(windows: list[Lengths]) -> Callable[[], Any]:
            lengths = np.concatenate(windows)
            return lambda: pack(lengths, capacity, window=window, seed=0)

        def rows_of(packing: Any, windows: list[Lengths]) -> Sequence[Rows]:
            return [(packing.items.astype(np.int64), packing.row_starts.astype(np.int64))]

        return _prepared(arguments, run_of, rows_of)

    return [Engine("pack", "mmgic", prepare)]


def seqpacker_packers() -> list[Engine]:
    """seqpacker with its default algorithm, in the form that its README calls the fastest: flat arrays."""
    packer = import_module("seqpacker").Packer

    def prepare(arguments: Arguments) -> Prepared:
        made = packer(capacity=arguments["capacity"], strategy="obfd")

        def rows_of(results: Any, windows: list[Lengths]) -> Sequence[Rows]:
            return [(items, np.concatenate([[0], ends, [len(items)]])) for items, ends in results]

        return _prepared(arguments, lambda windows: lambda: [made.pack_flat(part) for part in windows], rows_of)

    return [Engine("pack", "seqpacker obfd", prepare)]


def lightbinpack_packers() -> list[Engine]:
    """lightbinpack's fast best fit, from an array and from a list of numbers."""
    obfd = import_module("lightbinpack").obfd

    def prepare(arguments: Arguments, form: Callable[[Lengths], Any]) -> Prepared:
        capacity = arguments["capacity"]

        def run_of(windows: list[Lengths]) -> Callable[[], Any]:
            forms = [form(part) for part in windows]
            return lambda: [obfd(part, capacity) for part in forms]

        return _prepared(arguments, run_of, lambda results, windows: [_flat(rows) for rows in results])

    return [
        Engine("pack", "lightbinpack obfd", lambda arguments: prepare(arguments, lambda part: part)),
        Engine("pack", "lightbinpack obfd, from a list", lambda arguments: prepare(arguments, np.ndarray.tolist)),
    ]


def trl_packers() -> list[Engine]:
    """TRL's best fit decreasing, which packs tokens with their lengths: one byte a token here, the least there is."""
    arrow, data = import_module("pyarrow"), import_module("trl.data_utils")
    datasets = import_module("datasets")
    datasets.disable_progress_bars()

    def table(lengths: Lengths) -> Any:
        """The documents; each starts with its number, so that it is known again in the rows."""
        ends = np.cumsum(lengths)
        tokens = np.zeros(int(ends[-1]), dtype=np.int8)
        return arrow.table({"input_ids": arrow.LargeListArray.from_arrays(np.concatenate([[0], ends]), tokens)})

    def rows_of(packed: Any, lengths: Lengths) -> Rows:
        """TRL does not tell which document is where: those of one length stand for each other."""
        parts = packed.column("seq_lengths").combine_chunks()
        counts = np.asarray(parts.value_lengths())
        placed = np.asarray(parts.flatten())
        if not np.array_equal(np.sort(placed), np.sort(lengths)):
            raise ValueError("a document is missing, or in two rows")
        items = np.empty(len(lengths), dtype=np.int64)
        items[np.argsort(placed, kind="stable")] = np.argsort(lengths, kind="stable")
        return items, np.concatenate([[0], np.cumsum(counts)])

    def one_table(arguments: Arguments) -> Prepared:
        def run_of(windows: list[Lengths]) -> Callable[[], Any]:
            tables = [table(part) for part in windows]
            return lambda: [data._pack_bfd(part, arguments["capacity"]) for part in tables]

        def rows_of_each(results: Any, windows: list[Lengths]) -> Sequence[Rows]:
            return [rows_of(packed, part) for packed, part in zip(results, windows, strict=True)]

        return _prepared(arguments, run_of, rows_of_each, TABLE_DOCUMENTS)

    def by_map(arguments: Arguments) -> Prepared:
        def run_of(windows: list[Lengths]) -> Callable[[], Any]:
            dataset = datasets.Dataset(table(np.concatenate(windows)))
            options = {"load_from_cache_file": False, "keep_in_memory": True}
            return lambda: data.pack_dataset(dataset, arguments["capacity"], "bfd", options)

        def rows_of_all(dataset: Any, windows: list[Lengths]) -> Sequence[Rows]:
            return [rows_of(dataset.data.table, np.concatenate(windows))]

        return _prepared(arguments, run_of, rows_of_all, MAP_DOCUMENTS)

    return [Engine("pack", "trl bfd, one table", one_table), Engine("pack", "trl bfd, map of 1,000", by_map)]


def in_order_packers() -> list[Engine]:
    """No packer: documents in their order, a new row where the next one does not fit."""

    def rows(lengths: Lengths, capacity: int) -> Rows:
        ends, starts = np.cumsum(lengths), [0]
        while starts[-1] < len(lengths):
            before = ends[starts[-1] - 1] if starts[-1] else 0
            starts.append(int(np.searchsorted(ends, before + capacity, side="right")))
        return np.arange(len(lengths)), np.array(starts)

    def prepare(arguments: Arguments) -> Prepared:
        capacity = arguments["capacity"]
        return _prepared(
            arguments,
            lambda windows: lambda: [rows(part, capacity) for part in windows],
            lambda results, windows: results,
        )

    return [Engine("pack", "in order", prepare)]
