"""The rows of all tables of a source, in one numbering."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import msgspec

from mmgic.errors import InputError
from mmgic.schema.params import ColumnRole, Columns
from mmgic.shards.folder import Readable
from mmgic.sources.tables.cells import Cells, Fault
from mmgic.sources.tables.columns import Fields, Layout, aliases, has_one_url, is_header, layout_of
from mmgic.sources.tables.delimited import rows_of_csv, rows_of_tsv
from mmgic.sources.tables.files import TABLES, TableFiles, list_beside
from mmgic.sources.tables.json_rows import rows_of_json, rows_of_json_lines
from mmgic.sources.tables.packed import plain_name, unpacked, zip_members
from mmgic.sources.tables.pairs import rows_of_lists
from mmgic.sources.tables.parquet import rows_of_parquet
from mmgic.sources.tables.splits import split_from_name

Rows = Iterator[Cells | tuple[int, Fault]]

_Names = tuple[str, ...] | None
_Wanted = tuple[str, Columns, Sequence[ColumnRole], str]

_LOOKED_AT = 100  # rows of a table whose columns have no names
_MAX_LAYOUTS = 64
_JSON = (".json", ".jsonl", ".ndjson")


class TableRow(msgspec.Struct, frozen=True):
    """A row. `number` counts all rows of a source from 0, lost ones too, `row` those of its file; `place` is for messages.

    `split` is that of the file's name where the row names none.
    """

    number: int
    row: int
    file: str
    place: int
    split: str
    fields: Fields | Fault

    def place_of(self, fault: Fault) -> str:
        """Where the row stands and what is wrong with it."""
        unit = "row" if plain_name(self.file.lower()).endswith((".parquet", ".json")) else "line"
        return f"{self.file}, {unit} {self.place}" + (f": {fault.detail}" if fault.detail else "")


def table_rows(
    files: TableFiles, source: str, columns: Columns, *, default: Sequence[ColumnRole] = ()
) -> Iterator[TableRow]:
    """All rows of the tables.

    Args:
        source: what captions are said to come from.
        columns: `fetch.columns` of the source, empty where the names of columns tell.
        default: roles of the columns of a table without names, where they are fixed.

    Raises:
        InputError: a table cannot be read, or it cannot be told which of its columns holds the picture.
    """
    number = 0
    for name in files.names:
        for label, rows in _tables(files, name, columns):
            split = split_from_name(label)
            head = list(islice(rows, _LOOKED_AT))
            wanted = source, columns, default, files.place(label)
            layouts = _layouts_without_names(head, wanted)
            for row, cells in enumerate(chain(head, rows)):
                place, fields = _fields(cells, layouts, wanted)
                stated = fields.split if isinstance(fields, Fields) else ""
                yield TableRow(number, row, label, place, stated or split, fields)
                number += 1


def _layouts_without_names(head: list[Cells | tuple[int, Fault]], wanted: _Wanted) -> dict[_Names, Layout]:
    """The layout of a table whose columns have no names, by the first row with one URL; none where there are names."""
    bare = [cells for cells in head if isinstance(cells, Cells) and cells.names is None]
    if not bare:
        return {}
    return {None: layout_of(next(filter(has_one_url, bare), bare[0]), *wanted)}


def _fields(
    cells: Cells | tuple[int, Fault],
    layouts: dict[_Names, Layout],
    wanted: _Wanted,
) -> tuple[int, Fields | Fault]:
    if not isinstance(cells, Cells):
        return cells
    if cells.names not in layouts:
        try:
            found = layout_of(cells, *wanted)
        except InputError as error:
            if not plain_name(wanted[-1].lower()).endswith(_JSON):
                raise
            return cells.place, Fault("no_picture", str(error))  # each row of JSON has names of its own
        if len(layouts) > _MAX_LAYOUTS:
            layouts.clear()
        layouts[cells.names] = found
    return cells.place, layouts[cells.names].fields(cells.values)


def _tables(files: TableFiles, name: str, columns: Columns) -> Iterator[tuple[str, Rows]]:
    """The table that a file is, or those that a zip holds, each to be read before the next."""
    where = files.place(name)
    if name.endswith(".zip"):
        inner = tuple(ending for ending in TABLES if ending != ".parquet")
        for member, stream in zip_members(name, where, files.seekable, lambda member: member.endswith(inner)):
            label = f"{name}#{member}"
            yield label, _rows(label, stream, files.place(label), columns)
    elif name.endswith(".parquet"):
        with files.seekable(name) as file:
            yield name, rows_of_parquet(file, where, {name.lower() for name in _wanted(columns, where)})
    elif partner := list_beside(name):
        with (
            unpacked(name, where, files.open) as urls,
            unpacked(partner, files.place(partner), files.open) as captions,
        ):
            yield name, rows_of_lists(urls, captions, where)
    else:
        with unpacked(name, where, files.open) as stream:
            yield name, _rows(name, stream, where, columns)


def _rows(name: str, stream: Readable, where: str, columns: Columns) -> Rows:
    plain = plain_name(name.lower())
    if plain.endswith(".json"):
        return rows_of_json(stream, where, _wanted(columns, where))
    if plain.endswith(_JSON):
        return rows_of_json_lines(stream, where)
    read = rows_of_csv if plain.endswith(".csv") else rows_of_tsv
    return read(
        stream, where, is_header if not columns else lambda _: any(isinstance(c, str) for c in columns.values())
    )


def _wanted(columns: Columns, where: str) -> set[str]:
    """Names of the columns that hold something."""
    if any(isinstance(column, int) for column in columns.values()):
        raise InputError("columns of this table have names, not numbers", where=where, hint="see params fetch.columns")
    names = columns.values() if columns else (name for names in aliases().values() for name in names)
    return {str(name) for name in names}
