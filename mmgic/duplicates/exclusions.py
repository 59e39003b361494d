"""The exclusion list: by which ids and hashes pictures of benchmarks are known.

A folder with `exclusions.jsonl.zst`, a line an id or hash, and a manifest whose facts say what could not be built. In memory
an entry is 10 bytes: ids and content hashes as 64 bits of their BLAKE3 (with a million entries and ten million pictures, one
run in a million loses a picture by mistake), perceptual hashes as they are. A picture's hash is compared with all, in 0.3 ms
for 100,000.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from mmgic.duplicates.in_benchmarks import BenchmarkMatch, Way
from mmgic.errors import InputError, ParamsError
from mmgic.schema.manifests import InputRef
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import MANIFEST, input_ref, manifest_digest, read_manifest

LIST = "exclusions.jsonl.zst"


class Exclusion(msgspec.Struct, frozen=True, order=True):
    """A line of the list. `namespace` is the set that an id belongs to (`coco`); `value` the id, BLAKE3 or perceptual hash."""

    benchmark: str
    way: Way
    namespace: str
    value: str


class ExclusionList(msgspec.Struct, frozen=True):
    """Which list is used, and how far perceptual hashes may differ; small enough to go to every worker."""

    url: str
    digest: str
    distance: int

    def matches(self, record: Record) -> list[BenchmarkMatch]:
        """The benchmarks that a record's picture is in."""
        return _loaded(self).matches(record)


def exclusion_list(url: str, distance: int, seen_from: Folder) -> tuple[ExclusionList, InputRef]:
    """The list that the params name, and how a folder at `seen_from` refers to it.

    Raises:
        ParamsError: there is none.
        InputError: what is there is no such list.
    """
    folder = Folder(url)
    if not folder.exists(MANIFEST):
        raise ParamsError(
            f"no exclusion list in `{url}`",
            where="normalize.exclusions",
            hint=f"mmgic decontaminate --benchmarks DIR --out {url}, or without one: --set normalize.exclusions=''",
        )
    manifest = read_manifest(folder, "exclusions")
    ref = input_ref(folder, manifest, seen_from)
    return ExclusionList(url, ref.digest, distance), ref


class _Marks:
    """Marks in order, each with the number of its benchmark."""

    def __init__(self, marks: Sequence[int], owners: Sequence[int]) -> None:
        order = np.argsort(np.array(marks, dtype=np.uint64), kind="stable")
        self.marks: NDArray[np.uint64] = np.array(marks, dtype=np.uint64)[order]
        self.owners: NDArray[np.uint16] = np.array(owners, dtype=np.uint16)[order]

    def equal(self, mark: int) -> Iterator[int]:
        first, last = (np.searchsorted(self.marks, np.uint64(mark), side) for side in ("left", "right"))
        yield from self.owners[first:last].tolist()

    def near(self, mark: int, distance: int) -> Iterator[int]:
        yield from self.owners[np.bitwise_count(self.marks ^ np.uint64(mark)) <= distance].tolist()


class Exclusions:
    """The whole list in memory.

    Args:
        lines: of the list, in any order.
        distance: bits in which perceptual hashes may differ; -1: they are not compared.
    """

    def __init__(self, lines: Sequence[Exclusion], distance: int) -> None:
        self._distance = distance
        self._names = sorted({line.benchmark for line in lines})
        numbers = {name: number for number, name in enumerate(self._names)}
        sure = [line for line in lines if line.way != "near"]
        near = [line for line in lines if line.way == "near"]
        self._sure = _Marks([_mark(x.way, x.namespace, x.value) for x in sure], [numbers[x.benchmark] for x in sure])
        self._near = _Marks([int(x.value, 16) for x in near], [numbers[x.benchmark] for x in near])

    def matches(self, record: Record) -> list[BenchmarkMatch]:
        """The benchmarks that a record's picture is in, each with the first way that finds it: id, bytes, perceptual hash."""
        found: dict[int, Way] = {}
        for namespace, value in record.ids.items():
            found.update(dict.fromkeys(self._sure.equal(_mark("id", namespace, value)), "id"))
        for owner in self._sure.equal(_mark("exact", "", record.blake3)):
            found.setdefault(owner, "exact")
        if record.perceptual_hash and self._distance >= 0:
            for owner in self._near.near(int(record.perceptual_hash, 16), self._distance):
                found.setdefault(owner, "near")
        return [BenchmarkMatch(self._names[owner], way) for owner, way in sorted(found.items())]


def _mark(way: Way, namespace: str, value: str) -> int:
    return int.from_bytes(blake3(f"{way}\0{namespace}\0{value}".encode()).digest(length=8))


@lru_cache(maxsize=1)
def _loaded(which: ExclusionList) -> Exclusions:
    folder = Folder(which.url)
    manifest = read_manifest(folder, "exclusions")
    if manifest_digest(manifest) != which.digest:
        raise InputError("the exclusion list was replaced meanwhile", where=folder.url, hint="start again")
    (entry,) = manifest.shards
    return Exclusions(list(read_lines(folder, entry, Exclusion)), which.distance)
