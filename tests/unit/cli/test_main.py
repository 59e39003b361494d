"""The group: help that loads next to nothing, and names that are nearly right."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import mmgic
from mmgic.cli.main import OTHERS, STAGES, main

_THEIRS = {"mmgic", "click"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tokenise"]])
def test_help_and_mistakes_answer_at_once_as_they_import_click_alone(project: Path, arguments: list[str]) -> None:
    code = f"""import sys
before = set(sys.modules)
from mmgic.cli.main import main
try:
    main({arguments!r})
except SystemExit:
    names = set(sys.modules) - before
    print(len(names), *{{name.partition(".")[0] for name in names}} - sys.stdlib_module_names)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=project, check=True)
    number, *others = done.stdout.splitlines()[-1].split()
    assert set(others) == _THEIRS
    assert int(number) < 100


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
