"""COCO 2014 and 2017: `annotations/{instances,captions}_<split>.json` beside folders `<split>/` of photos, or their zips.

1. `val2017` becomes split `val`. Where `dataset_coco.json` lies in the set, in `annotations/` or in `karpathy/`, Karpathy's
   splits hold instead (train, restval, val, test): an image that it does not list is lost (`no_split`), and its sentences are
   the captions of a folder without a captions file.
2. A photo's id comes from its name (`COCO_val2014_000000000042.jpg`, `000000000042.jpg`), so that both years give one id, and
   the set of somebody else in this layout gives none.

Format: the data page of cocodataset.org; Karpathy's file is that of "Deep Visual-Semantic Alignments" (2015).
"""

import re
from collections.abc import Iterator
from typing import cast

from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Label, LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco_layout
from mmgic.sources.coco_layout import Layout
from mmgic.sources.coco_rows import Category, Image
from mmgic.sources.coco_spool import Content, SetFile
from mmgic.sources.raw import RawFolder

_FOLDERS = ("", "annotations", "karpathy")
_BOXES = re.compile(r"annotations/(?P<content>instances|captions)_(?P<folder>[A-Za-z0-9_-]+)\.json")
_SPLITS = re.compile(r"(?:annotations/|karpathy/)?dataset_coco\.json")
_PHOTO = re.compile(r"(?:COCO_(?:train|val|test)2014_)?(\d{12})\.jpg")
_IN_SPLIT = re.compile(r"(?:^|/)((?:train|val|test|unlabeled)\d{4}/.*)")
_FLICKR = re.compile(r"flickr\.com/.*/(\d+)_[0-9a-f]+(?:_[a-z0-9]+)?\.jpg")


def local_files(origin: Folder) -> Iterator[str]:
    """The annotation files of a set.

    Raises:
        InputError: there is none.
    """
    hint = "--in takes the folder above annotations/instances_*.json and captions_*.json"
    yield from coco_layout.files_below(origin, _FOLDERS, _file, hint)


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the annotation files name: those of the first `limit` ids of each split.

    Raises:
        InputError: a file is not in COCO's layout.
    """
    yield from coco_layout.local_pictures(LAYOUT, origin, local_files(origin), limit)


def picture_of_member(archive: str, member: str) -> str:
    """`val2017/1.jpg` anywhere in any archive; of other folders `train/1.jpg` or `1.jpg` in `train.zip`."""
    folder = archive.rpartition("/")[2].partition(".")[0]
    member = member.removeprefix("./")
    if match := _IN_SPLIT.search(member):
        return match[1]
    return member if member.startswith(f"{folder}/") else f"{folder}/{member}"


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The images of every folder in order of their ids, with captions and boxes.

    Raises:
        InputError: a file is not in COCO's layout, or changed since it was fetched.
    """
    yield from coco_layout.raw_records(LAYOUT, raw)


def _file(path: str) -> SetFile | None:
    if _SPLITS.fullmatch(path):
        return SetFile("splits", "", "", path)
    if match := _BOXES.fullmatch(path):
        content, folder = cast(Content, match["content"]), match["folder"]
        return SetFile(content, folder, re.sub(r"\d+$", "", folder) or folder, path)
    return None


def _label(label_id: str, category: Category) -> Label:
    return Label(label_id, category.name, category.description or "")


def _ids(image: Image) -> dict[str, str]:
    ids: dict[str, str] = {}
    if match := _PHOTO.fullmatch(image.file_name):
        ids["coco"] = str(int(match[1]))
    if match := _FLICKR.search(image.flickr_url or ""):
        ids["flickr"] = match[1]
    return ids


LAYOUT = Layout(_file, lambda folder, name: f"{folder}/{name}", _label, _ids)
"""Also that of `photos`, whose names and addresses give no ids."""
