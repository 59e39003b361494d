"""The catalog as text for a terminal, and as plain values for programs."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from mmgic.schema.catalog import CatalogEntry, CatalogFile

_WIDTH = 100
_LABEL = 13


def catalog_lines(entries: Iterable[CatalogEntry], readers: Iterable[str]) -> Iterator[str]:
    """One line an entry; `readers` are the sources that `fetch` has."""
    known = set(readers)
    yield f"{'name':<19} {'kind':<10} {'access':<10} {'files':>5} {'bytes':>12} {'fetch':<13} licence of the annotations"
    for entry in entries:
        number = sum(1 for _ in entry.all_files())
        fetch = reader_of(entry) if reader_of(entry) in known else "-"
        head = f"{entry.name:<19} {entry.kind:<10} {entry.access:<10} {number:>5} {known_bytes(entry):>12} {fetch:<13}"
        yield f"{head} {entry.license_annotations}"


def entry_lines(entry: CatalogEntry, readers: Iterable[str]) -> Iterator[str]:
    """All that is known of an entry."""
    yield f"{entry.name}: {entry.title}"
    yield from _wrapped(entry.summary, "  ", "  ")
    reader = reader_of(entry)
    fetch = f"is read as source `{reader}`" if reader in set(readers) else "no source of `mmgic fetch` reads it"
    for label, text in (
        ("kind", entry.kind),
        ("page", entry.homepage),
        ("access", entry.access),
        ("how to get", entry.how_to_get),
        ("fetch", fetch),
        ("annotations", entry.license_annotations),
        ("pictures", entry.license_pictures),
        ("terms", entry.terms),
        ("source", entry.source),
    ):
        yield from _labelled(label, [text] if text else [])
    yield from _labelled("figures", [f"{fact.what}: {figure(fact.value)} ({fact.source})" for fact in entry.facts])
    yield from _labelled("is kept", entry.kept)
    yield from _labelled("defects", entry.known_defects)
    yield from _labelled("needs", entry.needs)
    yield f"  files, below raw/{entry.name}: {known_bytes(entry)}"
    for file in entry.files:
        yield from _file_lines(file)
    yield "  to cite"
    yield from (f"    {line}" for line in entry.citation.strip().splitlines())


def values_of(entry: CatalogEntry, readers: Iterable[str]) -> dict[str, Any]:
    """An entry as plain values: every file by itself, with its path below the raw folder, and whether it can be read."""
    values: dict[str, Any] = msgspec.to_builtins(entry)
    values["files"] = [{**_known(file), "path": f"{entry.name}/{file.name}"} for file in entry.all_files()]
    return {**values, "is_read": reader_of(entry) in set(readers)}


def reader_of(entry: CatalogEntry) -> str:
    """The source of `fetch` that would read the entry."""
    return entry.reader or entry.name


def known_bytes(entry: CatalogEntry) -> str:
    """The sum of the sizes that are known; `over` where some are not, `-` where none is."""
    sizes = [file.num_bytes for file in entry.all_files()]
    known = [size for size in sizes if isinstance(size, int)]
    if not known:
        return "-"
    return ("" if len(known) == len(sizes) else "over ") + bytes_in_words(sum(known))


def size_in_words(file: CatalogFile) -> str:
    """The size of a file or of a whole series, as exact as it is known."""
    if file.num_bytes is None:
        return f"about {file.listed_size}" if file.listed_size else "size unknown"
    return bytes_in_words(file.num_bytes if isinstance(file.num_bytes, int) else sum(file.num_bytes))


def bytes_in_words(number: int) -> str:
    """`1.8 MB`: powers of 1,000, as disks and servers count."""
    value, units = float(number), ["bytes", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "bytes" else f"{value:.1f} {units[0]}"


def figure(value: str | int) -> str:
    """A figure with its thousands set apart."""
    return f"{value:,}" if isinstance(value, int) else value


def _labelled(label: str, texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(text, f"  {label:<{_LABEL}}", " " * (_LABEL + 2))
        label = ""


def _file_lines(file: CatalogFile) -> Iterator[str]:
    about = [size_in_words(file), *([file.split] if file.split else []), *([file.archive] if file.archive else [])]
    about += ["fetched by --file alone"] if file.is_optional else []
    series = f", {file.numbers[0]} to {file.numbers[1]}" if file.numbers else ""
    yield from _wrapped(f"{file.name}{series} ({', '.join(about)}): {file.holds}", " " * 4, " " * 6)
    yield from (f"      {url}" for url in file.urls)
    hashes = (("sha256", file.sha256), ("md5", file.md5))
    yield from (f"      {kind} {digits}" for kind, digits in hashes if digits)
    yield from _wrapped(f"found in: {file.source}", " " * 6, " " * 8)


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    """Lines of a text; a URL is never cut."""
    return textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _known(file: CatalogFile) -> dict[str, Any]:
    return {key: value for key, value in msgspec.to_builtins(file).items() if value is not None and value is not False}
