"""What is known of the benchmarks' files, `benchmarks.toml`, and the ids that such a file holds.

JSON is read whole, but only the fields that are asked for become objects: 185 MB of annotations of val2014 take 200 MB.
"""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec

from mmgic.errors import InputError

Take = Literal["number", "name", "stem", "coco", "coco_stem", "open_images"]


class IdFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files that name a benchmark's pictures; the fields are explained in `benchmarks.toml`."""

    what: str
    files: str
    rows: str
    take: Take
    namespace: str
    field: str = ""
    where: dict[str, list[str]] = {}
    get: str = ""

    def is_one(self, file: str) -> bool:
        """Whether a file, by its name alone, is one of these."""
        return bool(re.fullmatch(self.files, file.removesuffix(".gz")))


class Benchmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A benchmark, how its folders are called, and the files with its ids."""

    name: str
    folders: list[str] = []
    optional: bool = False
    listed: bool = False
    ids: list[IdFiles] = []

    def id_files(self, file: str) -> list[IdFiles]:
        """What a file is: of alternatives for one thing the first."""
        found = {entry.what: entry for entry in reversed(self.ids) if entry.rows != "picture" and entry.is_one(file)}
        return list(found.values())

    def ids_from_picture(self, file: str) -> Iterator[tuple[str, str]]:
        """Namespace and id that a picture's name gives."""
        for entry in self.ids:
            if entry.rows == "picture" and entry.is_one(file) and (value := _TAKES[entry.take](file)):
                yield entry.namespace, value


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """All that are known, those of the twelve first."""
    text = files("mmgic.duplicates").joinpath("benchmarks.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["benchmark"], list[Benchmark]))


def benchmark_of_folder(folder: str) -> str:
    """The benchmark that a folder, archive or table belongs to by its name: a known one, or else one called like the folder."""
    stem = re.sub(r"(\.(tar|zip|tgz|gz|xz|tsv))+$", "", folder.lower())
    plain = re.sub(r"[_ ]", "-", stem)
    starts = {start: entry.name for entry in benchmarks() for start in (entry.name, *entry.folders)}
    for start in sorted(starts, key=len, reverse=True):
        if plain.startswith(start):
            return starts[start]
    return re.sub(r"[^a-z0-9.-]", "-", plain)


def ids_in_file(entry: IdFiles, data: bytes, where: str) -> Iterator[str]:
    """The ids of a file's rows.

    Raises:
        InputError: it is not in the form that its name promises.
    """
    take = _TAKES[entry.take]
    try:
        for value in _values(entry, data):
            if taken := take(str(value)):
                yield taken
    except (msgspec.MsgspecError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise InputError(
            f"cannot read the ids of {entry.what}: {error}", where=where, hint="is the download whole? get it again"
        ) from error


def _values(entry: IdFiles, data: bytes) -> Iterator[Any]:
    if entry.rows == "lines":
        yield from (line.partition("\t")[0] for line in data.decode().splitlines())
    elif entry.rows == "table":
        for cells in csv.DictReader(io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")):
            yield cells[entry.field]
    elif entry.rows == "keys":
        yield from msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    else:
        for row in _rows(entry, data):
            if all(getattr(row, name) in allowed for name, allowed in entry.where.items()):
                yield getattr(row, entry.field)


def _rows(entry: IdFiles, data: bytes) -> Iterable[Any]:
    fields: list[Any] = [(name, int | str) for name in (entry.field, *entry.where)]
    row = msgspec.defstruct("Row", fields)
    if entry.rows == "values":
        return msgspec.json.decode(data, type=dict[str, row]).values()  # type: ignore[valid-type]
    if entry.rows != "list":
        table = msgspec.defstruct("Table", [(entry.rows, list[row])])  # type: ignore[valid-type]
        return getattr(msgspec.json.decode(data, type=table), entry.rows)  # type: ignore[no-any-return]
    if data.lstrip().startswith(b"["):
        return msgspec.json.decode(data, type=list[row])  # type: ignore[valid-type]
    decoder = msgspec.json.Decoder(row)
    return (decoder.decode(line) for line in data.splitlines() if line.strip())


def _found(pattern: str) -> Callable[[str], str]:
    def take(text: str) -> str:
        match = re.search(pattern, text)
        return match[1] if match else ""

    return take


def _number(text: str) -> str:
    return str(int(text)) if text.isdecimal() else ""


_TAKES: Mapping[Take, Callable[[str], str]] = {
    "number": _number,
    "name": str,
    "stem": lambda text: PurePosixPath(text).stem,
    "coco": lambda text: _number(_found(r"COCO_(?:train|val|test)20\d\d_(\d{12})")(text)),
    "coco_stem": lambda text: _number(_found(r"^(\d{12})\.jpg$")(text)),
    "open_images": _found(r"(?:^|/)([0-9a-f]{16})(?:\.jpg)?$"),
}
