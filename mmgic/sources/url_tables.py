"""Sources whose pictures are named by URL in tables of captions: CC3M, CC12M, SBU, LAION.

`fetch` asks for the URLs of `url_rows` and writes a ledger line `<source>/<nine digits>` for each; `raw_records` puts both
together by the row's number, which counts all rows of the source's tables in the order of their names. A row costs about 10
microseconds beside its picture; memory does not grow with them.
"""

import zlib
from collections import Counter
from collections.abc import Iterator

import msgspec

from mmgic.schema.manifests import LedgerLine, UrlRow
from mmgic.schema.params import Columns
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources.picture_ids import ids_from_place
from mmgic.sources.raw import RawFolder
from mmgic.sources.tables import (
    Fault,
    Fields,
    TableRow,
    files_of_folder,
    files_of_raw,
    native_names,
    table_rows,
    url_fault,
)
from mmgic.sources.tallies import gone_with_picture


def local_files(origin: Folder) -> Iterator[str]:
    """The tables, anywhere below.

    Raises:
        InputError: there is none.
    """
    return native_names(origin)


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """None: pictures come by their URLs."""
    yield from ()


def url_rows(origin: Folder, columns: Columns, limit: int | None) -> Iterator[UrlRow]:
    """The rows with a URL that can be asked for, of the first `limit` of each split.

    Raises:
        InputError: a table cannot be read, or it cannot be told which of its columns holds the URL.
    """
    taken: Counter[str] = Counter()
    for row in table_rows(files_of_folder(origin), "", columns):
        taken[row.split] += 1
        fields = _usable(row)
        if isinstance(fields, Fields) and (limit is None or taken[row.split] <= limit):
            yield UrlRow(row.number, fields.url, fields.license)


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The rows in their order; those whose picture did not come are lost, with the ledger's cause as detail.

    Raises:
        InputError: a table cannot be read, or has changed since it was fetched.
    """
    columns = msgspec.convert(raw.fetch_params.get("columns", {}).get(raw.source, {}), Columns)
    for row in table_rows(files_of_raw(raw), raw.source, columns):
        key, path = f"{raw.source}-{row.number:09d}", f"{raw.source}/{row.number:09d}"
        fields = _usable(row)
        captions = row.fields.captions if isinstance(row.fields, Fields) else []
        gone = gone_with_picture(caption=len(captions))
        if isinstance(fields, Fault):
            yield LostImage(key, raw.source, row.split, fields.cause, row.place_of(fields), dropped=gone)
        elif (line := raw.line(path)) is None:
            detail = f"{raw.failure(path) or 'not in the ledger'}: {fields.url}"
            yield LostImage(key, raw.source, row.split, "not_downloaded", detail, dropped=gone)
        else:
            yield RawRecord(
                key=key,
                source=raw.source,
                split=row.split,
                picture=raw.picture(path),
                captions=fields.captions,
                boxes=[],
                ids=_ids(raw.source, row, fields),
                declared_size_px=fields.declared_size_px,
                license=fields.license or line.license,
                origin=fields.url,
            )


def _usable(row: TableRow) -> Fields | Fault:
    return row.fields if isinstance(row.fields, Fault) else url_fault(row.fields.url) or row.fields


def _ids(source: str, row: TableRow, fields: Fields) -> dict[str, str]:
    """Names in other sets. CC3M's are those of its usual download, which SEED-Bench uses: row and CRC-32 of the URL."""
    ids = ids_from_place(fields.url)
    if source == "cc3m":
        ids["cc3m"] = f"{row.row}_{zlib.crc32(fields.url.encode())}"
    elif fields.id:
        ids[source] = fields.id
    return ids
