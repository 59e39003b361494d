"""`mmgic sources`: a line an entry, one entry fully, values for programs, and the nearest name."""

import msgspec
import pytest
from click.testing import CliRunner

from mmgic.cli.main import main
from mmgic.sources.catalog import catalog


def told(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["sources", *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_the_list_names_every_entry() -> None:
    lines = told().splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(catalog())
    row = next(line for line in lines if line.startswith("coco "))
    assert row.split() == ["coco", "detection", "open", "8", "54.1", "GB", "coco", "CC", "BY", "4.0"]


@pytest.mark.parametrize("name", list(catalog()))
def test_every_entry_can_be_printed(name: str) -> None:
    text = told(name)
    entry = catalog()[name]
    assert text.startswith(f"{name}: {entry.title}\n")
    words = text.split()
    assert all(word in words for file in entry.files for word in file.urls)
    assert entry.citation.strip().splitlines()[0] in text


def test_programs_get_values() -> None:
    values = msgspec.json.decode(told("--json"))
    assert [value["name"] for value in values] == list(catalog())
    coco = msgspec.json.decode(told("coco", "--json"))
    assert coco == next(value for value in values if value["name"] == "coco")
    assert coco["is_read"] is True
    assert coco["files"][0]["path"] == "coco/annotations_trainval2014.zip"
    objects365 = msgspec.json.decode(told("objects365", "--json"))
    assert sum(file["name"].startswith("train/patch") for file in objects365["files"]) == 51


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["sources", "open-image"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: the catalog has no `open-image`\n" in result.stderr
    assert "hint: did you mean open-images? known are coco, " in result.stderr
