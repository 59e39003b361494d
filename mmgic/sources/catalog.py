"""The sources by name. A source either takes a local set from `--in`, or makes its files itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from mmgic.errors import UsageError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources.raw import RawFolder


@dataclass(frozen=True)
class Source:
    """A data set. Its module is imported when first needed.

    The module has `raw_records(raw)`, and either `local_files(origin, limit)`, which lists what to take from a local set, or
    `generate(out, params, seed, limit)`, which writes files below the raw folder and yields their ledger lines. `limit` is
    the largest number of pictures of a split; all that describes them is taken whole.
    """

    name: str
    module: str
    is_local: bool
    summary: str

    def raw_records(self, raw: RawFolder) -> Iterator[RawRecord]:
        """Streams the source's images with their annotations, without pixels."""
        return cast(Iterator[RawRecord], self._function("raw_records")(raw))

    def local_files(self, origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
        """Files to take from a local set: paths relative to `origin`, licence and origin where given; no hashes yet."""
        return cast(Iterator[LedgerLine], self._function("local_files")(origin, limit))

    def generate(self, out: Folder, params: FetchParams, seed: int, limit: int | None) -> Iterator[LedgerLine]:
        """Writes the source's files into `out` and yields a ledger line (path relative to `out`) for each."""
        return cast(Iterator[LedgerLine], self._function("generate")(out, params, seed, limit))

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
        Source(
            "folder",
            "mmgic.sources.folder",
            True,
            "a folder of pictures with captions in captions.jsonl or captions.tsv",
        ),
    )
}


def source_named(name: str) -> Source:
    """The source called `name`.

    Raises:
        UsageError: there is none.
    """
    if name not in SOURCES:
        raise UsageError(f"no source `{name}`", where="--source", hint=f"one of: {', '.join(SOURCES)}")
    return SOURCES[name]
