"""Rows of TSV and CSV. TSV is taken as it is: CC3M and CC12M hold quotes that quote nothing. The standard library reads CSV.

Blank lines are no rows. An unclosed quote in CSV swallows at most 128 KiB, the library's limit for a field: the row's fault
names the lines.
"""

import csv
from collections.abc import Callable, Iterator

from mmgic.shards.folder import Readable
from mmgic.sources.tables.cells import MAX_ROW_BYTES, Cells, Fault, RowFault
from mmgic.sources.tables.lines import byte_lines, text_lines

IsHeader = Callable[[list[str]], bool]
"""Whether the first row names the columns."""

_TOO_LONG = "\udfff"  # stands for a line that was not kept; no file decodes to it


def rows_of_tsv(stream: Readable, where: str, is_header: IsHeader) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with the numbers of their lines, or why one is lost: not as many cells as the first row, or no text."""
    yield from _with_names(_tsv(stream, where), is_header)


def rows_of_csv(stream: Readable, where: str, is_header: IsHeader) -> Iterator[Cells | tuple[int, Fault]]:
    """As `rows_of_tsv`, with quoted cells that may hold commas and line ends."""
    yield from _with_names(_csv(stream, where), is_header)


def _with_names(
    rows: Iterator[tuple[int, list[str] | Fault]], is_header: IsHeader
) -> Iterator[Cells | tuple[int, Fault]]:
    names: tuple[str, ...] | None = None
    width = 0
    for place, cells in rows:
        if isinstance(cells, Fault):
            yield place, cells
            continue
        if not width:
            width = len(cells)
            if is_header(cells):
                names = tuple(cells)
                continue
        if len(cells) != width:
            yield place, Fault("ragged_row", f"{len(cells)} cells, the first row has {width}")
        else:
            yield Cells(place, names, cells)


def _tsv(stream: Readable, where: str) -> Iterator[tuple[int, list[str] | Fault]]:
    for number, line in text_lines(stream, where):
        if isinstance(line, Fault):
            yield number, line
        elif line.strip():
            yield number, line.split("\t")


def _csv(stream: Readable, where: str) -> Iterator[tuple[int, list[str] | Fault]]:
    lines = _Lines(stream, where)
    reader = csv.reader(lines)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cause: RowFault = "too_long_row" if "limit" in str(error) else "not_csv"
            yield first, Fault(cause, f"{error}, lines {first} to {reader.line_num}")
            continue
        if cells:
            yield first, _checked(cells, lines) or cells


def _checked(cells: list[str], lines: "_Lines") -> Fault | None:
    text = "".join(cells)
    if lines.is_over:
        return Fault("unclosed_quote", "a quote is open at the end of the file")
    if _TOO_LONG in text:
        return Fault("too_long_row", f"over {MAX_ROW_BYTES} bytes")
    if "\0" in text:
        return Fault("nul_byte", "")
    if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):
        return Fault("not_utf8", "")
    return None


class _Lines:
    """Feeds lines to the reader of CSV. `is_over` once it asked for one more: it does so within a row alone."""

    def __init__(self, stream: Readable, where: str) -> None:
        self._lines = byte_lines(stream, where)
        self.is_over = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        for _, line in self._lines:
            return _TOO_LONG if line is None else f"{line.decode('utf-8', 'surrogateescape')}\n"
        self.is_over = True
        raise StopIteration
