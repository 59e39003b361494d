"""Tars of samples, as WebDataset and img2dataset write them: `<key>.jpg` with `<key>.txt`, `.caption` or `.json`.

1. Tars are native files: they are copied as they are, and a picture is a stretch of its tar.
2. Members of a sample stand side by side, in any order. A key may hold dots and folders: a member `0001.seg.png` beside
   `0001.jpg` is another part of that sample unless it has a caption of its own. Other parts are passed over and counted.
3. A caption is a text file or what `data/columns.toml` finds in the JSON; the JSON also tells size, licence and URL.
4. A tar that is cut or damaged gives the samples that came before, and one lost image that names the byte.

Members that are links, devices or sparse, and names that leave their folder, are named and never followed. Memory is one sample
and the keys of a tar.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Caption, LostImage, PictureRef, RawRecord
from mmgic.shards.folder import Folder, is_safe_name
from mmgic.shards.tars import BrokenTar, TarEntry, tar_entries
from mmgic.sources.picture_ids import ids_from_place
from mmgic.sources.places import files_anywhere
from mmgic.sources.raw import RawFolder, key_from_file
from mmgic.sources.tables import Fields, clean_text, fields_from_json, split_from_name
from mmgic.sources.tallies import gone_with_picture

SampleFault = Literal[
    "no_picture",
    "empty_picture",
    "too_many_bytes",
    "duplicate_key",
    "not_a_plain_file",
    "unsafe_name",
    "broken_archive",
]
"""Why a sample is lost; a broken archive is one lost image, however many it held."""

_PICTURES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff")
_PACKED = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst")
_TEXTS = ("txt", "caption")
_MAX_TEXT_BYTES = 1 << 20
_MAX_STEMS = 64


def local_files(origin: Folder) -> Iterator[str]:
    """The tars, anywhere below.

    Raises:
        InputError: there is none, or one is packed.
    """
    names = files_anywhere(origin, lambda name: name.endswith((".tar", *_PACKED)))
    packed = [name for name in names if name.endswith(_PACKED)]
    if packed or not names:
        what = f"{packed[0]} is packed" if packed else "no tar of samples"
        raise InputError(what, where=origin.url, hint="undo .tar.gz first: pictures stay in their tars")
    yield from names


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """None: pictures stay in their tars."""
    yield from ()


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The samples in the order of the tars' names and of their places in them.

    Raises:
        InputError: a tar changed since it was fetched.
    """
    for path in raw.paths(suffix=".tar"):
        with raw.open(path) as stream:
            tar = _Tar(raw, path)
            try:
                for entry in tar_entries(stream):
                    yield from tar.added(entry)
            except BrokenTar as error:
                yield from tar.broken(error)
            else:
                yield from tar.finished()


@dataclass
class _Sample:
    """What was found under one stem."""

    stem: str
    picture: PictureRef | None = None
    fault: tuple[SampleFault, str] | None = None
    texts: list[str] = field(default_factory=list)
    fields: Fields | None = None
    num_members: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    @property
    def has_picture(self) -> bool:
        return self.picture is not None or self.fault is not None

    @property
    def is_complete(self) -> bool:
        return self.has_picture and (bool(self.texts) or self.fields is not None)


