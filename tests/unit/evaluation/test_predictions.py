import msgspec

from mmgic.evaluation.predictions import CaptionPrediction, ChoicePrediction, LossPrediction, Prediction


def test_lines_say_their_task_and_read_back() -> None:
    predictions = [
        LossPrediction("k", {"image": 1.0}, {"image": 2}),
        ChoicePrediction("k", "s", "a", "b", -1.0, -2.0, "o", -3.0, -2.5),
        CaptionPrediction("k", "text", ["reference"]),
    ]
    lines = [msgspec.json.encode(prediction) for prediction in predictions]
    assert [msgspec.json.decode(line)["task"] for line in lines] == ["loss", "label_choice", "caption"]
    assert [msgspec.json.decode(line, type=Prediction) for line in lines] == predictions  # type: ignore[arg-type]
    assert predictions[1].is_right and not predictions[1].is_right_without  # type: ignore[union-attr]
