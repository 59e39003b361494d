"""The notes of all units to the finished folder: sums the counts, checks what was lost, commits."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from mmgic.errors import InputError, TooManyBadError
from mmgic.execution.call import Outcome
from mmgic.schema.manifests import Rejection
from mmgic.shards.manifest import write_rejections
from mmgic.shards.work import UnitNote, Work


def commit_units(
    work: Work,
    notes: Iterable[UnitNote],
    *,
    total: str,
    max_bad_fraction: float,
    needed: str = "",
    facts: Mapping[str, Any] | None = None,
) -> Outcome:
    """Commits a folder whose shards are those of `notes`, in their order.

    Args:
        total: the count that rejections are a fraction of.
        needed: a count that must not be 0, or none.

    Raises:
        TooManyBadError: more than `max_bad_fraction` of them were rejected; the causes are named.
        InputError: nothing is left of what is needed.
    """
    notes = list(notes)
    rejections = [rejection for note in notes for rejection in note.rejections]
    counts: Counter[str] = Counter()
    for note in notes:
        counts.update(note.counts)
    causes = write_rejections(work.files, rejections)
    counts.update({f"rejected.{cause}": count for cause, count in causes.items()})
    check_bad_fraction(rejections, counts[total], max_bad_fraction, work.files.file("rejected.jsonl"))
    if needed and not counts[needed]:
        raise InputError(f"{counts[total]} {total} leave no {needed}", where=work.files.file("rejected.jsonl"))
    manifest = msgspec.structs.replace(
        work.manifest,
        shards=[entry for note in notes for entry in note.entries],
        counts=dict(sorted(counts.items())),
        facts=dict(facts or {}),
    )
    return Outcome(work.commit(manifest), metrics=manifest.counts)


def check_bad_fraction(rejections: list[Rejection], num_all: int, limit: float, where: str) -> None:
    """Stops a stage that lost too many records.

    Raises:
        TooManyBadError: more than `limit` of `num_all` were rejected; the causes are named.
    """
    if len(rejections) > limit * num_all:
        causes = Counter(rejection.cause for rejection in rejections).most_common()
        raise TooManyBadError(
            f"{len(rejections)} of {num_all} were rejected, more than max_bad_fraction {limit:g}: "
            + ", ".join(f"{cause} {count}" for cause, count in causes),
            where=where,
            hint="mend what is named there, or raise this stage's max_bad_fraction (--set STAGE.max_bad_fraction=...)",
        )
