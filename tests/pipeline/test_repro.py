"""The pipeline under DVC, in a repository of its own, with values for a run of seconds and no activated environment."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from mmgic.cli.main import STAGES

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "dvc.yaml",
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvcignore",
    ".gitignore",
    "stages",
    "mmgic",
    "crates",
)
SMALL = {
    "fetch.scenes.train": 60,
    "fetch.scenes.val": 8,
    "tokenize.visual.fit_pictures": 60,
    "tokenize.visual.num_codes": 32,
    "pretrain.steps": 3,
    "pretrain.checkpoint_every": 3,
    "pretrain.log_every": 1,
    "eval.max_records": 8,
    "eval.caption_tokens": 4,
    "pretrain.model.width": 32,
    "pretrain.model.layers": 2,
}
METRICS = [f"results/{stage}.json" for stage in STAGES]

pytestmark = pytest.mark.slow


def run(repository: Path, *command: str) -> str:
    """stdout and stderr of a command that must end well."""
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        command,
        cwd=repository,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=500,
        env=environment,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def ran(output: str) -> list[str]:
    """The stages that DVC says it ran."""
    return re.findall(r"^Running stage '(\w+)'", output, re.MULTILINE)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, params_text: Callable[[Mapping[str, object]], str]) -> Path:
    """A checkout with small params in which all stages have run."""
    place = tmp_path_factory.mktemp("pipeline")
    for name in COPIED:
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__", "target"))
        else:
            shutil.copy(ROOT / name, target)
    (place / "params.yaml").write_text(params_text(SMALL), encoding="utf-8")
    assert (Path(sys.prefix) / "bin" / "mmgic").exists(), "the package is not installed here: make setup"
    (place / ".venv").symlink_to(sys.prefix)
    with (place / ".gitignore").open("a") as ignored:
        ignored.write("/.venv\n")
    run(place, "git", "init", "-q")
    run(place, "git", "config", "user.name", "Test")
    run(place, "git", "config", "user.email", "test@example.org")
    run(place, "git", "add", "-A")
    run(place, "git", "commit", "-qm", "start")
    assert ran(run(place, ".venv/bin/dvc", "repro")) == list(STAGES)
    run(place, "git", "add", "-A")
    run(place, "git", "commit", "-qm", "run")
    return place


def test_git_holds_lock_and_metrics_and_no_data(repository: Path) -> None:
    held = run(repository, "git", "ls-files").splitlines()
    assert {"dvc.lock", *METRICS} <= set(held)
    assert not [name for name in held if name.startswith(("data/", "models/", "results/eval/", ".dvc/cache"))]


def test_a_second_run_runs_no_stage(repository: Path) -> None:
    output = run(repository, ".venv/bin/dvc", "repro")
    assert ran(output) == []
    assert "up to date" in output


def test_unfinished_folders_are_gone_and_the_code_cache_stays(repository: Path) -> None:
    assert sorted(path.name for path in (repository / "data").iterdir()) == [
        ".codes",
        "documents",
        "raw",
        "records",
        "sequences",
    ]
    assert not list(repository.glob("*/.*.work-*"))


def test_metrics_and_plots_are_found(repository: Path) -> None:
    metrics = msgspec.json.decode(run(repository, ".venv/bin/dvc", "metrics", "show", "--json"))
    assert set(metrics[""]["data"]) == set(METRICS)
    assert metrics[""]["data"]["results/normalize.json"]["data"]["records"] > 0
    plots = run(repository, ".venv/bin/dvc", "plots", "show", "--json")
    assert '"loss"' in plots and '"tokens_per_s"' in plots


def test_another_recipe_runs_template_and_what_follows(repository: Path) -> None:
    before = (repository / "data/records/manifest.json").stat().st_mtime_ns
    output = run(repository, ".venv/bin/dvc", "exp", "run", "-S", "template.recipe=C")
    assert ran(output) == ["template", "tokenize", "pretrain", "eval"]
    assert (repository / "data/records/manifest.json").stat().st_mtime_ns == before
    documents = msgspec.json.decode((repository / "data/documents/manifest.json").read_bytes())
    assert documents["params"]["template"]["recipe"] == "C"
    assert "recipe: C " in (repository / "params.yaml").read_text(encoding="utf-8")
