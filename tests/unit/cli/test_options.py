"""Options that all stages have: the same names everywhere, and folders as paths or URLs."""

import click
import pytest
from click.testing import CliRunner

from mmgic.cli.main import STAGES
from mmgic.cli.options import FOLDER
from mmgic.cli.stage import stage_command
from mmgic.shards.folder import Folder

_COMMON = {
    "in_folder",
    "out",
    "params",
    "overrides",
    "limit",
    "workers",
    "fresh",
    "dry_run",
    "as_json",
    "quiet",
    "verbose",
    "metrics",
}


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_has_the_common_options(name: str) -> None:
    made = stage_command(name, STAGES[name])
    options = {parameter.name: parameter for parameter in made.params}
    assert set(options) >= _COMMON
    assert options["out"].required
    assert options["in_folder"].required == (name != "fetch")
    assert all(isinstance(option, click.Option) and option.help for option in made.params)


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--workers", "0"], ["--workers", "x"], ["--nope"], []])
def test_wrong_options_are_a_usage_error(arguments: list[str]) -> None:
    words = ["--in", "a", *arguments] if not arguments else ["--in", "a", "--out", "b", *arguments]
    result = CliRunner().invoke(stage_command("template", "x"), words)
    assert result.exit_code == 2
    assert result.stdout == "" and "Usage:" in result.stderr


def test_folders_are_paths_or_urls() -> None:
    assert FOLDER.convert("memory://a/b", None, None).url == "memory://a/b"
    folder = Folder("memory://a")
    assert FOLDER.convert(folder, None, None) is folder
    with pytest.raises(click.BadParameter, match="nowhere://a"):
        FOLDER.convert("nowhere://a", None, None)
