"""The second pass of `normalize`: shards that have duplicates are written again without them; the others are moved.

What is decided depends on all shards, so it starts when the first pass is through, which writes into a folder of its own. A
shard is rewritten from there, never in place, and moved to the output when its note is written, so that a killed run finds
all that it needs. Pictures of benchmarks, which came into no shard, are decided about before all others, so that their copies
go with them; then the splits that are held out, so that they lose nothing to training. Memory is one record, and the keys of
some shards.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import cast

import msgspec

from mmgic.duplicates.decisions import Decisions, Drop, decided
from mmgic.duplicates.fingerprints import columns_of_shards, keys_of
from mmgic.duplicates.in_benchmarks import (
    BenchmarkMatch,
    Decontamination,
    InBenchmark,
    Way,
    decontamination,
    excluded_name,
    has_in_benchmarks,
    in_benchmarks,
    in_words,
    is_excluded_name,
    write_in_benchmarks,
)
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import DuplicateParams
from mmgic.schema.records import Record
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.records import read_record_shard, write_record_shard
from mmgic.shards.work import UnitNote, UnitNotes, Work
from mmgic.sources.normalize import NOTICED, rejected_stats_name, stats_name
from mmgic.sources.statistics import add_record, add_rejected, merged
from mmgic.sources.tallies import dropped_with, num_boxes

_SHARDS_OF_KEYS = 256
_TRAINING = ("restval", "train")  # Karpathy's restval is trained on


class CleaningUnit(msgspec.Struct, frozen=True):
    """A shard and what it loses."""

    shard: str
    drops: list[Drop]


@contextmanager
def decided_about(shards: Sequence[str], drafts: Folder, work: Work, params: DuplicateParams) -> Iterator[Decisions]:
    """What is decided about the records of all shards, and what was excluded; it lies on disk while the block lasts."""
    ordered = sorted(shards, key=_held_out_first)
    excluded = [name for name in map(excluded_name, ordered) if has_in_benchmarks(drafts, name)]
    names = [*excluded, *ordered]
    with tempfile.TemporaryDirectory(dir=work.root.path if work.root.is_local else None) as place:
        columns = columns_of_shards(drafts, names, Path(place))
        yield decided(names, columns, params, Path(place))


def shards_decided(decisions: Decisions, shards: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Every shard, in the order given, and whether it loses something."""
    return ((shard, decisions.has_drops(number)) for shard, number in _numbered(decisions, shards))


def units_with_drops(decisions: Decisions, shards: Sequence[str]) -> Iterator[CleaningUnit]:
    """The shards that lose something, in the order given."""
    for shard, number in _numbered(decisions, shards):
        if decisions.has_drops(number):
            yield CleaningUnit(shard, decisions.drops(number))


