import numpy as np
import pytest
import torch

from mmgic.evaluation.choice import choice_metrics, choice_predictions, label_pairs
from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.predictions import ChoicePrediction
from mmgic.evaluation.records import HeldOut
from mmgic.schema.documents import TextPart
from mmgic.schema.records import Label, Record
from mmgic.template import label_prompt
from mmgic.vocab.encode import encode_parts, joined


def silent(done: int, total: int) -> None:
    """Hears nothing."""


def with_labels(key: str, *names: str) -> Record:
    labels = [Label(f"t:{name}", name) for name in names]
    return Record(key, "t", "val", "png", 8, 8, 1, (0.0, 0.0, 8.0, 8.0), [], labels, [], [])


@pytest.mark.parametrize("recipe", ["C", "CL"])
def test_scores_are_sums_over_the_label_and_its_line_end(trained: TrainedModel, held: HeldOut, recipe: str) -> None:
    predictions = choice_predictions(trained, held, recipe, per_record=4, seed=1, batch_size=5, on_done=silent)
    assert {(p.key, p.present) for p in predictions} >= {("r0", "cat"), ("r2", "fish")}
    first = next(p for p in predictions if p.key == "r0")
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


def test_predictions_are_the_same_every_time(trained: TrainedModel, held: HeldOut) -> None:
    runs = [
        choice_predictions(trained, held, "CL", per_record=1, seed=3, batch_size=8, on_done=silent) for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 6


def test_every_pair_is_asked_both_ways_so_that_frequency_does_not_help() -> None:
    random = np.random.default_rng(0)
    common = ["person"] * 8 + ["car", "cup", "dog", "kite"]
    records = [with_labels(f"r{n}", *dict.fromkeys(random.choice(common, 3).tolist())) for n in range(200)]
    pairs = list(label_pairs(records, 4, seed=1))
    names = {record.key: {label.name for label in record.labels} for record in records}
    assert len(pairs) > 100
    frequency = {name: sum(name in labels for labels in names.values()) for name in common}
    right = 0.0
    for record, present, absent, other in pairs:
        assert present in names[record.key]
        assert absent not in names[record.key]
        assert other is None or not {present, absent} & names[other.key]
        gap = frequency[present] - frequency[absent]
        right += 0.5 if gap == 0 else gap > 0
    assert right / len(pairs) == 0.5
    halves = zip(pairs[::2], pairs[1::2], strict=True)
    assert all(one[3] is None or one[3] is not two[3] for one, two in halves), (
        "one picture for both is 50 % by construction"
    )


@pytest.mark.parametrize("records", [[], [with_labels("a", "x")], [with_labels("a", "x"), with_labels("b", "x")]])
def test_nothing_to_tell_apart_gives_no_pair(records: list[Record]) -> None:
    assert list(label_pairs(records, 4, 1)) == []


def test_two_records_are_paired_once_and_have_no_control() -> None:
    pairs = list(label_pairs([with_labels("a", "x"), with_labels("b", "y", "z")], 4, 1))
    assert sorted((record.key, present, absent, other) for record, present, absent, other in pairs) == [
        ("a", "x", "y", None),
        ("b", "y", "x", None),
    ]


def test_metrics_count_what_is_right() -> None:
    def made(source: str, gap: float, other: float | None) -> ChoicePrediction:
        return ChoicePrediction("k", source, "a", "b", gap, 0.0, "o", other, None if other is None else 0.0)

    metrics = choice_metrics([made("x", 1, -1), made("x", 1, 1), made("y", -1, 1), made("y", 0, None)])
    assert metrics["accuracy"] == 0.5
    assert metrics["wrong_picture_accuracy"] == pytest.approx(2 / 3)
    assert metrics["by_source"]["x"]["accuracy"] == 1.0  # type: ignore[index]
    assert metrics["by_source"]["y"]["accuracy"] == 0.0  # type: ignore[index]
    assert np.isclose(metrics["low"], 0.15, atol=0.01)  # type: ignore[arg-type]


def test_nothing_to_choose_is_no_score() -> None:
    nothing = {"accuracy": None, "low": 0.0, "high": 1.0, "count": 0, "wrong_picture_accuracy": None, "by_source": {}}
    assert choice_metrics([]) == nothing
