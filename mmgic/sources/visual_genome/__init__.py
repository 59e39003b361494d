"""Visual Genome 1.0 to 1.4: objects with WordNet senses, attributes, relationships and region phrases, in JSON files.

Images and objects are required, the other files may be missing. There is no official split: all is `train`. There are no
captions: `mmgic caption` writes them.

1. Each file is read once, entry by entry, and its rows are put on disk by image.
2. All are walked side by side, in order of the images' ids.

Cost: 3 milliseconds an image with all files. Memory is the largest entry, the definitions of the synsets, and 20 MB a file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any

from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources.places import LoosePictures, picture_at
from mmgic.sources.raw import RawFolder, key_from_file
from mmgic.sources.spool import Spool, joined
from mmgic.sources.tallies import gone_with_picture
from mmgic.sources.visual_genome.concepts import concepts
from mmgic.sources.visual_genome.parts import PARTS, SOURCE, SPLIT, ImageRow, files_among
from mmgic.sources.wordnet import glosses_from_synsets, sentence_from_gloss

_FOLDERS = ("images/", "VG_100K/", "VG_100K_2/", "images/VG_100K/", "images/VG_100K_2/", "")
"""Where a picture may lie; the first is the place of one from an archive."""


def local_files(origin: Folder) -> Iterator[str]:
    """The native files that are read.

    Raises:
        InputError: images or objects are missing, or a part is there in two releases.
    """
    yield from sorted(files_among(origin.names(), origin.url).values())


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures of the first `limit` ids.

    Raises:
        InputError: `image_data.json` cannot be read.
    """
    name = files_among(origin.names(), origin.url)["image_data"]
    pictures = LoosePictures(origin)
    with Spool[list[ImageRow]](list[ImageRow]) as images:
        with origin.open(name) as stream:
            for entry in PARTS["image_data"].entries(stream, origin.file(name)):
                if entry.rows:
                    images.add(entry.image, entry.rows)
        for image, ((row, *_), *_) in islice(images.groups(), limit):
            if not row.fault:
                yield LedgerLine(pictures.path(_paths(image)), origin=row.url)


def picture_of_member(archive: str, member: str) -> str:
    """The picture that a member of an archive is: `VG_100K/1.jpg` of `images.zip`, or in any other folder."""
    path = PurePosixPath(member)
    is_picture = path.suffix.lower() == ".jpg" and re.fullmatch(r"-?\d{1,19}", path.stem)
    return _paths(path.stem)[0] if is_picture else ""


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The images in order of their ids, those that other files speak of and `image_data.json` does not too; then lost entries.

    Raises:
        InputError: a native file cannot be read, or changed since it was fetched.
    """
    files = files_among(
        (path.removeprefix(f"{raw.source}/") for path in raw.paths(suffix=".json")), raw.folder.file(raw.source)
    )
    descriptions = _descriptions(raw, files)
    with ExitStack() as opened, Spool[LostImage](LostImage) as lost:
        spools = {name: opened.enter_context(Spool[Any](part.rows)) for name, part in PARTS.items()}
        for name in (name for name in PARTS if name in files):
            _spool(raw, f"{raw.source}/{files[name]}", name, spools[name], lost)
        for image, found in joined(*(spool.groups() for spool in spools.values())):
            rows = {name: list(chain.from_iterable(lists or ())) for name, lists in zip(PARTS, found, strict=True)}
            yield from _images(raw, image, rows, descriptions)
        for _, entries in lost.groups():
            yield from entries


def _descriptions(raw: RawFolder, files: Mapping[str, str]) -> dict[str, str]:
    """Sentences by synset, where the set has them."""
    if "synsets" not in files:
        return {}
    path = f"{raw.source}/{files['synsets']}"
    glosses = glosses_from_synsets(raw.read(path), raw.folder.file(path))
    return {synset: sentence_from_gloss(gloss) for synset, gloss in glosses.items()}


def _spool(raw: RawFolder, path: str, name: str, spool: Spool[Any], lost: Spool[LostImage]) -> None:
    with raw.open(path) as stream:
        for entry in PARTS[name].entries(stream, raw.folder.file(path)):
            if entry.lost:
                lost.add(0, entry.lost)
            else:
                spool.add(entry.image, entry.rows)


def _images(
    raw: RawFolder, image: int, rows: Mapping[str, Sequence[Any]], descriptions: Mapping[str, str]
) -> Iterator[RawRecord | LostImage]:
    """The image, and what stands for its further entries in `image_data.json`."""
    key = key_from_file(SOURCE, f"{image}.jpg")
    num_boxes = len(rows["objects"])
    gone = gone_with_picture(phrase=len(rows["region_descriptions"]), relation=len(rows["relationships"]))
    listed: Sequence[ImageRow] = rows["image_data"]
    if not listed:
        detail = ", ".join(f"{len(found)} {name}" for name, found in rows.items() if found)
        yield LostImage(key, SOURCE, SPLIT, "unlisted_image", detail, num_boxes, gone)
        return
    if listed[0].fault:
        yield LostImage(key, SOURCE, SPLIT, "unreadable_entry", listed[0].fault, num_boxes, gone)
    else:
        found = concepts(
            rows["objects"], rows["attributes"], rows["relationships"], rows["region_descriptions"], descriptions
        )
        yield RawRecord(
            key=key,
            source=SOURCE,
            split=SPLIT,
            picture=picture_at(raw, _paths(image)),
            captions=[],
            boxes=found.boxes,
            phrases=found.phrases,
            relations=found.relations,
            dropped=found.dropped,
            ids=listed[0].ids,
            declared_size_px=listed[0].size_px,
            origin=listed[0].url,
        )
    for _ in listed[1:]:
        yield LostImage(key, SOURCE, SPLIT, "duplicate_image", "listed again")


def _paths(image: int | str) -> list[str]:
    return [f"{folder}{image}.jpg" for folder in _FOLDERS]
