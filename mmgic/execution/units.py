"""The notes of all units to the finished folder: sums the counts, checks what was lost, commits.

Rejections pass straight through to their file, so that memory does not grow with them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from mmgic.errors import InputError, TooManyBadError
from mmgic.execution.call import Outcome
from mmgic.schema.manifests import Rejection, ShardEntry
from mmgic.shards.manifest import write_rejections
from mmgic.shards.work import UnitNote, Work

_REMEDIES = {
    "missing_picture": "see in docs/sources where its pictures must lie below --in, and fetch again",
    "no_caption": "let `mmgic caption` write captions where the records have none (docs/captions.md)",
    "size_mismatch": "set normalize.size_mismatch to `scale` or `trust`",
}
"""What to do about a cause that is nearly all of what was lost."""


def commit_units(
    work: Work,
    notes: Iterable[UnitNote],
    *,
    total: str,
    max_bad_fraction: float,
    wanted: Collection[str] = (),
    needed: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Outcome:
    """Commits a folder whose shards are those of `notes`, in their order.

    Args:
        total: the count that rejections are a fraction of.
        wanted: causes of rejections that were asked for (a filter, a duplicate) and so are not bad.
        needed: a count that must not be 0, or none.

    Raises:
        TooManyBadError: more than `max_bad_fraction` of them were rejected; the causes are named.
        InputError: nothing is left of what is needed.
    """
    entries: list[ShardEntry] = []
    counts: Counter[str] = Counter()

    def rejections() -> Iterator[Rejection]:
        for note in notes:
            entries.extend(note.entries)
            counts.update(note.counts)
            yield from note.rejections

    causes = write_rejections(work.files, rejections())
    counts.update({f"rejected.{cause}": count for cause, count in causes.items()})
    bad = {cause: count for cause, count in causes.items() if cause not in wanted}
    check_bad_fraction(bad, counts[total], max_bad_fraction, work.files.file("rejected.jsonl"))
    if needed and not counts[needed]:
        raise InputError(f"{counts[total]} {total} leave no {needed}", where=work.files.file("rejected.jsonl"))
    manifest = msgspec.structs.replace(
        work.manifest,
        shards=entries,
        counts=dict(sorted(counts.items())),
        facts=dict(facts or {}),
    )
    return Outcome(work.commit(manifest), metrics=manifest.counts)


def check_bad_fraction(causes: Mapping[str, int], num_all: int, limit: float, where: str) -> None:
    """Stops a stage that lost too many records, by their number for each cause.

    Raises:
        TooManyBadError: more than `limit` of `num_all` were rejected; the causes are named.
    """
    num_bad = sum(causes.values())
    if num_bad > limit * num_all:
        most_first = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
        raise TooManyBadError(
            f"{num_bad} of {num_all} were rejected, more than max_bad_fraction {limit:g}: "
            + ", ".join(f"{cause} {count}" for cause, count in most_first),
            where=where,
            hint=f"{_REMEDIES.get(most_first[0][0], 'mend what is named there')}, or raise this stage's max_bad_fraction "
            "(--set STAGE.max_bad_fraction=...)",
        )
