"""The catalog as types: where a data set's files lie, what they hold, and under which terms they may be used.

An entry is a TOML file of `mmgic/sources/catalog/`. Every URL, size and hash was found somewhere, which `source` names; what
was not found is absent, and the ledger of `fetch` records what came.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, structs

Text = Annotated[str, Meta(min_length=1, pattern=r"\S$")]
EntryName = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Url = Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?/\S+$")]
Homepage = Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/\S*)?$")]
Size = Annotated[int, Meta(ge=1)]
Index = Annotated[int, Meta(ge=0, le=9999)]

Kind = Literal["detection", "captions", "benchmark"]
Access = Literal["open", "form", "agreement"]
Archive = Literal["zip", "tar", "tar.gz"]


class CatalogFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file to fetch, or a series of files that differ by a number.

    Attributes:
        name: Where it is stored below the entry's raw folder; in a series it and the URLs hold `{number}` or `{number:05d}`.
        urls: Where it lies; the first that answers is taken.
        holds: What is in it.
        source: Where the URLs, the size and the hash were found.
        numbers: First and last number of a series.
        num_bytes: Its size; of a series, each size in order.
        listed_size: A size that its page gives in words, where no exact one is known.
        sha256: Its hash in hex digits; absent where none is known, and for a series.
        md5: The same.
        split: The split it belongs to; absent where it belongs to all.
        archive: How its members are packed; absent where it is a file of its own.
        is_optional: Fetched by its name alone (`--file`): no record needs it, or another file holds the same.
    """

    name: Text
    urls: Annotated[list[Url], Meta(min_length=1)]
    holds: Text
    source: Text
    numbers: tuple[Index, Index] | None = None
    num_bytes: Size | list[Size] | None = None
    listed_size: Text | None = None
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")] | None = None
    split: Text | None = None
    archive: Archive | None = None
    is_optional: bool = False

    def __post_init__(self) -> None:
        if self.numbers is not None:
            self._check_series(*self.numbers)
        elif isinstance(self.num_bytes, list) or any("{" in text for text in (self.name, *self.urls)):
            raise ValueError(f"file `{self.name}` has the form of a series and no `numbers`")

    def _check_series(self, first: int, last: int) -> None:
        if first >= last:
            raise ValueError(f"numbers of `{self.name}` run from {first} to {last}")
        if self.sha256 or self.md5:
            raise ValueError(f"series `{self.name}` has one hash for many files")
        if isinstance(self.num_bytes, int) or (self.num_bytes is not None and len(self.num_bytes) != last - first + 1):
            raise ValueError(f"series `{self.name}` needs {last - first + 1} sizes, or none")
        for text in (self.name, *self.urls):
            try:
                varies = text.format(number=first) != text.format(number=last)
            except (LookupError, ValueError, AttributeError) as error:
                raise ValueError(f"`{text}` is no template of a number: {error}") from None
            if not varies:
                raise ValueError(f"`{text}` is the same for every number of its series")

    def members(self) -> Iterator["CatalogFile"]:
        """The files one by one, without `numbers`; itself where it is no series."""
        if self.numbers is None:
            yield self
            return
        first, last = self.numbers
        for number in range(first, last + 1):
            yield structs.replace(
                self,
                name=self.name.format(number=number),
                urls=[url.format(number=number) for url in self.urls],
                num_bytes=self.num_bytes[number - first] if isinstance(self.num_bytes, list) else None,
                numbers=None,
            )


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure of a data set, and where it was read."""

    what: Text
    value: Text | int
    source: Text


class CatalogEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A data set, or a benchmark.

    Attributes:
        name: What `fetch` and the raw folder call it; also the name of its file.
        title: Its own name, with the release.
        kind: `detection` sets have boxes, `captions` sets have pictures with text, `benchmark` is what models are scored on.
        summary: What it is, in a sentence.
        homepage: Its page.
        citation: The paper, as BibTeX.
        license_annotations: Licence of the annotations; says so where none was found.
        license_pictures: Licence of the pictures.
        terms: What else binds who uses it.
        access: `open` files need nothing; before others a `form` is to be filled in, or an `agreement` accepted.
        how_to_get: What to do by hand; required where access is not open, or no file is listed.
        reader: The source of `mmgic fetch` that reads it, where it is not called as the entry.
        source: Where the texts above were found.
        files: What to fetch.
        needs: Files of other entries that it cannot do without, as `entry/name`.
        facts: Figures with their sources.
        kept: What `normalize` keeps of it.
        known_defects: What is wrong with its files.
    """

    name: EntryName
    title: Text
    kind: Kind
    summary: Text
    homepage: Homepage
    citation: Text
    license_annotations: Text
    license_pictures: Text
    terms: Text
    access: Access
    how_to_get: Text | None = None
    reader: EntryName | None = None
    source: Text
    files: list[CatalogFile] = []
    needs: list[Text] = []
    facts: list[Fact] = []
    kept: Annotated[list[Text], Meta(min_length=1)]
    known_defects: list[Text] = []

    def __post_init__(self) -> None:
        if self.how_to_get is None and (self.access != "open" or not (self.files or self.needs)):
            raise ValueError("how_to_get is missing: the files cannot be fetched without a step by hand")
        twice = [name for name, count in Counter(file.name for file in self.all_files()).items() if count > 1]
        if twice:
            raise ValueError(f"two files are called `{twice[0]}`")

    def all_files(self) -> Iterator[CatalogFile]:
        """Every file, series taken apart."""
        for file in self.files:
            yield from file.members()