class _Tar:
    """The samples of one tar. Stems that extend each other (`0001`, `0001.seg`) wait until another one comes."""

    def __init__(self, raw: RawFolder, path: str) -> None:
        self._raw = raw
        self._path = path
        self._name = path.removeprefix(f"{raw.source}/").removesuffix(".tar")
        self._split = split_from_name(self._name)
        self._max_bytes: int = raw.fetch_params["max_picture_bytes"]
        self._waiting: dict[str, _Sample] = {}
        self._done: set[str] = set()
        self._last = ""

    def added(self, entry: TarEntry) -> Iterator[RawRecord | LostImage]:
        """Takes a member; gives the samples that are over with it."""
        stem, _, extension = entry.name.rpartition(".")
        if not stem or "/" in extension:
            stem, extension = entry.name, ""
        if stem not in self._waiting and (len(self._waiting) >= _MAX_STEMS or not self._extends(stem)):
            yield from self.finished()
        self._last = stem
        sample = self._waiting.setdefault(stem, _Sample(stem))
        sample.num_members += 1
        kind = extension.lower()
        if kind in _PICTURES:
            if sample.has_picture:
                yield self._lost(stem, "duplicate_key", f"{entry.name} is a second picture")
            else:
                self._take_picture(sample, entry)
        elif kind in (*_TEXTS, "json"):
            self._take_text(sample, entry, kind)
        else:
            sample.dropped["member.ignored"] += 1

    def finished(self) -> Iterator[RawRecord | LostImage]:
        """The samples that wait."""
        root = min(self._waiting, key=len, default="")
        samples, self._waiting = self._waiting, {}
        parts = [sample for stem, sample in samples.items() if stem != root and not sample.is_complete]
        for sample in parts:
            samples[root].dropped["member.ignored"] += sample.num_members
        for stem, sample in samples.items():
            if sample in parts:
                continue
            if stem in self._done:
                yield self._lost(stem, "duplicate_key", "an earlier sample of the tar has this key", sample)
            else:
                self._done.add(stem)
                yield self._image(sample)

    def broken(self, error: BrokenTar) -> Iterator[RawRecord | LostImage]:
        """The samples that wait, and a lost image for what was to come."""
        detail = f"{self._path}, byte {error.offset}: {error}"
        if error.is_last_whole or self._last not in self._waiting:
            yield from self.finished()
            yield self._lost("", "broken_archive", f"{detail}; {len(self._done)} samples came before")
        else:
            self._waiting[self._last].fault = "broken_archive", f"{detail}; {len(self._done)} samples came before"
            yield from self.finished()

    def _extends(self, stem: str) -> bool:
        """Whether a stem belongs to those that wait."""
        root = min(self._waiting, key=len, default=None)
        return root is not None and (stem.startswith(f"{root}.") or root.startswith(f"{stem}."))

    def _take_picture(self, sample: _Sample, entry: TarEntry) -> None:
        if not entry.is_file:
            sample.fault = "not_a_plain_file", entry.name
        elif not is_safe_name(entry.name):
            sample.fault = "unsafe_name", entry.name
        elif not entry.num_bytes:
            sample.fault = "empty_picture", entry.name
        elif entry.num_bytes > self._max_bytes:
            sample.fault = "too_many_bytes", f"{entry.name}, {entry.num_bytes} bytes"
        else:
            sample.picture = PictureRef(self._path, entry.offset, entry.num_bytes)

    def _take_text(self, sample: _Sample, entry: TarEntry, kind: str) -> None:
        data = entry.read(_MAX_TEXT_BYTES + 1) if entry.is_file and is_safe_name(entry.name) else b"\xff"
        if kind == "json":
            fields = fields_from_json(data, self._raw.source) if len(data) <= _MAX_TEXT_BYTES else None
            if isinstance(fields, Fields) and sample.fields is None:
                sample.fields = fields
            else:
                sample.dropped["member.unreadable"] += 1
            return
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if len(data) > _MAX_TEXT_BYTES or "\0" in text:
            sample.dropped["caption.unreadable"] += 1
        else:
            sample.texts.append(clean_text(text))

    def _image(self, sample: _Sample) -> RawRecord | LostImage:
        if sample.fault:
            return self._lost(sample.stem, *sample.fault, sample)
        if sample.picture is None:
            return self._lost(sample.stem, "no_picture", f"{sample.num_members} members", sample)
        fields = sample.fields or Fields()
        return RawRecord(
            key=self._key(sample.stem),
            source=self._raw.source,
            split=fields.split or self._split,
            picture=sample.picture,
            captions=self._captions(sample),
            boxes=[],
            dropped=dict(sample.dropped),
            ids=ids_from_place(fields.url),
            declared_size_px=fields.declared_size_px,
            license=fields.license,
            origin=fields.url,
        )

    def _captions(self, sample: _Sample) -> list[Caption]:
        """Each text once, those of text files first."""
        captions = {text: Caption(text, self._raw.source) for text in sample.texts if text}
        for caption in sample.fields.captions if sample.fields else ():
            captions.setdefault(caption.text, caption)
        return list(captions.values())

    def _lost(self, stem: str, cause: SampleFault, detail: str, sample: _Sample | None = None) -> LostImage:
        """A lost image, with what goes with it of a sample."""
        gone = {**sample.dropped, **gone_with_picture(caption=len(self._captions(sample)))} if sample else {}
        return LostImage(self._key(stem), self._raw.source, self._split, cause, detail, dropped=gone)

    def _key(self, stem: str) -> str:
        return key_from_file(self._raw.source, f"{self._name}/{stem}.")
