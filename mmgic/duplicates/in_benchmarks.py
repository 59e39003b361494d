"""Pictures of a run that benchmarks have: what is written of them beside the shards, and the report on them all."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from mmgic.shards.folder import Folder

Way = Literal["id", "exact", "near"]
"""How a picture is known: by a name in some set, by its bytes, by its perceptual hash."""

REPORT = "decontamination.json"
_EXCLUDED = ".excluded"


class BenchmarkMatch(msgspec.Struct, frozen=True):
    """A benchmark that a picture is in, and the surest way in which that is known."""

    benchmark: str
    way: Way


class InBenchmark(msgspec.Struct, frozen=True):
    """A picture that was dropped for the benchmarks that it is in."""

    key: str
    source: str
    matches: list[BenchmarkMatch]

    @property
    def is_sure(self) -> bool:
        """Whether more than a near hash says so."""
        return any(match.way != "near" for match in self.matches)


class Contamination(msgspec.Struct, frozen=True):
    """How many pictures of a source were dropped for a benchmark, and in which way it was known that they are in it."""

    benchmark: str
    source: str
    way: Way
    pictures: int


class Decontamination(msgspec.Struct, frozen=True):
    """`pictures` were dropped in all; one that is in several benchmarks is in a line of each."""

    pictures: int
    dropped: list[Contamination]


def in_words(matches: Iterable[BenchmarkMatch]) -> str:
    """The benchmarks as a rejection's detail names them: `coco-caption by id, pope by id`."""
    return ", ".join(f"{match.benchmark} by {match.way}" for match in matches)


def excluded_name(shard: str) -> str:
    """Under which name the pictures that never came into a shard stand beside its own."""
    return f"{shard}{_EXCLUDED}"


def is_excluded_name(name: str) -> bool:
    """Whether a name is one of these, and not that of a shard."""
    return name.endswith(_EXCLUDED)


def write_in_benchmarks(drafts: Folder, name: str, pictures: list[InBenchmark]) -> None:
    """Writes pictures that are dropped, in their order."""
    drafts.write(_file(name), msgspec.json.encode(pictures))


def has_in_benchmarks(drafts: Folder, name: str) -> bool:
    """Whether pictures were written under a name."""
    return drafts.exists(_file(name))


def in_benchmarks(drafts: Folder, name: str) -> list[InBenchmark]:
    """What was written under a name."""
    return msgspec.json.decode(drafts.read(_file(name)), type=list[InBenchmark])


def decontamination(groups: Iterable[list[InBenchmark]]) -> Decontamination:
    """The report on all pictures."""
    counts: Counter[tuple[str, str, Way]] = Counter()
    num_pictures = 0
    for pictures in groups:
        num_pictures += len(pictures)
        counts.update((match.benchmark, picture.source, match.way) for picture in pictures for match in picture.matches)
    return Decontamination(num_pictures, [Contamination(*names, count) for names, count in sorted(counts.items())])


def report_lines(report: Decontamination) -> Iterator[str]:
    """The report for people."""
    yield f"{report.pictures:,} pictures dropped that benchmarks have ({REPORT})"
    for line in report.dropped:
        yield f"  {f'{line.benchmark}, {line.source}, by {line.way}':<34} {line.pictures:>14,}"


def _file(name: str) -> str:
    return f"{name}.in-benchmarks.json"
