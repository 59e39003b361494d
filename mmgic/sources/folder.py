"""A folder of pictures with captions in a side file: `captions.jsonl`, `.tsv`, `.csv` or `.parquet`.

JSON lines: `{"file": "a/b.jpg", "caption": "..."}` or `"captions": [...]`, with optional `split`, `license` and `origin`. A
table: file and caption, or a first row of names (`data/columns.toml`). A file may stand on several rows, which are put
together on disk; pictures come in the order of their names. Without a split all goes to `train`. A row that cannot be read is
one lost image.
"""

from collections import Counter
from collections.abc import Iterator

import msgspec

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import ColumnRole
from mmgic.schema.records import Caption, LostImage, RawRecord
from mmgic.shards.folder import Folder, is_safe_name
from mmgic.sources.picture_ids import ids_from_place
from mmgic.sources.raw import RawFolder, key_from_file
from mmgic.sources.spool import Spool
from mmgic.sources.tables import (
    Fault,
    Fields,
    RowFault,
    TableFiles,
    TableRow,
    files_of_folder,
    files_of_raw,
    table_rows,
)
from mmgic.sources.tallies import gone_with_picture

_SIDE_FILES = ("captions.jsonl", "captions.tsv", "captions.csv", "captions.parquet")
_COLUMNS: tuple[ColumnRole, ...] = ("file", "caption")


class _Note(msgspec.Struct, array_like=True):
    """What a row says of its picture."""

    fields: Fields
    split: str


def local_files(origin: Folder) -> Iterator[str]:
    """The side file.

    Raises:
        InputError: there is none.
    """
    yield _side_file(origin)


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the side file names, by name: the first `limit` of each split.

    Raises:
        InputError: the side file cannot be read at all.
    """
    taken: Counter[str] = Counter()
    with Spool[_Note](_Note) as spool:
        for _ in _lost_rows(files_of_folder(origin, [_side_file(origin)]), origin.name, spool):
            pass
        for file, notes in spool.groups():
            first = notes[0]
            taken[first.split] += 1
            if limit is None or taken[first.split] <= limit:
                yield LedgerLine(str(file), license=_license(notes), origin=_origin(notes))


def _side_file(origin: Folder) -> str:
    name = next((name for name in _SIDE_FILES if origin.exists(name)), "")
    if not name:
        hint = "one line a picture: file and caption"
        raise InputError(f"no {' or '.join(_SIDE_FILES)}", where=origin.url, hint=hint)
    return name


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """First the rows that are lost, in their order, then the pictures in the order of their names.

    Raises:
        InputError: the side file is missing, changed, or cannot be read at all.
    """
    start = f"{raw.source}/"
    names = [path.removeprefix(start) for path in raw.paths() if path.removeprefix(start) in _SIDE_FILES]
    with Spool[_Note](_Note) as spool:
        for row, fault in _lost_rows(files_of_raw(raw, names), raw.source, spool):
            key = f"{raw.source}-row-{row.number:09d}"
            captions = row.fields.captions if isinstance(row.fields, Fields) else []
            gone = gone_with_picture(caption=len(captions))
            yield LostImage(key, raw.source, row.split, fault.cause, row.place_of(fault), dropped=gone)
        for file, notes in spool.groups():
            yield _image(raw, str(file), notes)


def _lost_rows(files: TableFiles, source: str, spool: Spool[_Note]) -> Iterator[tuple[TableRow, Fault]]:
    """Puts rows under their files' names; gives those that cannot be."""
    for row in table_rows(files, source, {}, default=_COLUMNS):
        fields = row.fields
        if isinstance(fields, Fault):
            yield row, fields
        elif not is_safe_name(fields.file):
            cause: RowFault = "unsafe_name" if fields.file else "no_picture"
            yield row, Fault(cause, repr(fields.file[:200]))
        else:
            spool.add(fields.file, _Note(fields, row.split))


def _image(raw: RawFolder, file: str, notes: list[_Note]) -> RawRecord:
    captions: dict[str, Caption] = {}
    for note in notes:
        for caption in note.fields.captions:
            captions.setdefault(caption.text, caption)
    return RawRecord(
        key=key_from_file(raw.source, file),
        source=raw.source,
        split=notes[0].split,
        picture=raw.picture(f"{raw.source}/{file}"),
        captions=list(captions.values()),
        boxes=[],
        ids=ids_from_place(_origin(notes) or file),
        declared_size_px=notes[0].fields.declared_size_px,
        license=_license(notes),
        origin=_origin(notes),
    )


def _license(notes: list[_Note]) -> str:
    return next((note.fields.license for note in notes if note.fields.license), "")


def _origin(notes: list[_Note]) -> str:
    return next((note.fields.url for note in notes if note.fields.url), "")
