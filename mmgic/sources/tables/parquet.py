"""Rows of a Parquet file by pyarrow, the format's own library: the wanted columns of one row group after the other.

Texts are read as dictionaries, so that a short file whose rows all point at one long text takes the memory of that text alone;
a text that is longer than a row may be costs its row. pyarrow is a dependency and no extra: Parquet is what tables of the web
come in, and beside torch its size is no weight. It is imported when the first Parquet file is opened.
"""

from collections.abc import Callable, Collection, Iterator
from typing import IO, Any, NamedTuple

from mmgic.errors import InputError
from mmgic.sources.tables.cells import MAX_ROW_BYTES, Cells, Fault

_BATCH = 1 << 16
_BATCH_OF_LISTS = 1 << 10
_SLICE = 512
_MAX_TEXTS = 1000  # in a list, on average
_PAGE = 1 << 20


class _Column(NamedTuple):
    name: str
    is_text: bool
    is_list: bool


def rows_of_parquet(stream: IO[bytes], where: str, wanted: Collection[str]) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with their numbers from 0; values are texts, lists of texts, numbers or None.

    Args:
        wanted: names of columns in lower case; those that the file does not have are left out.

    Raises:
        InputError: the file is no Parquet, is cut, damaged or lies about its rows; a wanted column is neither text nor number.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = _columns(pq.ParquetFile(stream), where, wanted, num_bytes=stream.seek(0, 2))
        if not columns:
            raise InputError("no column is known to hold URLs, files or captions", where=where)
        texts = [column.name for column in columns if column.is_text and not column.is_list]
        file = pq.ParquetFile(stream, read_dictionary=texts, pre_buffer=False, buffer_size=_PAGE)
        names = tuple(column.name for column in columns)
        size = _BATCH_OF_LISTS if any(column.is_list for column in columns) else _BATCH
        place = 0
        for batch in file.iter_batches(size, columns=list(names), use_threads=False):
            slices = [_slices(batch.column(column.name), column) for column in columns]
            for start in range(0, len(batch), _SLICE):
                for row in zip(*(values(start) for values in slices), strict=True):
                    fault = next((value for value in row if isinstance(value, Fault)), None)
                    yield (place, fault) if fault else Cells(place, names, row)
                    place += 1
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise InputError(f"cannot read the Parquet file: {error}", where=where, hint="get it again") from error


def _columns(file: Any, where: str, wanted: Collection[str], num_bytes: int) -> list[_Column]:
    import pyarrow.types as types

    rows = file.metadata.num_rows
    if rows > num_bytes:
        raise InputError(f"{num_bytes} bytes claim {rows} rows", where=where)
    found: list[_Column] = []
    for field in file.schema_arrow:
        if field.name.lower() not in wanted:
            continue
        kind = field.type
        is_list = bool(types.is_list(kind) or types.is_large_list(kind))
        kind = kind.value_type if is_list or types.is_dictionary(kind) else kind
        if not (_is_text(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_null(kind)):
            raise InputError(f"column {field.name} is {field.type}, neither text nor number", where=where)
        if any(field.name == column.name for column in found):
            raise InputError(f"two columns are called {field.name}", where=where)
        found.append(_Column(field.name, _is_text(kind), is_list))
    lists = {column.name for column in found if column.is_list}
    for group in range(file.metadata.num_row_groups):
        for chunk in map(file.metadata.row_group(group).column, range(file.metadata.num_columns)):
            if chunk.path_in_schema.split(".")[0] in lists and chunk.num_values > _MAX_TEXTS * max(rows, 1):
                raise InputError(f"column {chunk.path_in_schema} claims {chunk.num_values} texts", where=where)
    return found


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    return any(
        is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    )


def _slices(column: Any, kind: _Column) -> Callable[[int], list[object]]:
    """A function that gives `_SLICE` values of a column from a place on; a `Fault` where a text cannot be used."""
    import pyarrow as pa

    if not kind.is_text:
        return lambda start: list(column.slice(start, _SLICE).to_pylist())
    if kind.is_list:
        column = column.cast(pa.large_list(pa.large_binary()))
        return lambda start: [_decoded_list(texts) for texts in column.slice(start, _SLICE).to_pylist()]
    texts, faults = _texts(column.dictionary.cast(pa.large_binary()))

    def values(start: int) -> list[object]:
        numbers = column.indices.slice(start, _SLICE)
        found: list[object] = texts.take(numbers).to_pylist()
        if faults:
            found = [faults.get(number, text) for number, text in zip(numbers.to_pylist(), found, strict=True)]
        return found

    return values


def _texts(data: Any) -> tuple[Any, dict[int, Fault]]:
    """Bytes as texts, null where they cannot be, and why by number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.binary_length(data), 0)
    if not pc.any(pc.or_kleene(pc.greater(lengths, MAX_ROW_BYTES), pc.match_substring(data, "\0"))).as_py():
        try:
            return data.cast(pa.large_string()), {}
        except pa.ArrowInvalid:  # not all are UTF-8
            pass
    too_long = Fault("too_long_row", f"over {MAX_ROW_BYTES} bytes")
    decoded = [
        too_long if length > MAX_ROW_BYTES else _decoded(value.as_py())
        for value, length in zip(data, lengths.to_pylist(), strict=True)
    ]
    faults = {number: text for number, text in enumerate(decoded) if isinstance(text, Fault)}
    return pa.array([None if isinstance(text, Fault) else text for text in decoded], pa.large_string()), faults


def _decoded_list(texts: list[bytes | None] | None) -> object:
    if texts is None:
        return None
    decoded = [_decoded(text) for text in texts if text is not None]
    return next((text for text in decoded if isinstance(text, Fault)), decoded)


def _decoded(data: bytes | None) -> str | Fault | None:
    if data is None:
        return None
    if b"\0" in data:
        return Fault("nul_byte", "")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Fault("not_utf8", f"byte {error.start}: {error.reason}")
