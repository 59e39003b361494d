"""The commands of the README's chapter on single stages, run word for word in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from mmgic.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
# Values for a run of seconds; the README's own commands stay as they are.
SMALL = {
    "tokenize.visual.fit_pictures": 50,
    "tokenize.visual.num_codes": 32,
    "pretrain.steps": 3,
    "pretrain.checkpoint_every": 3,
    "pretrain.log_every": 1,
    "eval.caption_tokens": 4,
    "eval.max_records": 4,
    "pretrain.model.width": 32,
    "pretrain.model.layers": 2,
    "tokenize.row_length": 1024,
}


def stage_commands() -> list[str]:
    """The lines of the chapter's block that call `mmgic`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    chapter = text[text.index("## Single stages by hand") :]
    block = re.search(r"```sh\n(.*?)```", chapter, re.DOTALL)
    assert block is not None
    return [line for line in block[1].splitlines() if line.startswith("mmgic ")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line in a shell, with this environment's programs first on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=folder,
        shell=True,
        text=True,
        capture_output=True,
        timeout=300,
        env={**os.environ, "PATH": path},
    )


@pytest.mark.slow
def test_the_chapter_runs_as_it_stands(tmp_path: Path, params_text: Callable[[Mapping[str, object]], str]) -> None:
    (tmp_path / "params.yaml").write_text(params_text(SMALL), encoding="utf-8")
    made = run("mmgic fetch --source photos --out made -q", tmp_path)
    assert made.returncode == 0, made.stderr
    shutil.move(tmp_path / "made" / "photos", tmp_path / "coco")  # the source `photos` has COCO's layout
    commands = stage_commands()
    assert [line.split()[1] for line in commands] == [
        "fetch",
        "normalize",
        "template",
        "tokenize",
        "pretrain",
        "eval",
    ]
    for command in commands:
        done = run(command, tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert done.stdout == ""
    metrics = msgspec.json.decode((tmp_path / "results-coco" / "metrics.json").read_bytes())
    assert metrics["records"] > 0
    again = run(commands[2].replace("CLDR", "C"), tmp_path)
    assert again.returncode == UsageError.exit_code, again.stderr
