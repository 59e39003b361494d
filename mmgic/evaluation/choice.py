"""Label choice: given the picture, is a label that is present likelier than one that is absent? Chance is 50 %.

The absent label is drawn from the labels of the other held-out records of the same source, each as often as it occurs, so
that knowing which labels are frequent does not help. As a control the same pairs are scored with another record's picture:
what is right there was not read from the picture.
"""

from collections.abc import Iterable, Sequence as Seq

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from mmgic.evaluation.intervals import wilson_interval
from mmgic.evaluation.likelihood import token_log_likelihoods
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import ChoicePrediction
from mmgic.evaluation.records import HeldOut
from mmgic.schema.documents import Part, TextPart
from mmgic.schema.records import Record
from mmgic.template import label_prompt, wording
from mmgic.vocab.encode import encode_parts, joined

_DRAWS = 64


def choice_predictions(
    model: TrainedModel, held: HeldOut, recipe: str, *, per_record: int, seed: int, batch_size: int
) -> list[ChoicePrediction]:
    """At most `per_record` pairs for each held-out record that has a label, and another record to draw from."""
    by_source: dict[str, list[Record]] = {}
    for record in held.records:
        by_source.setdefault(record.source, []).append(record)
    pairs = [pair for records in by_source.values() for pair in _pairs(records, per_record, seed)]
    rows: list[NDArray[np.unsignedinteger]] = []
    starts: list[int] = []
    for record, other, present, absent in pairs:
        for shown in (record, other):
            for label in (present, absent):
                ids, start = _row(model, held, shown, recipe, label)
                rows.append(ids)
                starts.append(start)
    found = token_log_likelihoods(model, rows, batch_size)
    scores = [float(row[start - 1 :].sum()) for row, start in zip(found, starts, strict=True)]
    return [
        ChoicePrediction(record.key, record.source, present, absent, *scores[4 * n : 4 * n + 2], other.key, *scores[4 * n + 2 : 4 * n + 4])
        for n, (record, other, present, absent) in enumerate(pairs)
    ]


def choice_metrics(predictions: Iterable[ChoicePrediction]) -> dict[str, object]:
    """Accuracy with its Wilson interval, over all and by source, and the control with the wrong picture."""
    predictions = list(predictions)
    sources = sorted({prediction.source for prediction in predictions})
    by_source = {source: _accuracy([p for p in predictions if p.source == source]) for source in sources}
    return {**_accuracy(predictions), "by_source": by_source}


def _accuracy(predictions: Seq[ChoicePrediction]) -> dict[str, float]:
    right, count = sum(p.is_right for p in predictions), len(predictions)
    low, high = wilson_interval(right, count)
    without = sum(p.is_right_without for p in predictions)
    return {
        "accuracy": right / count if count else 0.0,
        "low": low,
        "high": high,
        "count": count,
        "wrong_picture_accuracy": without / count if count else 0.0,
    }


def _pairs(records: Seq[Record], per_record: int, seed: int) -> Iterable[tuple[Record, Record, str, str]]:
    pool = [label.name for record in records for label in record.labels]
    for number, record in enumerate(records):
        names = {label.name for label in record.labels}
        other = records[(number + 1) % len(records)]
        for label in record.labels[:per_record]:
            absent = _absent(pool, names, f"{seed}/choice/{record.key}/{label.id}")
            if absent and other is not record:
                yield record, other, label.name, absent


def _absent(pool: Seq[str], names: set[str], stream: str) -> str | None:
    """A draw from `pool` that is not in `names`; none where 64 draws do not find one."""
    for number in range(_DRAWS):
        draw = int.from_bytes(blake3(f"{stream}/{number}".encode()).digest()[:8], "big")
        if (name := pool[draw % len(pool)]) not in names:
            return name
    return None


def _row(model: TrainedModel, held: HeldOut, shown: Record, recipe: str, label: str) -> tuple[NDArray[np.unsignedinteger], int]:
    """Ids of picture, words before the label, label and end of line; and where the label starts."""
    prompt = label_prompt(shown, recipe)
    parts: list[Part] = [*prompt, TextPart(label, "label"), TextPart(wording.END, "template")]
    encoded = encode_parts(parts, model.vocabulary, held.codes_of(shown.key))
    ids, _ = joined(encoded, model.vocabulary, is_open=True)
    return ids, 1 + sum(len(part.ids) for part in encoded[: len(prompt)])
