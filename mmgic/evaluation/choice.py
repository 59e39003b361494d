"""Label choice: given the picture, is a label that is present likelier than one that is absent? Chance is 50 %.

Two records of one source share a pair of labels, each having one of them: first the one's picture is shown, then the other's.
Whoever only knows which labels are frequent is right exactly once, so that what lies above 50 % was read from the picture. As a
control the same questions are asked of pictures that have neither label: that should come out near 50 %.

The interval takes questions as independent; those of one pair or one picture are not quite.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Seq
from itertools import islice

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from mmgic.evaluation.intervals import wilson_interval
from mmgic.evaluation.likelihood import OnDone, token_log_likelihoods
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import ChoicePrediction
from mmgic.evaluation.records import HeldOut
from mmgic.schema.documents import Part, TextPart
from mmgic.schema.records import Record
from mmgic.template import label_prompt, wording
from mmgic.vocab.encode import encode_parts, joined

Pair = tuple[Record, str, str, Record | None]
"""A record, a label that it has, one that it has not, and a record that has neither (none where all have one)."""


def choice_predictions(
    model: TrainedModel, held: HeldOut, recipe: str, *, per_record: int, seed: int, batch_size: int, on_done: OnDone
) -> list[ChoicePrediction]:
    """At most `per_record` pairs for each two held-out records that follow each other in a seeded order."""
    by_source: dict[str, list[Record]] = {}
    for record in held.records:
        by_source.setdefault(record.source, []).append(record)
    pairs = [pair for records in by_source.values() for pair in label_pairs(records, per_record, seed)]
    asked = [
        _row(model, held, shown, recipe, label)
        for record, present, absent, other in pairs
        for shown in ((record, other) if other else (record,))
        for label in (present, absent)
    ]
    found = token_log_likelihoods(model, [ids for ids, _ in asked], batch_size, on_done)
    scores = iter([float(row[start - 1 :].sum()) for row, (_, start) in zip(found, asked, strict=True)])
    return [
        ChoicePrediction(
            key=record.key,
            source=record.source,
            present=present,
            absent=absent,
            present_nats=next(scores),
            absent_nats=next(scores),
            other_key=other.key if other else None,
            other_present_nats=next(scores) if other else None,
            other_absent_nats=next(scores) if other else None,
        )
        for record, present, absent, other in pairs
    ]


def choice_metrics(predictions: Iterable[ChoicePrediction]) -> dict[str, object]:
    """Accuracy with its Wilson interval, over all and by source, and that of the control; nothing where none was asked."""
    predictions = list(predictions)
    sources = sorted({prediction.source for prediction in predictions})
    by_source = {source: _accuracy([p for p in predictions if p.source == source]) for source in sources}
    return {**_accuracy(predictions), "by_source": by_source}


def label_pairs(records: Seq[Record], per_record: int, seed: int) -> Iterator[Pair]:
    """Pairs of labels that one of two neighbours has and the other lacks, each asked of both.

    The two controls of a pair show different pictures: with one picture for both exactly one answer would be right, whatever
    the model.
    """
    order = sorted(records, key=lambda record: blake3(f"{seed}/choice/{record.key}".encode()).digest())
    for place, first in enumerate(order[:-1] if len(order) == 2 else order):
        second = order[(place + 1) % len(order)]
        ours, theirs = _names(first), _names(second)
        only_ours = [name for name in ours if name not in theirs]
        only_theirs = [name for name in theirs if name not in ours]
        for one, other in list(zip(only_ours, only_theirs, strict=False))[:per_record]:
            rest = (order[(place + step) % len(order)] for step in range(2, len(order)))
            controls = list(islice((record for record in rest if not {one, other} & set(_names(record))), 2))
            third, fourth = controls if len(controls) == 2 else (None, None)
            yield first, one, other, third
            yield second, other, one, fourth


def _names(record: Record) -> list[str]:
    return [label.name for label in record.labels]


def _accuracy(predictions: Seq[ChoicePrediction]) -> dict[str, float | None]:
    right, count = sum(p.is_right for p in predictions), len(predictions)
    low, high = wilson_interval(right, count)
    controls = [p.is_right_without for p in predictions if p.is_right_without is not None]
    return {
        "accuracy": right / count if count else None,
        "low": low,
        "high": high,
        "count": count,
        "wrong_picture_accuracy": sum(controls) / len(controls) if controls else None,
    }


def _row(
    model: TrainedModel, held: HeldOut, shown: Record, recipe: str, label: str
) -> tuple[NDArray[np.unsignedinteger], int]:
    """Ids of picture, words before the label, label and end of line; and where the label starts."""
    prompt = label_prompt(shown, recipe)
    parts: list[Part] = [*prompt, TextPart(label, "label"), TextPart(wording.END, "template")]
    encoded = encode_parts(parts, model.vocabulary, held.codes_of(shown.key))
    ids, _ = joined(encoded, model.vocabulary, is_open=True)
    return ids, 1 + sum(len(part.ids) for part in encoded[: len(prompt)])
