"""Tables of labels as people and programs pass them on: TSV in UTF-8, a header, a line a label."""

from collections.abc import Iterator, Sequence

from mmgic.errors import InputError


def rows_from_tsv(
    data: bytes, where: str, needed: Sequence[str], allowed: Sequence[str] = ()
) -> Iterator[dict[str, str]]:
    """The lines of a table as cells by column; empty lines are passed over.

    Args:
        where: names the table in errors.
        needed: columns that it begins with, `id` among them.
        allowed: columns that may follow.

    Raises:
        InputError: not UTF-8, another header, a line with more or fewer cells, an id without its source, or one that stands
            twice.
    """
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error}", where=where) from error
    header = _cells(lines[0])
    more = header[len(needed) :]
    if header[: len(needed)] != list(needed) or not set(more) <= set(allowed) or len(set(header)) < len(header):
        also = f", then any of {', '.join(allowed)}" if allowed else ""
        raise InputError(
            f"expected the header {', '.join(needed)}{also}; found {', '.join(header)[:200]!r}",
            where=f"{where}, line 1",
        )
    seen: set[str] = set()
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells, at = _cells(line), f"{where}, line {number}"
        if len(cells) != len(header):
            raise InputError(f"expected {', '.join(header)} with tabs between; found {len(cells)} cells", where=at)
        row = dict(zip(header, cells, strict=True))
        source, colon, native = row["id"].partition(":")
        if not (source and colon and native):
            raise InputError(f"id without its source: {row['id'][:200]!r}", where=at, hint="as coco:17")
        if row["id"] in seen:
            raise InputError(f"label {row['id']} is there twice", where=at)
        seen.add(row["id"])
        yield row


def unquoted(cell: str) -> str:
    """A cell without the quotes that spreadsheets put around one with a comma or a quote in it."""
    inner = cell[1:-1]
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inner.replace('""', "")
    return inner.replace('""', '"').strip() if is_quoted else cell


def _cells(line: str) -> list[str]:
    return [unquoted(cell.strip()) for cell in line.removesuffix("\r").split("\t")]
