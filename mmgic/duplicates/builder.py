"""Builds an exclusion list from a folder with benchmarks: a folder, an archive or a table each, by their names.

1. Files that name pictures, as `benchmarks.toml` knows them, give ids, wherever they lie, packed or not.
2. Every picture (loose, in a zip or tar, in a TSV or Parquet) gives its BLAKE3, its perceptual hash, and the id that its name
   holds. Folders that are not known are benchmarks of their own.
3. What is called `train` is left out: it is there to be trained on. Files that give nothing are counted by their endings.

Memory: one file of ids, `_BATCH` pictures, and the list. Cost: as decoding the pictures; archives are gone through twice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from blake3 import blake3

from mmgic.duplicates.benchmark_files import benchmark_files
from mmgic.duplicates.benchmarks import Benchmark, benchmarks, ids_in_file
from mmgic.duplicates.exclusions import LIST, Exclusion
from mmgic.duplicates.hashes import hex_from_hash, perceptual_hashes, small_pictures
from mmgic.errors import InputError
from mmgic.images import PictureStatus, Reading
from mmgic.params import tree_digest
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import new_manifest
from mmgic.shards.work import Work

_BATCH = 64


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


def build_exclusions(place: Folder, *, threads: int, progress: Callable[[str, int, int | None], None]) -> Built:
    """Reads all benchmarks below `place`.

    Raises:
        InputError: no such folder, nothing of a benchmark in it, or a file of ids or an archive that cannot be read.
    """
    hint = "--benchmarks DIR, with a folder for each benchmark"
    if not place.exists():
        raise InputError("no such folder", where=place.url, hint=hint)
    built = Built()
    named: set[tuple[str, str]] = set()
    for number, file in enumerate(benchmark_files(place, built.counts), start=1):
        progress("files looked through for ids", number, None)
        entries = [(benchmark.name, entry) for benchmark in benchmarks() for entry in benchmark.id_files(file.name)]
        data = file.whole() if entries else b""
        for name, entry in entries:
            built.counts["files_of_ids"] += 1
            found = {Exclusion(name, "id", entry.namespace, x) for x in ids_in_file(entry, data, file.where)}
            built.exclusions |= found
            if found:
                named.add((name, entry.what))
            else:
                built.counts["files_of_ids_without_any"] += 1
        if not entries and not file.may_hold_pictures:
            built.counts[f"files_not_used{file.ending}"] += 1
    _add_pictures(built, place, threads, progress)
    if not built.exclusions:
        raise InputError("no ids and no pictures of benchmarks", where=place.url, hint=hint)
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


def _add_pictures(built: Built, place: Folder, threads: int, progress: Callable[[str, int, int | None], None]) -> None:
    """Hashes of all pictures. One that cannot be decoded is excluded by its bytes alone, and counted."""
    known = {benchmark.name: benchmark for benchmark in benchmarks()}
    ids = {(line.benchmark, line.namespace, line.value) for line in built.exclusions}
    pictures = _pictures(place, built.counts)
    while batch := list(islice(pictures, _BATCH)):
        found = [
            (name, file, data)
            for name, file, data, is_cell in batch
            if is_cell or _is_wanted(known.get(name), file, ids)
        ]
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


def _pictures(place: Folder, counts: Counter[str]) -> Iterator[tuple[str, str, bytes, bool]]:
    """Benchmark, file name and bytes of every picture, and whether a table has it."""
    for file in benchmark_files(place, Counter()):
        num_pictures = 0
        for name, data in file.pictures():
            num_pictures += 1
            if data is None:
                counts["pictures_not_read"] += 1
            else:
                yield file.benchmark, name, data, file.is_table
        if file.may_hold_pictures and not num_pictures:
            counts["tables_without_pictures"] += 1


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
