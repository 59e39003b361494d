"""The part of the pages on sources that the catalog knows: between two marks stands what is made of an entry.

A page holds the marks of the entries it tells of; `docs/sources/README.md` holds those of the list.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tables import table

from mmgic.report.catalog import figure, known_bytes, reader_of, size_in_words
from mmgic.schema.catalog import CatalogEntry, CatalogFile
from mmgic.sources.catalog import catalog, entry_named
from mmgic.sources.registry import SOURCES

FOLDER = Path(__file__).resolve().parent / "sources"
INDEX = FOLDER / "README.md"
START = "<!-- made by `make docs` from mmgic/sources/catalog/{}: do not edit -->"
END = "<!-- end of what is made -->"
BLOCK = re.compile(re.escape(START).replace(r"\{\}", "(.*?)") + ".*?" + re.escape(END), re.DOTALL)


def source_pages() -> dict[Path, str]:
    """Every page with its marked parts made anew."""
    return {page: BLOCK.sub(_made, page.read_text(encoding="utf-8")) for page in sorted(FOLDER.glob("*.md"))}


def entries_on(page: Path) -> list[str]:
    """The entries that a page tells of."""
    names = (match[1] for match in BLOCK.finditer(page.read_text(encoding="utf-8")))
    return [name.removesuffix(".toml") for name in names if name != "*.toml"]


def _made(match: re.Match[str]) -> str:
    name = match[1]
    lines = _index() if name == "*.toml" else _entry(entry_named(name.removesuffix(".toml")))
    return "\n".join([START.format(name), "", *lines, END])


def _index() -> Iterator[str]:
    pages = {name: page.name for page in FOLDER.glob("*.md") for name in entries_on(page)}
    head = ("entry", "kind", "what it is", "access", "known bytes", "`mmgic fetch`")
    rows = (
        (
            f"[`{entry.name}`]({pages[entry.name]})",
            entry.kind,
            entry.title,
            entry.access,
            known_bytes(entry),
            f"`{reader_of(entry)}`" if reader_of(entry) in SOURCES else "-",
        )
        for entry in catalog().values()
    )
    yield from table(head, rows)
    yield ""


def _entry(entry: CatalogEntry) -> Iterator[str]:
    facts = (
        ("page", f"<{entry.homepage}>"),
        ("access", entry.access),
        ("how to get it", _plain(entry.how_to_get or "")),
        ("licence of the annotations", entry.license_annotations),
        ("licence of the pictures", entry.license_pictures),
        ("terms", _plain(entry.terms)),
        ("needs", ", ".join(f"`{need}`" for need in entry.needs)),
        *((fact.what, f"{figure(fact.value)} ({fact.source})") for fact in entry.facts),
        ("source of these texts", entry.source),
    )
    yield from table((f"`{entry.name}`", entry.title), ((what, text) for what, text in facts if text))
    yield ""
    if entry.files:
        yield from table(("file", "split", "size", "holds", "hash"), (_file(file) for file in entry.files))
        yield ""
    for title, texts in (("Is kept", entry.kept), ("Known defects", entry.known_defects)):
        if texts:
            yield from (f"{title}:", "", *(f"- {_plain(text)}" for text in texts), "")
    yield from ("```bibtex", *entry.citation.strip().splitlines(), "```", "")


def _file(file: CatalogFile) -> tuple[str, ...]:
    series = f"`{file.name}`, {file.numbers[0]} to {file.numbers[1]}" if file.numbers else ""
    name = series or f"[`{file.name}`]({file.urls[0]})"
    hash_kind = "SHA-256" if file.sha256 else "MD5" if file.md5 else ""
    holds = _plain(file.holds) + (" (fetched by `--file` alone)" if file.is_optional else "")
    return name, file.split or "", size_in_words(file), holds, hash_kind


def _plain(text: str) -> str:
    """A text whose `<` is no tag; what stands in backticks is left as it is."""
    parts = text.split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))
