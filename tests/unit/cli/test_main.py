"""The group: help that answers at once and loads nothing heavy, and names that are nearly right."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import mmgic
from mmgic.cli.main import OTHERS, STAGES, main

_HEAVY = ("torch", "transformers", "deepspeed", "numpy", "sklearn", "tokenizers", "rich", "msgspec", "fsspec")


def test_help_answers_within_300_ms(project: Path) -> None:
    def seconds() -> float:
        start = time.perf_counter()
        words = [sys.executable, "-c", "from mmgic.cli.main import main; main()", "--help"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=project, check=True)
        assert "Stages, in their order" in done.stdout and done.stderr == ""
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.3


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tokenise"]])
def test_help_and_mistakes_import_nothing_heavy(project: Path, arguments: list[str]) -> None:
    code = f"""import sys
from mmgic.cli.main import main
try:
    main({arguments!r})
except SystemExit:
    print([name for name in {_HEAVY!r} if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", [*STAGES, *OTHERS])
def test_every_command_is_found_and_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert f"main {name}" in result.stdout
    if name in STAGES:
        assert f"Example: mmgic {name} " in result.stdout and "--params" in result.stdout


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        ("tokenise", "Did you mean 'tokenize'?"),
        ("normalise", "Did you mean 'normalize'?"),
        ("zzz", "No such command 'zzz'.\n"),
    ],
)
def test_an_unknown_command_suggests_the_nearest(word: str, answer: str) -> None:
    result = CliRunner().invoke(main, [word])
    assert result.exit_code == 2
    assert answer in result.stderr and result.stdout == ""


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"mmgic, version {mmgic.__version__}\n"


def test_no_command_shows_the_help() -> None:
    result = CliRunner().invoke(main, [])
    assert all(name in result.output for name in [*STAGES, *OTHERS])
