"""Folders of tables, and the rows that are read from them in short form."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mmgic.shards.folder import Folder
from mmgic.sources.tables import Fault, Fields, TableRow, files_of_folder, table_rows

Short = tuple[int, str, str | tuple[str, ...]]


def _short(row: TableRow) -> Short:
    fields = row.fields
    if isinstance(fields, Fault):
        return row.number, fields.cause, row.place_of(fields)
    assert isinstance(fields, Fields)
    return row.number, fields.url or fields.file, tuple(caption.text for caption in fields.captions)


@pytest.fixture
def tables(tmp_path: Path) -> Callable[[Mapping[str, bytes | str]], Folder]:
    """A folder of files with these contents."""

    def made(contents: Mapping[str, bytes | str]) -> Folder:
        folder = Folder(str(tmp_path / "tables"))
        for name, content in contents.items():
            folder.write(name, content.encode() if isinstance(content, str) else content)
        return folder

    return made


@pytest.fixture
def rows(tables: Callable[..., Folder]) -> Callable[..., list[Short]]:
    """Number, URL and captions of each row of these files; of a lost one number, cause and place."""

    def read(contents: Mapping[str, bytes | str], **options: object) -> list[Short]:
        files = files_of_folder(tables(contents))
        found = table_rows(files, "web", options.pop("columns", {}), **options)  # type: ignore[arg-type]
        return [_short(row) for row in found]

    return read
