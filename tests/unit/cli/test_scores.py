import msgspec
from click.testing import CliRunner

from mmgic.cli.scores import scores
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest, write_manifest

ROW = {"accuracy": 0.7, "low": 0.6, "high": 0.8, "count": 9, "wrong_picture_accuracy": 0.5}


def test_the_table_ends_with_what_to_open(scratch: Folder) -> None:
    metrics = {
        "records": 5,
        "split": "val",
        "loss": {"all": 1.5},
        "label_choice": {**ROW, "by_source": {}},
        "captions": {"cider": 1.0, "count": 3},
    }
    scratch.write("metrics.json", msgspec.json.encode(metrics))
    write_manifest(scratch, new_manifest("results", {}, "", {}, shards=[], counts={}))
    result = CliRunner().invoke(scores, [scratch.url])
    assert result.exit_code == 0
    assert "scores on 5 records of split val" in result.stdout
    assert result.stdout.splitlines()[-3:] == [
        f"  {scratch.file(name)}" for name in ("pictures.png", "predictions.jsonl", "metrics.json")
    ]


def test_a_folder_without_results_is_bad_input(scratch: Folder) -> None:
    assert CliRunner().invoke(scores, [scratch.url]).exit_code == 3
