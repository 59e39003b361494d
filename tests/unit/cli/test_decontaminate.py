"""`mmgic decontaminate`: a table on stdout, what is missing on stderr, a folder that normalize reads."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mmgic.cli.decontaminate import decontaminate
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest


@pytest.fixture
def benchmarks(tmp_path: Path, picture: Callable[..., bytes]) -> Path:
    (tmp_path / "in" / "pope").mkdir(parents=True)
    questions = {"image": "COCO_val2014_000000310196.jpg"}
    (tmp_path / "in" / "pope" / "coco_pope_random.json").write_text(json.dumps(questions))
    (tmp_path / "in" / "pope" / "COCO_val2014_000000000009.jpg").write_bytes(picture(format="JPEG"))
    return tmp_path / "in"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(decontaminate, [str(argument) for argument in arguments])


def test_lines_by_benchmark_are_data_and_what_is_missing_is_talk(benchmarks: Path, tmp_path: Path) -> None:
    done = call("--benchmarks", benchmarks, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (0, "benchmark\tids\texact\tnear\npope\t2\t1\t0\n")
    assert "missing: seed-bench: no ids of questions: get SEED-Bench.json" in done.stderr
    assert done.stderr.endswith("out has 3 lines\n")
    assert read_manifest(Folder(str(tmp_path / "out")), "exclusions").counts["pope.id"] == 2


def test_json_has_all_of_it(benchmarks: Path, tmp_path: Path) -> None:
    done = call("--benchmarks", benchmarks, "--out", tmp_path / "out", "--json", "-q")
    value = json.loads(done.stdout)
    assert value["benchmarks"] == {"pope": {"id": 2, "exact": 1, "near": 0}}
    assert value["counts"]["pictures_without_detail"] == 1
    assert len(value["missing"]) > 10
    assert done.stderr == ""


def test_no_folder_ends_with_bad_input(tmp_path: Path) -> None:
    done = call("--benchmarks", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "error: no such folder" in done.stderr
    assert not (tmp_path / "out").exists()
