"""The catalog as it is shipped, and what a broken one says."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mmgic.errors import InputError, UsageError
from mmgic.schema.catalog import CatalogEntry, CatalogFile
from mmgic.shards.folder import is_safe_name
from mmgic.sources.catalog import catalog, entries_from, entry_named
from mmgic.sources.registry import SOURCES

DETECTION = {"open-images", "objects365", "v3det", "visual-genome", "coco"}
BENCHMARKS = {
    *("coco-caption", "nocaps", "vqav2", "vizwiz", "gqa", "pope", "mme", "mmbench", "scienceqa", "seed-bench"),
    *("coco-text-to-image", "vist"),
}

ENTRY = """
name = "{name}"
title = "A Set"
kind = "captions"
summary = "Pictures."
homepage = "https://example.org/"
citation = "@misc{{a}}"
license_annotations = "CC BY 4.0"
license_pictures = "CC BY 2.0"
terms = "None."
access = "open"
source = "its page"
needs = [{needs}]
kept = ["captions"]

[[files]]
name = "{file}"
urls = ["https://example.org/a.zip"]
holds = "all"
source = "its page"
num_bytes = {size}
"""


def files() -> list[tuple[str, CatalogFile]]:
    return [(name, file) for name, entry in catalog().items() for file in entry.all_files()]


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes an entry, whose fields can be given, into a folder."""

    def write(name: str = "a", *, stem: str = "", file: str = "a.zip", size: str = "3", needs: str = "") -> Path:
        text = ENTRY.format(name=name, file=file, size=size, needs=needs)
        (tmp_path / f"{stem or name}.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_every_set_of_the_paper_and_all_twelve_benchmarks_are_there() -> None:
    kinds = {kind: {entry.name for entry in catalog().values() if entry.kind == kind} for kind in _kinds()}
    assert kinds["detection"] == DETECTION
    assert kinds["benchmark"] == BENCHMARKS
    assert kinds["captions"] >= {"coco-karpathy", "llava-pretrain", "sharegpt4v", "cc3m", "cc12m", "sbu", "laion-coco"}
    assert list(_kinds()) == ["detection", "captions", "benchmark"]


def _kinds() -> dict[str, None]:
    return dict.fromkeys(entry.kind for entry in catalog().values())


def test_every_file_is_well_formed() -> None:
    assert len(files()) > 300
    for name, file in files():
        assert is_safe_name(file.name) and "{" not in file.name, (name, file.name)
        assert file.numbers is None and not isinstance(file.num_bytes, list)
        for url in file.urls:
            parts = urlsplit(url)
            assert parts.scheme in ("http", "https") and "." in (parts.hostname or "") and parts.path != "/", url
            assert "{" not in url and parts.username is None and parts.fragment == "", url
        suffixes = {"zip": ".zip", "tar": ".tar", "tar.gz": ".tar.gz"}
        assert file.archive is None or file.urls[0].endswith(suffixes[file.archive]), file.urls


def test_no_path_and_no_url_stands_for_two_files() -> None:
    paths = [f"{name}/{file.name}" for name, file in files()]
    assert len(set(paths)) == len(paths)
    bytes_of_urls: dict[str, set[object]] = {}
    for _, file in files():
        for url in file.urls:
            bytes_of_urls.setdefault(url, set()).add((file.num_bytes, file.sha256, file.md5))
    assert {url: seen for url, seen in bytes_of_urls.items() if len(seen) > 1} == {}


def test_hashes_are_of_one_file_each() -> None:
    hashes = [digits for _, file in files() for digits in (file.sha256, file.md5) if digits]
    assert len(set(hashes)) == len(hashes)


def test_texts_are_plain_and_end_without_spaces() -> None:
    for entry in catalog().values():
        texts = [entry.title, entry.summary, entry.terms, *entry.kept, *entry.known_defects]
        assert all(text == " ".join(text.split()) for text in texts), entry.name
        assert entry.citation.strip().startswith("@") and entry.citation.count("{") == entry.citation.count("}")


def test_readers_are_sources_that_exist() -> None:
    assert {entry.reader for entry in catalog().values()} - {None} <= set(SOURCES)


def test_an_entry_by_name() -> None:
    assert isinstance(entry_named("coco"), CatalogEntry)
    with pytest.raises(UsageError, match="the catalog has no `visual-genom`") as raised:
        entry_named("visual-genom")
    assert raised.value.hint.startswith("did you mean visual-genome? known are coco, ")
    with pytest.raises(UsageError) as raised:
        entry_named("999")
    assert raised.value.hint.startswith("known are coco, ")


def test_entries_of_a_folder(written: Callable[..., Path]) -> None:
    written("b", needs='"a/b/c.zip"')
    assert list(entries_from(written("a", file="b/c.zip"))) == ["a", "b"]


@pytest.mark.parametrize(
    ("fields", "said", "where"),
    [
        ({"size": "-1"}, "Expected `int` >= 1 - at `$.files[0].num_bytes`", "a.toml"),
        ({"size": '"big"'}, "at `$.files[0].num_bytes`", "a.toml"),
        ({"size": "3\ncolour = 1"}, "Object contains unknown field `colour` - at `$.files[0]`", "a.toml"),
        ({"size": "3 4"}, "(at line 21, column 15)", "a.toml"),
        ({"stem": "b"}, "the entry is called `a`, its file is not", "b.toml, name"),
        ({"file": "../a.zip"}, "`../a.zip` would leave the raw folder", "a.toml, files.name"),
        ({"file": "/etc/a.zip"}, "would leave the raw folder", "a.toml, files.name"),
        ({"needs": '"a/none.zip"'}, "no entry lists `a/none.zip`", "a.toml, needs"),
        ({"needs": '"b/a.zip"'}, "no entry lists `b/a.zip`", "a.toml, needs"),
    ],
)
def test_a_wrong_file_is_named_with_its_field(
    written: Callable[..., Path], fields: dict[str, str], said: str, where: str
) -> None:
    with pytest.raises(InputError) as raised:
        entries_from(written("a", **fields))
    assert said in str(raised.value)
    assert raised.value.where == f"mmgic/sources/catalog/{where}"


def test_two_entries_that_disagree_on_a_url_are_named(written: Callable[..., Path]) -> None:
    written("a")
    with pytest.raises(InputError, match="https://example.org/a.zip has other bytes in a.toml") as raised:
        entries_from(written("b", size="4"))
    assert raised.value.where == "mmgic/sources/catalog/b.toml, files.a.zip"


def test_a_file_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(InputError, match="an entry of the catalog is broken") as raised:
        entries_from(tmp_path)
    assert raised.value.where == "mmgic/sources/catalog/a.toml"
