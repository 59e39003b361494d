"""One row of a table before its columns are understood, and what can be wrong with it."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

MAX_ROW_BYTES = 1 << 20
"""A line, or a text of a row, that is longer is a fault and is not kept."""

RowFault = Literal[
    "not_utf8",
    "nul_byte",
    "too_long_row",
    "ragged_row",
    "unclosed_quote",
    "not_csv",
    "not_json",
    "wrong_type",
    "bad_split",
    "no_picture",
    "bad_url",
    "unsafe_name",
]
"""Why a row of a table is lost."""


class Fault(NamedTuple):
    """A row that cannot be used, and the particulars."""

    cause: RowFault
    detail: str


class Cells(NamedTuple):
    """A row of a file: its place (a line from 1, or a row from 0), the names of its columns, if any, and its values."""

    place: int
    names: tuple[str, ...] | None
    values: Sequence[object]
