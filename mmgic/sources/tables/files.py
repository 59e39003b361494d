"""The tables of a folder, and how they are opened: below a local set, or in a raw folder, where every read is checked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mmgic.errors import InputError
from mmgic.shards.folder import Folder, Readable
from mmgic.sources.places import files_anywhere
from mmgic.sources.raw import LEDGER, RawFolder
from mmgic.sources.tables.packed import Opened, Seekable, plain_name

TABLES = (".tsv", ".csv", ".parquet", ".jsonl", ".ndjson", ".json")
"""How names of tables end, also before `.gz` and `.zst`, and in a `.zip`."""

URLS, CAPTIONS = "urls.txt", "captions.txt"
"""How the names of two lists side by side end, as SBU has them."""


@dataclass(frozen=True)
class TableFiles:
    """Names of tables in the order in which they are read; `place` gives a name as messages have it."""

    names: list[str]
    place: Callable[[str], str]
    open: Opened
    seekable: Seekable


def is_table(name: str) -> bool:
    """Whether a file is a table by its name; hidden files and those that begin with `_` are none."""
    file = name.rpartition("/")[2]
    if file.startswith((".", "_")) or file == LEDGER:
        return False
    plain = plain_name(file.lower())
    return plain.endswith((*TABLES, ".zip", URLS))


def files_of_folder(origin: Folder, names: list[str] | None = None) -> TableFiles:
    """The named tables of a local folder, or all that lie anywhere below.

    Raises:
        InputError: there is none.
    """
    if names is None:
        names = files_anywhere(origin, is_table)

    @contextmanager
    def opened(name: str) -> Iterator[Readable]:
        with origin.open(name) as stream:
            yield stream

    return TableFiles(_some(names, origin.url), origin.file, opened, origin.open)


def files_of_raw(raw: RawFolder, names: list[str] | None = None) -> TableFiles:
    """The named tables of a source in a raw folder, or all.

    Raises:
        InputError: there is none.
    """
    start = f"{raw.source}/"
    if names is None:
        names = [path.removeprefix(start) for path in raw.paths() if is_table(path)]

    def place(name: str) -> str:
        return raw.folder.file(start + name)

    @contextmanager
    def opened(name: str) -> Iterator[Readable]:
        with raw.open(start + name) as stream:
            yield stream

    return TableFiles(_some(names, place("")), place, opened, lambda name: raw.seekable(start + name))


def native_names(origin: Folder) -> Iterator[str]:
    """Names of all files that tables are read from, with the second of two lists side by side."""
    files = files_of_folder(origin)
    for name in files.names:
        yield name
        if partner := list_beside(name):
            yield partner


def list_beside(name: str) -> str:
    """The list of captions beside a list of URLs; empty where a table stands alone."""
    plain = plain_name(name)
    if not plain.endswith(URLS):
        return ""
    return plain.removesuffix(URLS) + CAPTIONS + name.removeprefix(plain)


def _some(names: list[str], where: str) -> list[str]:
    if not names:
        raise InputError("no table of captions", where=where, hint=f"names end in {', '.join(TABLES)}, also with .gz")
    return names
