"""The docs: what is made is current, links lead somewhere, commands exist."""

import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import click
import pytest

from mmgic.cli.main import OTHERS, STAGES, main
from mmgic.sources.catalog import catalog
from mmgic.sources.registry import SOURCES
from mmgic.sources.tables.columns import aliases

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(#[^)]*)?\)")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    """A page's path in the checkout."""
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> list[list[str]]:
    """The words of every `mmgic` call in a page's shell blocks."""
    lines = [line for block in BLOCK.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()]
    calls = [shlex.split(line, comments=True) for line in lines]
    return [words[1:] for words in calls if words[:1] == ["mmgic"]]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`docs/generate.py`, which finds its neighbours as a program does."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    spec = spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_made_is_current(generate: ModuleType) -> None:
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == generate.reference(), "run: make docs"
    assert (ROOT / "docs" / "boxes.md").read_text(encoding="utf-8") == generate.boxes(), "run: make docs"
    for page, text in generate.source_pages().items():
        assert page.read_text(encoding="utf-8") == text, "run: make docs"


def test_every_entry_of_the_catalog_and_every_source_has_its_place_on_one_page() -> None:
    pages = sorted((ROOT / "docs" / "sources").glob("*.md"))
    mark = re.compile(r"made by `make docs` from mmgic/sources/catalog/([a-z0-9-]+)\.toml")
    shown = [entry for page in pages for entry in mark.findall(page.read_text(encoding="utf-8"))]
    assert sorted(shown) == sorted(catalog())
    read = {entry.reader or entry.name for entry in catalog().values()}
    assert [source for source in SOURCES if source not in read | {page.stem for page in pages}] == []
    index = (ROOT / "docs" / "sources" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in pages if page.stem != "README" and f"({page.name})" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name(page)} links to {path}"
        if anchor:
            assert anchor in anchors(target), f"{name(page)} links to {path}{anchor}"


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=name)
def test_commands_and_options_exist(page: Path) -> None:
    for command, *words in commands(page):
        found = main.get_command(click.Context(main), command)
        assert found is not None, command
        found.make_context(command, words)


def test_every_stage_has_a_page_and_every_command_is_mentioned() -> None:
    assert {path.stem for path in (ROOT / "docs" / "stages").glob("*.md")} == set(STAGES)
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for command in (*STAGES, *OTHERS):
        assert f"mmgic {command} " in text, command


def test_the_readme_has_a_line_for_every_set_of_boxes() -> None:
    calls = [words for words in commands(ROOT / "README.md") if words[0] == "fetch" and "--in" in words]
    taken = {words[words.index("--source") + 1] for words in calls}
    assert {entry.name for entry in catalog().values() if entry.kind == "detection"} <= taken


def test_every_known_name_of_a_column_is_on_the_page_of_captions() -> None:
    page = (ROOT / "docs" / "sources" / "captions.md").read_text(encoding="utf-8")
    table = page.partition("## Columns")[2].partition("## Filters")[0]
    names = {name for known in aliases().values() for name in known}
    assert {name for name in names if f"`{name}`" not in table} == {"urls", "image_urls", "licence"}
