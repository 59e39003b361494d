"""Builds an exclusion list from a folder with benchmarks: a folder, an archive or a table each, by their names.

1. Files that name pictures, as `benchmarks.toml` knows them, give ids, wherever they lie, packed or not.
2. Every picture (loose, in a zip or tar, as base64 in a TSV with a column `image`) gives its BLAKE3, its perceptual hash, and
   the id that its name holds. Folders that are not known are benchmarks of their own.
3. What is called `train` is left out: it is there to be trained on.

Memory: one file of ids, `_BATCH` pictures, and the list. Cost: as decoding the pictures; archives are gone through twice.
"""

import base64
import binascii
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import IO, Any, cast

from blake3 import blake3

from mmgic.duplicates.benchmarks import Benchmark, benchmark_of_folder, benchmarks, ids_in_file
from mmgic.duplicates.exclusions import LIST, Exclusion
from mmgic.duplicates.hashes import hex_from_hash, perceptual_hashes, small_pictures
from mmgic.errors import InputError
from mmgic.images import PictureStatus, Reading
from mmgic.params import tree_digest
from mmgic.schema.manifests import Manifest
from mmgic.shards.archives import ARCHIVES, BrokenMember, Member, archive_members
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import new_manifest
from mmgic.shards.work import Work

_BATCH = 64
_MAX_IDS_BYTES = 1 << 30
_MAX_PICTURE_BYTES = 200_000_000
_MAX_INDEX_CHARACTERS = 32
_PICTURES = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?)$|^[^.]+$", re.IGNORECASE)  # SEED-Bench's have no extension
_TRAIN = re.compile(r"(^|[^a-z])train(\d{4}|ing)?([^a-z]|$)", re.IGNORECASE)  # in names of folders, archives and tables


@dataclass
class Built:
    """The list, what was read for it, and what is missing, in words."""

    exclusions: set[Exclusion] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    def table(self) -> dict[str, dict[str, int]]:
        """Lines of the list by benchmark and way."""
        counts: dict[str, dict[str, int]] = {}
        for line in sorted(self.exclusions):
            of_benchmark = counts.setdefault(line.benchmark, {"id": 0, "exact": 0, "near": 0})
            of_benchmark[line.way] += 1
        return counts


@dataclass(frozen=True)
class _File:
    """A file below the folder, or a member of an archive; `open()` gives its bytes, of a member up to a limit."""

    path: str
    where: str
    open: Callable[[], IO[bytes]]

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @contextmanager
    def plain(self) -> Iterator[IO[bytes]]:
        """A stream over what it holds, unpacked where it is gzipped."""
        try:
            with self.open() as stream:
                yield cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if self.name.endswith(".gz") else stream
        except (BrokenMember, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"cannot read the file: {error}", where=self.where) from error

    @property
    def benchmark(self) -> str:
        return benchmark_of_folder(PurePosixPath(self.path).parts[0])


def build_exclusions(place: Folder, *, threads: int, progress: Callable[[str, int, int | None], None]) -> Built:
    """Reads all benchmarks below `place`.

    Raises:
        InputError: no such folder, or a file of ids or an archive that cannot be read.
    """
    if not place.exists():
        raise InputError("no such folder", where=place.url, hint="--benchmarks DIR, with a folder for each benchmark")
    built = Built()
    named: set[tuple[str, str]] = set()
    for file in _files(place, built):
        for benchmark in benchmarks():
            for entry in benchmark.id_files(file.name):
                named.add((benchmark.name, entry.what))
                built.counts["files_of_ids"] += 1
                ids = ids_in_file(entry, _whole(file), file.where)
                built.exclusions.update(Exclusion(benchmark.name, "id", entry.namespace, value) for value in ids)
    _add_pictures(built, place, threads, progress)
    built.missing = list(_missing(built, named))
    return built


def write_exclusions(built: Built, out: Folder) -> Manifest:
    """Writes the list as a folder, in place of an earlier one.

    Raises:
        UsageError: `out` holds something else.
    """
    with Work(out, _manifest(shards=[], counts={}), fresh=True) as work:
        entry = write_lines(work.files, LIST, "", sorted(built.exclusions))
        counts = {f"{name}.{way}": n for name, ways in built.table().items() for way, n in ways.items()}
        counts.update(sorted(built.counts.items()))
        return work.commit(_manifest(shards=[entry], counts=counts, facts={"missing": built.missing}))


def _manifest(**content: Any) -> Manifest:
    return new_manifest("exclusions", {}, tree_digest({}), {}, **content)


def _files(place: Folder, built: Built | None = None) -> Iterator[_File]:
    """All files in order of their paths, and the members of archives in theirs."""
    for path in sorted(path for path, _ in place.walk()):
        if _is_training(path):
            if built:
                built.counts["files_left_out_as_train"] += 1
        elif path.endswith(ARCHIVES):
            for member in archive_members(place, path):
                inside = f"{path}/{member.name}"
                if member.is_file and not _is_training(inside):
                    where = place.file(inside)
                    yield _File(inside, where, partial(_member_stream, member, where))
                elif built and member.is_file:
                    built.counts["files_left_out_as_train"] += 1
        else:
            yield _File(path, place.file(path), partial(place.open, path))


