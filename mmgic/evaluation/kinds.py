"""Loss by kind of token on held-out documents: nats a token, each document read as in training."""

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from mmgic.evaluation.likelihood import OnDone, token_log_likelihoods
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import LossPrediction
from mmgic.evaluation.records import HeldOut
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import TemplateParams
from mmgic.schema.sequences import TOKEN_KINDS
from mmgic.template import document_from_record
from mmgic.vocab.encode import sequence_from_document
from mmgic.vocab.parts import truncated_sequence

_GROUPS: Mapping[str, tuple[str, ...]] = {"visual": ("image", "region"), "all": TOKEN_KINDS}


def loss_predictions(
    model: TrainedModel, held: HeldOut, template: TemplateParams, seed: int, batch_size: int, on_done: OnDone
) -> tuple[list[LossPrediction], dict[str, int]]:
    """Summed loss and number of tokens of each kind for each held-out document; and how many were skipped or cut, by cause."""
    vocabulary = model.vocabulary
    ids, kinds, keys = [], [], []
    lost: Counter[str] = Counter()
    for record in held.records:
        document = document_from_record(record, template, seed)
        if isinstance(document, Rejection):
            lost[f"skipped.{document.cause}"] += 1
            continue
        whole = sequence_from_document(document, vocabulary, held.codes_of(record.key))
        sequence = truncated_sequence(whole, model.row_length, vocabulary.id_type.itemsize, vocabulary.image_end_id)
        if sequence is None:
            lost["skipped.too_long"] += 1
            continue
        lost["cut"] += sequence.lengths[0] < whole.lengths[0]
        ids.append(np.frombuffer(sequence.ids, vocabulary.id_type))
        kinds.append(np.frombuffer(sequence.kinds, np.uint8)[1:])
        keys.append(record.key)
    predictions = []
    for key, kind, found in zip(keys, kinds, token_log_likelihoods(model, ids, batch_size, on_done), strict=True):
        sums = np.bincount(kind, weights=-found, minlength=len(TOKEN_KINDS))
        counts = np.bincount(kind, minlength=len(TOKEN_KINDS))
        predictions.append(
            LossPrediction(
                key=key,
                nats={name: float(sums[n]) for n, name in enumerate(TOKEN_KINDS) if counts[n]},
                tokens={name: int(counts[n]) for n, name in enumerate(TOKEN_KINDS) if counts[n]},
            )
        )
    return predictions, {cause: count for cause, count in sorted(lost.items()) if count}


def loss_by_kind(predictions: Iterable[LossPrediction]) -> dict[str, float]:
    """Mean loss in nats a token of each kind that occurs, and of the groups `visual` and `all`."""
    nats: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for prediction in predictions:
        nats.update(prediction.nats)
        tokens.update(prediction.tokens)
    for group, members in _GROUPS.items():
        nats[group] = sum(nats[name] for name in members)
        tokens[group] = sum(tokens[name] for name in members)
    return {name: nats[name] / count for name, count in sorted(tokens.items()) if count}
