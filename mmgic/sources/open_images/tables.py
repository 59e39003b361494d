"""The CSV files of Open Images as images with their rows, in order of split and id.

1. Rows of box files and image lists are sorted on disk by split and image.
2. Both are walked side by side. An image is what has a box: the lists of all nine million images name many that have none.

Cost: about 15 microseconds a box. Memory does not grow with the files.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

import msgspec

from mmgic.errors import InputError
from mmgic.schema.records import LostImage
from mmgic.sources.csv_stream import rows
from mmgic.sources.json_stream import Source
from mmgic.sources.raw import key_from_file
from mmgic.sources.spool import Spool, joined

SOURCE = "open-images"
IMAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

_SPLIT = re.compile(r"(?:^|[-_])(train|validation|test)(?=[-_])")
_BOXES = re.compile(r"(?:^|-)annotations-bbox\.csv$")
_CLASSES = re.compile(r"(?:^|-)class-descriptions(?P<boxable>-boxable)?\.csv$")
_LISTS = re.compile(r"(?:^|-)(?:images(?:-boxable|-with-labels)?(?:-with-rotation)?|image_ids_and_rotation)\.csv$")
_HIERARCHY = re.compile(r"hierarchy\.json$")

_BOX_COLUMNS = ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax")
_FLAG_COLUMNS = ("IsOccluded", "IsTruncated", "IsInside", "IsGroupOf", "IsDepiction")
_FLAGS = {"1": True, "1.0": True, "0": False, "0.0": False, "-1": False, "-1.0": False, "": False}
_SLACK = 1e-3  # what rounding may put outside 0..1

_LIST_COLUMNS = ("Subset", "License", "Author", "OriginalURL", "OriginalLandingURL")
_FLICKR = re.compile(r"flickr\.com/(?:photos/[^/]+/(\d+)|\S*?/(\d+)_[0-9a-f]+)")


class Files(NamedTuple):
    """Names of the native files: box files by split, image lists, class names, and the hierarchy if there is one."""

    boxes: dict[str, str]
    lists: list[str]
    classes: list[str]
    hierarchy: str


class Tables(NamedTuple):
    """The native files, how one is opened, and how an error names it."""

    files: Files
    opened: Callable[[str], AbstractContextManager[Source]]
    where: Callable[[str], str]


class BoxRow(msgspec.Struct, array_like=True, gc=False):
    """A row of a box file: MID, x1, y1, x2, y2 from 0 to 1, flags. A row that cannot be read has no box."""

    mid: str
    box_xyxy_norm: tuple[float, float, float, float] | None = None
    attributes: list[str] = []
    is_group: bool = False
    is_depiction: bool = False


class ListRow(msgspec.Struct, array_like=True, gc=False):
    """A row of an image list: its URLs, and the id that the photo has at Flickr."""

    license: str = ""
    author: str = ""
    origin: str = ""
    flickr: str = ""


class Image(NamedTuple):
    """What the files say of an image, and why it is lost if it is."""

    split: str
    id: str
    boxes: list[BoxRow]
    listed: ListRow
    lost: LostImage | None


def files_among(names: Iterable[str], where: str) -> Files:
    """The native files among other files.

    Raises:
        InputError: there are no boxes or no class names, or two box files of one split.
    """
    boxes: dict[str, str] = {}
    lists: list[str] = []
    classes: dict[bool, list[str]] = {True: [], False: []}
    hierarchies: list[str] = []
    for path in sorted(names):
        name = path.rpartition("/")[2]
        if _BOXES.search(name):
            split = _split(name)
            if split in boxes:
                both = f"{boxes[split]}, {path}"
                raise InputError(f"two box files of split {split}: {both}", where=where, hint="leave one of them")
            boxes[split] = path
        elif _LISTS.search(name):
            lists.append(path)
        elif match := _CLASSES.search(name):
            classes[bool(match["boxable"])].append(path)
        elif _HIERARCHY.search(name):
            hierarchies.append(path)
    found = classes[True] or classes[False]
    for files, what in ((boxes, "*annotations-bbox.csv"), (found, "*class-descriptions*.csv")):
        if not files:
            raise InputError(f"no {what}", where=where, hint="--in takes the folder of Open Images' CSV files")
    return Files(boxes, lists, found, hierarchies[0] if hierarchies else "")


def images(tables: Tables) -> Iterator[Image]:
    """The images that have boxes, by split and id; then, for each split, what stands for its rows without an image.

    Raises:
        InputError: a file lacks a column, or its rows cannot be told apart.
    """
    with Spool[BoxRow](BoxRow) as boxes, Spool[ListRow](ListRow) as lists:
        nameless = _spool_boxes(tables, boxes)
        listed_splits = _spool_lists(tables, lists)
        for key, (found, listed) in joined(boxes.groups(), lists.groups()):
            split, _, image = str(key).partition("/")
            if found:
                is_listed = bool(listed) or split not in listed_splits
                lost_image = _lost(split, image, len(found), is_listed=is_listed)
                yield Image(split, image, found, listed[0] if listed else ListRow(), lost_image)
        for split, count in nameless.items():
            lost = LostImage(f"{SOURCE}-{split}-rows-without-image", SOURCE, split, "no_image_id", num_boxes=count)
            yield Image(split, "", [], ListRow(), lost)


def _spool_boxes(tables: Tables, spool: Spool[BoxRow]) -> Counter[str]:
    """Rows without an image, by split."""
    nameless: Counter[str] = Counter()
    for split, name in tables.files.boxes.items():
        with tables.opened(name) as stream:
            for _, (image, *cells), is_whole in rows(stream, tables.where(name), _BOX_COLUMNS, _FLAG_COLUMNS):
                if image:
                    spool.add(f"{split}/{image}", _box_row(cells, is_whole))
                else:
                    nameless[split] += 1
    return nameless


def _spool_lists(tables: Tables, spool: Spool[ListRow]) -> set[str]:
    """Splits that have a list."""
    splits: set[str] = set()
    for name in tables.files.lists:
        with tables.opened(name) as stream:
            for _, (image, subset, *cells), _ in rows(stream, tables.where(name), ("ImageID",), _LIST_COLUMNS):
                split = subset or _split(name)
                if image and split in tables.files.boxes:
                    splits.add(split)
                    spool.add(f"{split}/{image}", _list_row(*cells))
    return splits


def _split(name: str) -> str:
    match = _SPLIT.search(name)
    return match[1] if match else "train"


def _lost(split: str, image: str, num_boxes: int, *, is_listed: bool) -> LostImage | None:
    key = key_from_file(SOURCE, f"{image}.jpg")
    if not IMAGE_ID.fullmatch(image):
        return LostImage(key, SOURCE, split, "unsafe_name", f"image {image!r}", num_boxes)
    if not is_listed:
        return LostImage(key, SOURCE, split, "unlisted_image", f"image {image!r}", num_boxes)
    return None


def _box_row(cells: list[str], is_whole: bool) -> BoxRow:
    mid, *corners = cells[:5]
    try:
        x1, x2, y1, y2 = map(float, corners)
        occluded, truncated, inside, is_group, is_depiction = (_FLAGS[flag] for flag in cells[5:])
    except (ValueError, KeyError):
        return BoxRow(mid)
    is_box = -_SLACK <= x1 <= x2 <= 1 + _SLACK and -_SLACK <= y1 <= y2 <= 1 + _SLACK  # false of what is no number
    if not (is_box and is_whole):
        return BoxRow(mid)
    flags = {"occluded": occluded, "truncated": truncated, "inside": inside}
    return BoxRow(mid, (x1, y1, x2, y2), [name for name, flag in flags.items() if flag], is_group, is_depiction)


def _list_row(license: str, author: str, origin: str, landing: str) -> ListRow:
    match = _FLICKR.search(landing) or _FLICKR.search(origin)
    return ListRow(license, author, origin, (match[1] or match[2]) if match else "")
