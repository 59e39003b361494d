"""Pictures in tables of benchmarks: base64 in VLMEvalKit's TSV, bytes in the Parquet of Hugging Face's `datasets`.

Memory: a row of a TSV; `_ROWS` rows of a page of Parquet.
"""

import base64
import binascii
import csv
from collections.abc import Iterator
from functools import partial
from typing import IO, Any, NamedTuple

from mmgic.errors import InputError

_MAX_INDEX_CHARACTERS = 32
_ROWS = 16
_PAGE = 1 << 20


class TablePicture(NamedTuple):
    """The bytes of a picture, empty where a cell holds none, and the file name that the table gives it, or none."""

    data: bytes
    name: str = ""


def pictures_of_tsv(stream: IO[bytes], where: str, max_bytes: int) -> Iterator[TablePicture]:
    """Pictures of the column `image`; short cells name another row's picture.

    Raises:
        InputError: it is no table, not UTF-8, or a line is longer than `max_bytes`.
    """
    limit = csv.field_size_limit(max_bytes)  # the whole process's
    try:
        lines = iter(partial(stream.readline, max_bytes), b"")
        for row in csv.DictReader((line.decode() for line in lines), delimiter="\t"):
            cell = row.get("image") or ""
            if len(cell) > _MAX_INDEX_CHARACTERS:
                yield TablePicture(_from_base64(cell))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read the table: {error}", where=where) from error
    finally:
        csv.field_size_limit(limit)


def pictures_of_parquet(stream: IO[bytes], where: str) -> Iterator[TablePicture]:
    """Pictures of all columns of `datasets`' features `Image` and `List(Image)`: `bytes` and `path`, or bytes alone.

    Raises:
        InputError: it is no Parquet, cut or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(stream, pre_buffer=False, buffer_size=_PAGE)
        columns = [column.name for column in file.schema_arrow if _holds_pictures(column.type)]
        for batch in file.iter_batches(_ROWS, columns=columns, use_threads=False) if columns else ():
            for column in batch.columns:
                while _is_list(column.type):
                    column = column.flatten()
                yield from (_from_value(value.as_py()) for value in column if value.is_valid)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise InputError(f"cannot read the Parquet file: {error}", where=where, hint="get it again") from error


def _holds_pictures(kind: Any) -> bool:
    import pyarrow.types as types

    while _is_list(kind):
        kind = kind.value_type
    if types.is_struct(kind):
        return any(field.name == "bytes" and _is_binary(field.type) for field in kind)
    return _is_binary(kind)


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_binary(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _from_value(value: bytes | dict[str, Any]) -> TablePicture:
    if isinstance(value, bytes):
        return TablePicture(value)
    name = value.get("path")
    return TablePicture(value["bytes"] or b"", name if isinstance(name, str) else "")


def _from_base64(cell: str) -> bytes:
    try:
        return base64.b64decode(cell, validate=True)
    except binascii.Error:
        return b""
