"""The sources by name. A source takes a local set or makes its files itself; its module turns them into raw records."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from mmgic.errors import UsageError
from mmgic.schema.manifests import LedgerLine, UrlRow
from mmgic.schema.params import Columns, FetchParams
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources.catalog import catalog
from mmgic.sources.raw import RawFolder

_TABLES = "mmgic.sources.url_tables"


@dataclass(frozen=True)
class Source:
    """A data set. Its module is imported when first needed.

    The module has `raw_records(raw)`, and either `local_files(origin)` and `local_pictures(origin)`, which list what to take
    from a local set, or `generate(out, params, seed, limit)`, which writes files below the raw folder and yields their ledger
    lines. Where pictures may come in archives, `picture_of_member(archive, member)` says which one a member is. Where pictures
    are named by URL, `url_rows(origin, columns, limit)` lists them. `is_web`: captions come from web pages, unread by anybody.
    """

    name: str
    module: str
    is_local: bool
    summary: str
    is_web: bool = False

    def raw_records(self, raw: RawFolder) -> Iterator[RawRecord | LostImage]:
        """Streams the source's images with their annotations, without pixels; each image of the source comes exactly once.

        Raises:
            InputError: a native file cannot be read at all. What is wrong with one image is a `LostImage` or a faulty box.
        """
        return cast(Iterator[RawRecord | LostImage], self._function("raw_records")(raw))

    def local_files(self, origin: Folder) -> Iterator[str]:
        """Names of the native files to take from a local set, below `origin`.

        Raises:
            InputError: the set is not in the source's layout.
        """
        return cast(Iterator[str], self._function("local_files")(origin))

    def local_pictures(self, origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
        """The pictures to take from a local set, whether or not they are there: paths below `origin`, licence and origin
        where given; the first `limit` of each split."""
        return cast(Iterator[LedgerLine], self._function("local_pictures")(origin, limit))

    def generate(self, out: Folder, params: FetchParams, seed: int, limit: int | None) -> Iterator[LedgerLine]:
        """Writes the source's files into `out` and yields a ledger line (path relative to `out`) for each."""
        return cast(Iterator[LedgerLine], self._function("generate")(out, params, seed, limit))

    def picture_of_member(self, archive: str, member: str) -> str:
        """Path, as `local_pictures` has it, of the picture that a member of an archive is; empty where it is none."""
        function = getattr(import_module(self.module), "picture_of_member", None)
        return cast(str, function(archive, member)) if function else ""

    @property
    def has_urls(self) -> bool:
        """Whether its pictures are to be fetched by the URLs of `url_rows`."""
        return hasattr(import_module(self.module), "url_rows")

    def url_rows(self, origin: Folder, columns: Columns, limit: int | None) -> Iterator[UrlRow]:
        """The pictures that tables anywhere below `origin` name by URL; those of the first `limit` rows of each split.

        Args:
            columns: `fetch.columns` of the source.

        Raises:
            InputError: a table cannot be read, or it cannot be told which of its columns holds the URL.
        """
        return cast(Iterator[UrlRow], self._function("url_rows")(origin, columns, limit))

    def _function(self, name: str) -> Callable[..., object]:
        return cast(Callable[..., object], getattr(import_module(self.module), name))


SOURCES = {
    source.name: source
    for source in (
        Source(
            "photos",
            "mmgic.sources.photos",
            False,
            "photographs of the scikit-image and scikit-learn wheels, annotated here",
        ),
        Source("scenes", "mmgic.sources.scenes", False, "generated pictures of shapes with exact boxes, any number"),
        Source(
            "coco", "mmgic.sources.coco", True, "COCO's native instances and captions JSON with its folders of photos"
        ),
        Source("objects365", "mmgic.sources.objects365", True, "Objects365 v2: boxes of 365 labels, photos in patches"),
        Source("v3det", "mmgic.sources.v3det", True, "V3Det: boxes of 13,204 described labels"),
        Source(
            "folder",
            "mmgic.sources.folder",
            True,
            "a folder of pictures with captions in captions.jsonl, .tsv, .csv or .parquet",
        ),
        Source("open-images", "mmgic.sources.open_images", True, "Open Images V4 to V7: boxes of 600 classes"),
        Source(
            "visual-genome",
            "mmgic.sources.visual_genome",
            True,
            "Visual Genome: objects with WordNet senses, attributes, relationships, region phrases",
        ),
        Source("cc3m", _TABLES, True, "Conceptual Captions: tables of caption and URL", is_web=True),
        Source("cc12m", _TABLES, True, "Conceptual 12M: a table of URL and caption", is_web=True),
        Source("sbu", _TABLES, True, "SBU captioned photos: lists of URLs and captions, or JSON", is_web=True),
        Source("laion", _TABLES, True, "tables in the manner of LAION: Parquet of URL and TEXT", is_web=True),
        Source("webdataset", "mmgic.sources.webdataset", True, "tars of pictures with .txt or .json", is_web=True),
        Source("llava", "mmgic.sources.llava", True, "captions as conversations, in JSON, with their pictures"),
    )
}


def source_named(name: str) -> Source:
    """The source called `name`.

    Raises:
        UsageError: there is none.
    """
    if name not in SOURCES:
        raise UsageError(f"no source `{name}`", where="--source", hint=f"{_meant(name)}one of: {', '.join(SOURCES)}")
    return SOURCES[name]


def _meant(name: str) -> str:
    """A guess: a set of the catalog under its own name, or a slip of the pen."""
    entry = catalog().get(name)
    if entry and entry.kind == "benchmark":
        return "a benchmark: `mmgic decontaminate --benchmarks DIR` reads it; "
    if entry and entry.reader in SOURCES:
        return f"it is read as source `{entry.reader}`; "
    close = difflib.get_close_matches(name, SOURCES, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`? " if close else ""