def _is_training(path: str) -> bool:
    """By its folder, or by its name where it is no picture."""
    folder, _, name = path.rpartition("/")
    return bool(_TRAIN.search(folder) or (_TRAIN.search(name) and not _PICTURES.search(name)))


def _member_stream(member: Member, where: str) -> IO[bytes]:
    data = member.read(_MAX_IDS_BYTES + 1)
    if len(data) > _MAX_IDS_BYTES:
        raise InputError(f"a packed file of more than {_MAX_IDS_BYTES:,} bytes", where=where, hint="unpack the archive")
    return io.BytesIO(data)


def _whole(file: _File) -> bytes:
    with file.plain() as stream:
        data = stream.read(_MAX_IDS_BYTES + 1)
    if len(data) > _MAX_IDS_BYTES:
        raise InputError(f"more than {_MAX_IDS_BYTES:,} bytes of ids", where=file.where)
    return data


def _add_pictures(built: Built, place: Folder, threads: int, progress: Callable[[str, int, int | None], None]) -> None:
    """Hashes of all pictures. One that cannot be decoded is excluded by its bytes alone, and counted."""
    known = {benchmark.name: benchmark for benchmark in benchmarks()}
    ids = {(line.benchmark, line.namespace, line.value) for line in built.exclusions}
    pictures = _pictures(place, built)
    while batch := list(islice(pictures, _BATCH)):
        found = [(name, file, data) for name, file, data in batch if _is_wanted(known.get(name), file, ids)]
        built.counts["pictures_not_listed"] += len(batch) - len(found)
        small = small_pictures([data for _, _, data in found], reading=Reading(), threads=threads)
        hashes = zip(*perceptual_hashes(small.pixels), strict=True)
        for (name, file, data), status, (value, has_detail) in zip(found, small.statuses, hashes, strict=True):
            if status == PictureStatus.UNKNOWN_FORMAT and "." not in file:
                continue  # a LICENSE, not a picture of SEED-Bench
            built.counts["pictures"] += 1
            built.exclusions.add(Exclusion(name, "exact", "", blake3(data).hexdigest()))
            if not status.has_pixels:
                built.counts["pictures_not_decoded"] += 1
            elif has_detail:
                built.exclusions.add(Exclusion(name, "near", "", hex_from_hash(value)))
            else:
                built.counts["pictures_without_detail"] += 1
            for namespace, value in known[name].ids_from_picture(file) if name in known else ():
                built.exclusions.add(Exclusion(name, "id", namespace, value))
        progress("pictures", built.counts["pictures"], None)


def _is_wanted(benchmark: Benchmark | None, file: str, ids: set[tuple[str, str, str]]) -> bool:
    if benchmark is None or not benchmark.listed:
        return True
    return any((benchmark.name, *found) in ids for found in benchmark.ids_from_picture(file))


def _pictures(place: Folder, built: Built) -> Iterator[tuple[str, str, bytes]]:
    """Benchmark, file name and bytes of every picture."""
    for file in _files(place):
        is_table = file.name.lower().endswith((".tsv", ".tsv.gz"))
        for data in _table_pictures(file) if is_table else _loose_picture(file):
            if 0 < len(data) <= _MAX_PICTURE_BYTES:
                yield file.benchmark, file.name, data
            else:
                built.counts["pictures_not_read"] += 1


def _loose_picture(file: _File) -> Iterator[bytes]:
    if _PICTURES.search(file.name):
        try:
            with file.open() as stream:
                yield stream.read(_MAX_PICTURE_BYTES + 1)
        except BrokenMember:
            yield b""


def _table_pictures(file: _File) -> Iterator[bytes]:
    """Pictures of a table as VLMEvalKit reads it, empty where a cell holds none; short cells name another row's picture."""
    limit = csv.field_size_limit(_MAX_PICTURE_BYTES)  # the whole process's
    try:
        with file.plain() as stream:
            lines = iter(partial(stream.readline, _MAX_PICTURE_BYTES), b"")
            for row in csv.DictReader((line.decode() for line in lines), delimiter="\t"):
                cell = row.get("image") or ""
                if len(cell) > _MAX_INDEX_CHARACTERS:
                    yield _from_base64(cell)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot read the table: {error}", where=file.where) from error
    finally:
        csv.field_size_limit(limit)


def _from_base64(cell: str) -> bytes:
    try:
        return base64.b64decode(cell, validate=True)
    except binascii.Error:
        return b""


def _missing(built: Built, named: set[tuple[str, str]]) -> Iterator[str]:
    """What the twelve lack, and what is not excluded therefore."""
    table = built.table()
    for benchmark in benchmarks():
        if benchmark.optional:
            continue
        for what, get in {entry.what: entry.get for entry in reversed(benchmark.ids) if entry.get}.items():
            if (benchmark.name, what) not in named:
                yield f"{benchmark.name}: no ids of {what}: get {get}"
        if not table.get(benchmark.name, {}).get("exact"):
            yield f"{benchmark.name}: no pictures: nothing is excluded by hash"