def _numbered(decisions: Decisions, shards: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The shards with their numbers in the order in which they were decided about."""
    numbers = {name: number for number, name in enumerate(decisions.shards)}
    return ((shard, numbers[shard]) for shard in shards)


def _held_out_first(shard: str) -> tuple[bool, str]:
    """Its split's place. Within one the shards stay in order, so how many records a shard holds decides nothing."""
    split = shard.rpartition("-")[0]
    return split in _TRAINING, split


class Cleaning:
    """Writes shards again without their duplicates. Goes to workers as it is.

    Args:
        work: its notes are those of the first pass.
        first: the shards and figures of the first pass.
        drafts: what it left beside.
    """

    def __init__(self, work: Work, first: Folder, drafts: Folder) -> None:
        self.first, self.first_notes, self.drafts, self.files = first, work.units, drafts, work.files
        self.cleaned = work.root / "cleaned"
        self.notes = UnitNotes(work.root / "cleaned_units")

    def write(self, unit: CleaningUnit) -> UnitNote:
        """Writes a shard without what it loses, unless an earlier run did; what it loses becomes rejections."""
        return self.notes.once(unit.shard, lambda: self._written(unit))

    def take_cleaned(self, shard: str, note: UnitNote) -> UnitNote:
        """Moves a cleaned shard and its figures to the output, unless an earlier run did; gives the note back."""
        self._move(self.cleaned, shard)
        return note

    def take_first(self, shard: str) -> UnitNote:
        """The same for a shard that loses nothing."""
        self._move(self.first, shard)
        return self.first_notes.read(shard)

    def _move(self, source: Folder, shard: str) -> None:
        (self.files / "stats").make()
        for name in (shard, stats_name(shard)):
            if source.exists(name):
                self.files.fs.mv(source.file(name), self.files.file(name))

    def _written(self, unit: CleaningUnit) -> UnitNote:
        first = self.first_notes.read(unit.shard)
        (entry,) = first.entries
        drops = {drop.row: drop for drop in unit.drops}
        rejections = list(first.rejections)
        stats = RecordStats()
        rejected = msgspec.json.decode(self.drafts.read(rejected_stats_name(unit.shard)), type=RecordStats)
        copies: list[InBenchmark] = []

        def records() -> Iterator[tuple[Record, bytes]]:
            for row, (record, picture) in enumerate(read_record_shard(self.first, entry)):
                if row in drops:
                    copy = self._copy_of_excluded(record, drops[row])
                    if copy:
                        copies.append(copy)
                    rejections.append(self._rejection(record, drops[row], copy))
                    add_rejected(rejected, record.source, rejections[-1].cause, num_boxes(record), dropped_with(record))
                else:
                    add_record(stats, record)
                    yield record, picture

        written = write_record_shard(self.cleaned, unit.shard, entry.split, records())
        if not written.count:
            self.cleaned.remove(unit.shard)
        together = merged([stats, rejected])
        self.cleaned.write(stats_name(unit.shard), msgspec.json.encode(together))
        if copies:
            write_in_benchmarks(self.drafts, unit.shard, copies)
        noticed = {name: count for name, count in first.counts.items() if name.startswith(NOTICED)}
        return UnitNote([written] if written.count else [], rejections, {**together.counts, **noticed})

    def _rejection(self, record: Record, drop: Drop, copy: InBenchmark | None) -> Rejection:
        kept = _keys(self.drafts.url, drop.kept_shard)[drop.kept_row]
        near = f", distance {drop.distance}" if drop.cause == "duplicate_near" else ""
        if copy:
            return Rejection(record.key, "in_benchmark", f"{in_words(copy.matches)}, as {kept}{near}")
        return Rejection(record.key, drop.cause, f"{kept} in {drop.kept_shard}{near}")

    def _copy_of_excluded(self, record: Record, drop: Drop) -> InBenchmark | None:
        """The record as a picture of the benchmarks that have the one it is a copy of, where they do."""
        if drop.cause == "duplicate_key" or not is_excluded_name(drop.kept_shard):
            return None
        original = _excluded(self.drafts.url, drop.kept_shard)[drop.kept_row]
        way = cast(Way, drop.cause.removeprefix("duplicate_"))
        matches = [BenchmarkMatch(match.benchmark, way) for match in original.matches if match.way != "near"]
        return InBenchmark(record.key, record.source, matches)


def decontamination_of(shards: Sequence[str], drafts: Folder) -> Decontamination:
    """The report on all pictures that benchmarks have, when all shards are cleaned."""
    names = (name for shard in shards for name in (excluded_name(shard), shard))
    return decontamination(in_benchmarks(drafts, name) for name in names if has_in_benchmarks(drafts, name))


@lru_cache(maxsize=_SHARDS_OF_KEYS)
def _excluded(drafts: str, name: str) -> list[InBenchmark]:
    return [picture for picture in in_benchmarks(Folder(drafts), name) if picture.is_sure]


@lru_cache(maxsize=_SHARDS_OF_KEYS)
def _keys(drafts: str, shard: str) -> list[str]:
    return keys_of(Folder(drafts), shard)
