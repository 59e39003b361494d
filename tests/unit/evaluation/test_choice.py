import numpy as np
import pytest
import torch

from mmgic.evaluation.choice import choice_metrics, choice_predictions
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import ChoicePrediction
from mmgic.evaluation.records import HeldOut
from mmgic.schema.documents import TextPart
from mmgic.template import label_prompt
from mmgic.vocab.encode import encode_parts, joined


@pytest.mark.parametrize("recipe", ["C", "CL"])
def test_scores_are_sums_over_the_label_and_its_line_end(trained: TrainedModel, held: HeldOut, recipe: str) -> None:
    predictions = choice_predictions(trained, held, recipe, per_record=4, seed=1, batch_size=5)
    assert [(p.key, p.present) for p in predictions] == [("r0", "cat"), ("r1", "dog"), ("r1", "bird"), ("r2", "fish")]
    first = predictions[0]
    record = held.records[0]
    prompt = [*label_prompt(record, recipe)]
    parts = [*prompt, TextPart("cat", "label"), TextPart("\n", "template")]
    encoded = encode_parts(parts, trained.vocabulary, held.codes_of(record.key))
    ids, _ = joined(encoded, trained.vocabulary, is_open=True)
    start = len(joined(encoded[: len(prompt)], trained.vocabulary, is_open=True)[0])
    with torch.inference_mode():
        logits = trained.network(input_ids=torch.tensor([ids.tolist()]), use_cache=False).logits[0]
    log_p = torch.log_softmax(logits.double(), -1).numpy()
    expected = sum(log_p[place - 1, int(ids[place])] for place in range(start, len(ids)))
    assert first.present_nats == pytest.approx(expected, abs=1e-4)


def test_absent_labels_are_absent_and_the_same_every_time(trained: TrainedModel, held: HeldOut) -> None:
    names = {record.key: {label.name for label in record.labels} for record in held.records}
    runs = [choice_predictions(trained, held, "CL", per_record=1, seed=3, batch_size=8) for _ in range(2)]
    assert runs[0] == runs[1]
    assert all(p.absent not in names[p.key] and p.other_key != p.key for p in runs[0])
    assert len(runs[0]) == 3


def test_one_record_alone_gives_no_pair(trained: TrainedModel, held: HeldOut) -> None:
    alone = HeldOut(held.records[:1], held.codes, held.pixels)
    assert choice_predictions(trained, alone, "CL", per_record=4, seed=1, batch_size=8) == []


def test_metrics_count_what_is_right() -> None:
    def made(source: str, gap: float, other: float) -> ChoicePrediction:
        return ChoicePrediction("k", source, "a", "b", gap, 0.0, "o", other, 0.0)

    metrics = choice_metrics([made("x", 1, -1), made("x", 1, 1), made("y", -1, 1), made("y", 0, 1)])
    assert metrics["accuracy"] == 0.5
    assert metrics["wrong_picture_accuracy"] == 0.75
    assert metrics["by_source"]["x"]["accuracy"] == 1.0  # type: ignore[index]
    assert metrics["by_source"]["y"]["accuracy"] == 0.0  # type: ignore[index]
    assert np.isclose(metrics["low"], 0.15, atol=0.01)  # type: ignore[arg-type]


def test_nothing_to_choose_is_no_score() -> None:
    assert choice_metrics([]) == {
        "accuracy": 0.0, "low": 0.0, "high": 1.0, "count": 0, "wrong_picture_accuracy": 0.0, "by_source": {},
    }  # fmt: skip
