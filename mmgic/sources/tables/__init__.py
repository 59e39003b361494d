"""Caption tables of any size as a stream of rows: TSV, CSV, Parquet, JSON lines, JSON, and lists side by side.

1. The tables of a folder are read in the order of their names (`files`); .gz, .zst and .zip are undone on the way (`packed`).
2. Each format gives its rows as cells (`delimited`, `parquet`, `json_rows`, `pairs`); what is wrong with one is a fault, and
   the walk goes on behind it.
3. Columns are known by their names (`columns`), or by `fetch.columns`, or because one cell is a URL.

A file that cannot be read at all ends the walk with its name. Memory is a few megabytes for text, one row group's texts for
Parquet, and the cache of a `Spool` for an object of arrays. A row takes 5 to 15 microseconds.
"""

from mmgic.sources.tables.cells import Fault, RowFault
from mmgic.sources.tables.columns import Fields, url_fault
from mmgic.sources.tables.files import TableFiles, files_of_folder, files_of_raw, native_names
from mmgic.sources.tables.json_rows import fields_from_json, value_from_json, value_of_fault
from mmgic.sources.tables.lines import text_lines
from mmgic.sources.tables.rows import TableRow, table_rows
from mmgic.sources.tables.splits import split_from_name
from mmgic.sources.tables.texts import clean_text

__all__ = [
    "Fault",
    "Fields",
    "RowFault",
    "TableFiles",
    "TableRow",
    "clean_text",
    "fields_from_json",
    "files_of_folder",
    "files_of_raw",
    "native_names",
    "split_from_name",
    "table_rows",
    "text_lines",
    "url_fault",
    "value_from_json",
    "value_of_fault",
]
