"""The catalog in words: sizes as exact as they are known, lines that fit, every file and term named."""

from typing import Any

import msgspec
import pytest

from mmgic.report.catalog import (
    bytes_in_words,
    catalog_lines,
    entry_lines,
    figure,
    known_bytes,
    size_in_words,
    values_of,
)
from mmgic.schema.catalog import CatalogEntry

FILE: dict[str, Any] = {"name": "a.zip", "urls": ["https://example.org/a.zip"], "holds": "all", "source": "its page"}
SERIES: dict[str, Any] = {**FILE, "name": "p{number}", "urls": ["https://example.org/p{number}"], "numbers": [0, 1]}


def entry(*files: dict[str, Any], **fields: Any) -> CatalogEntry:
    plain: dict[str, Any] = {
        "name": "a-set",
        "title": "A Set",
        "kind": "captions",
        "summary": "Pictures " * 20 + "and captions.",
        "homepage": "https://example.org",
        "citation": "@misc{a,\n  title = {A}\n}",
        "license_annotations": "CC BY 4.0",
        "license_pictures": "CC BY 2.0",
        "terms": "Ask first.",
        "access": "form",
        "how_to_get": "Write a letter.",
        "source": "its page",
        "files": list(files),
        "facts": [{"what": "images", "value": 12345, "source": "its page"}],
        "kept": ["captions"],
        "known_defects": ["none of them is true"],
    }
    return msgspec.convert({**plain, **fields}, CatalogEntry)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_780_854, "1.8 MB"),
        (19_336_861_798, "19.3 GB"),
        (5 * 10**12, "5.0 TB"),
        (5 * 10**16, "50000.0 TB"),
    ],
)
def test_bytes_in_words(number: int, words: str) -> None:
    assert bytes_in_words(number) == words


def test_sizes_are_as_exact_as_they_are_known() -> None:
    assert [size_in_words(file) for file in entry(FILE, {**FILE, "name": "b", "listed_size": "3 GB"}).files] == [
        "size unknown",
        "about 3 GB",
    ]
    assert size_in_words(entry({**SERIES, "num_bytes": [1000, 2000]}).files[0]) == "3.0 kB"
    assert known_bytes(entry(FILE)) == "-"
    assert known_bytes(entry({**FILE, "num_bytes": 5}, SERIES)) == "over 5 bytes"
    assert known_bytes(entry({**FILE, "num_bytes": 5}, {**SERIES, "num_bytes": [2, 3]})) == "10 bytes"
    assert (figure(1234), figure("3.8 million")) == ("1,234", "3.8 million")


def test_the_list_has_a_line_an_entry() -> None:
    head, first, second = catalog_lines(
        [entry(FILE, SERIES), entry(name="coco", reader="coco", files=[FILE])], ["coco"]
    )
    assert head.split() == ["name", "kind", "access", "files", "bytes", "fetch", "licence", "of", "the", "annotations"]
    assert first.split() == ["a-set", "captions", "form", "3", "-", "-", "CC", "BY", "4.0"]
    assert second.split()[5] == second.split()[0]


def test_an_entry_names_all_that_is_known() -> None:
    file = {**FILE, "sha256": "ab" * 32, "num_bytes": 7, "split": "train", "archive": "zip"}
    text = "\n".join(entry_lines(entry(file, SERIES, needs=["coco/val.zip"]), []))
    expected = [
        "a-set: A Set\n  Pictures Pictures",
        "access       form\n  how to get   Write a letter.\n  fetch        no source of `mmgic fetch` reads it\n",
        "annotations  CC BY 4.0\n  pictures     CC BY 2.0\n  terms        Ask first.\n",
        "figures      images: 12,345 (its page)\n",
        "defects      none of them is true\n  needs        coco/val.zip\n",
        "  files, below raw/a-set: over 7 bytes\n    a.zip (7 bytes, train, zip): all\n      https://example.org/a.zip\n",
        f"      sha256 {'ab' * 32}\n      found in: its page\n",
        "    p{number}, 0 to 1 (size unknown): all\n",
        "  to cite\n    @misc{a,\n      title = {A}\n    }",
    ]
    assert [words for words in expected if words not in text] == []
    assert max(map(len, text.splitlines())) <= 100
    assert "fetch        is read as source `a-set`" in "\n".join(entry_lines(entry(FILE), ["a-set"]))


def test_values_have_every_file_by_itself() -> None:
    values = values_of(entry({**SERIES, "num_bytes": [1, 2]}), ["a-set"])
    assert values["is_read"] is True
    assert values["files"] == [
        {**FILE, "name": f"p{n}", "urls": [f"https://example.org/p{n}"], "num_bytes": n + 1, "path": f"a-set/p{n}"}
        for n in (0, 1)
    ]
