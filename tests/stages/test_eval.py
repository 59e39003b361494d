"""The eval command: what it writes, that the metrics are those of the predictions, and what it refuses."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from mmgic.evaluation.captions import caption_metrics
from mmgic.evaluation.choice import choice_metrics
from mmgic.evaluation.kinds import loss_by_kind
from mmgic.evaluation.predictions import CaptionPrediction, ChoicePrediction, LossPrediction, Prediction
from mmgic.schema.manifests import Manifest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def results(run: Run, made: Path, model: Path) -> Path:
    done = run("eval", "--in", model, "--records", made / "records", "--out", made / "results", "--json")
    told = msgspec.json.decode(done.stdout)
    assert told["stage"] == "eval"
    assert told["metrics"]["records"] == 6
    assert "label choice (chance 50 %)" in done.stderr
    assert str(made / "results" / "pictures.png") in done.stderr
    return made / "results"


def test_metrics_are_computed_from_the_predictions(results: Path) -> None:
    lines = (results / "predictions.jsonl").read_bytes().splitlines()
    predictions: list[Prediction] = [msgspec.json.decode(line, type=Prediction) for line in lines]  # type: ignore[arg-type]
    metrics = msgspec.json.decode((results / "metrics.json").read_bytes())
    assert metrics["loss"] == loss_by_kind(p for p in predictions if isinstance(p, LossPrediction))
    assert metrics["label_choice"] == choice_metrics(p for p in predictions if isinstance(p, ChoicePrediction))
    assert metrics["captions"] == caption_metrics(p for p in predictions if isinstance(p, CaptionPrediction))
    assert {"caption", "label", "description", "visual"} <= set(metrics["loss"])
    assert metrics["label_choice"]["count"] > 5
    manifest = msgspec.json.decode((results / "manifest.json").read_bytes(), type=Manifest)
    assert manifest.counts == {"records": 6, "predictions": len(lines)}


def test_the_sheet_shows_a_pair_for_each_record(results: Path) -> None:
    with Image.open(results / "pictures.png") as sheet:
        assert sheet.size == (4 * 272 + 4, 2 * 152 + 4)


def test_a_second_run_stands_and_a_fresh_one_gives_the_same(run: Run, made: Path, model: Path, results: Path) -> None:
    arguments = ("--in", model, "--records", made / "records", "--out", results)
    before = {path.name: path.read_bytes() for path in results.iterdir()}
    assert "stood finished already" in run("eval", *arguments).stderr
    run("eval", *arguments, "--fresh")
    assert {path.name: path.read_bytes() for path in results.iterdir()} == before


def test_wrong_input_is_refused(run: Run, made: Path, model: Path, tmp_path: Path) -> None:
    records, out = ("--records", made / "records"), ("--out", tmp_path / "out")
    assert (
        "a folder of sequences where one of model is wanted"
        in run("eval", "--in", made / "sequences", *records, *out, code=3).stderr
    )
    assert "no such folder" in run("eval", "--in", model, "--records", tmp_path / "none", *out, code=3).stderr
    values = ["eval.split=test"]
    told = run("eval", "--in", model, *records, *out, values=values, code=3).stderr
    assert "no records of split `test`" in told
    assert "hint: eval.split is one of: train, val" in told
    assert "Missing option '--records'" in run("eval", "--in", model, *out, code=2).stderr
