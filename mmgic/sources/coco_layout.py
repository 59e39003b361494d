"""Sets in COCO's layout as raw records: the reader of `coco`, `objects365`, `v3det` and `photos`.

What is wrong with one element is a faulty box, a counted caption or a `LostImage`, never the end of the file. Ids of
annotations are not read: a box that is listed twice is two boxes, and `normalize` drops the second as a duplicate.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Caption, Label, LostImage, RawBox, RawRecord
from mmgic.shards.folder import Folder, is_safe_name
from mmgic.sources.coco_rows import Category, Id, Image
from mmgic.sources.coco_spool import BoxRow, FolderFacts, ImageGroup, SetFile, image_groups
from mmgic.sources.raw import RawFolder, key_from_file
from mmgic.sources.tallies import gone_with_picture

LossCause = Literal["unsafe_name", "repeated_id", "no_split", "unlisted_image", "unreadable_image"]
"""Why an image of a set in COCO's layout gives no record: what its files say of it."""

_SHOWN = 200  # characters of a name in a rejection
_NO_BOX = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Layout:
    """What a set has of its own.

    Args:
        file: what a native file is, by its path below the set; None where it is not read here.
        picture: path below the set of the picture that the files of a folder (first) call by a name (second).
        label: a category's label, whose id is given.
        ids: names of an image in other sets.
    """

    file: Callable[[str], SetFile | None]
    picture: Callable[[str, str], str]
    label: Callable[[str, Category], Label]
    ids: Callable[[Image], dict[str, str]]


def files_below(origin: Folder, folders: Iterable[str], is_wanted: Callable[[str], object], hint: str) -> Iterator[str]:
    """The wanted native files that lie directly in some folders of a set (`""`: its own).

    Raises:
        InputError: there is none, or two have one name.
    """
    listed = ((folder, origin / folder if folder else origin) for folder in folders)
    paths = [f"{name}/{file}".lstrip("/") for name, folder in listed for file in folder.names()]
    found = [path for path in paths if is_wanted(path)]
    if not found:
        raise InputError("no annotation files of this source", where=origin.url, hint=hint)
    names = Counter(path.rpartition("/")[2] for path in found)
    if twice := [path for path in found if names[path.rpartition("/")[2]] > 1]:
        raise InputError(f"one file lies in two places: {', '.join(twice)}", where=origin.url, hint="keep one of them")
    yield from found


def local_pictures(layout: Layout, origin: Folder, paths: Iterable[str], limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the files name, in the order of `raw_records`: the first `limit` of each split.

    Raises:
        InputError: a file is not in COCO's layout.
    """
    taken: Counter[str] = Counter()
    files = [file for path in paths if (file := layout.file(path))]
    for facts, group in image_groups(files, origin.open, origin.file, with_annotations=False):
        split = _split(facts, group)
        if not group.images or not split:
            continue
        image = group.images[0]
        taken[split] += 1
        if is_safe_name(image.file_name) and (limit is None or taken[split] <= limit):
            path = layout.picture(facts.folder, image.file_name)
            yield LedgerLine(path, license=_license(facts, image), origin=_origin(image))


def raw_records(layout: Layout, raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The images of every folder in order of their ids, with captions and boxes; then what is lost of them.

    Raises:
        InputError: a file is not in COCO's layout, or changed since it was fetched.
    """
    start = f"{raw.source}/"
    files = [file for path in raw.paths() if (file := layout.file(path.removeprefix(start)))]
    groups = image_groups(
        files,
        lambda path: raw.open(start + path),
        lambda path: raw.folder.file(start + path),
        with_annotations=True,
    )
    labels: dict[Id, Label] = {}
    last: FolderFacts | None = None
    for facts, group in groups:
        if facts is not last:
            last, labels = facts, _labels(layout, raw.source, facts)
        yield from _outcomes(layout, raw, facts, labels, group)


def _labels(layout: Layout, source: str, facts: FolderFacts) -> dict[Id, Label]:
    known = {number: category for number, category in facts.categories.items() if category}
    return {number: layout.label(f"{source}:{number}", category) for number, category in known.items()}


def _outcomes(
    layout: Layout, raw: RawFolder, facts: FolderFacts, labels: dict[Id, Label], group: ImageGroup
) -> Iterator[RawRecord | LostImage]:
    """What becomes of an id: its first image has boxes and captions; where that is none, the first loss has them."""
    split = _split(facts, group)
    is_listed = group.id is not None and (group.images or group.unreadable)
    boxes, texts = len(group.boxes), _captions(facts, group) if is_listed else group.captions
    shown = "no id that can be read" if group.id is None else f"id {_shown(group.id)}"
    unnamed = f"{facts.folder}-image-{group.id}.jpg"

    def lost(file: str, cause: LossCause, detail: str) -> LostImage:
        nonlocal boxes, texts
        dropped = _dropped(texts) | gone_with_picture(caption=sum(bool(text and text.strip()) for text in texts))
        mine, boxes, texts = boxes, 0, []
        key = key_from_file(raw.source, file)
        return LostImage(key, raw.source, split or facts.split, cause, detail, mine, dropped)

    for number, image in enumerate(group.images):
        detail = f"{shown}: {_shown(image.file_name)}"
        if number:
            yield lost(image.file_name, "repeated_id", detail)
        elif not split:
            yield lost(image.file_name, "no_split", detail)
        elif not is_safe_name(image.file_name):
            yield lost(image.file_name, "unsafe_name", detail)
        else:
            boxes, texts = 0, []
            yield _record(layout, raw, facts, labels, group, split)
    if (boxes or texts) and not is_listed:
        yield lost(unnamed, "unlisted_image", f"{boxes} boxes, {len(texts)} captions of {shown}")
    for detail in group.unreadable:
        yield lost(unnamed, "unreadable_image", detail)


def _record(
    layout: Layout, raw: RawFolder, facts: FolderFacts, labels: dict[Id, Label], group: ImageGroup, split: str
) -> RawRecord:
    image = group.images[0]
    texts = _captions(facts, group)
    captions = [Caption(" ".join(text.split()), raw.source) for text in texts if text and text.strip()]
    return RawRecord(
        key=key_from_file(raw.source, image.file_name),
        source=raw.source,
        split=split,
        picture=raw.picture(f"{raw.source}/{layout.picture(facts.folder, image.file_name)}"),
        captions=captions,
        boxes=[_box(raw.source, row, labels) for row in group.boxes],
        dropped=_dropped(texts),
        ids=layout.ids(image),
        declared_size_px=(image.width or 0, image.height or 0),
        license=_license(facts, image),
        origin=_origin(image),
    )


def _captions(facts: FolderFacts, group: ImageGroup) -> Sequence[str | None]:
    """Those of the captions file; without one those of another division that has the id."""
    return group.captions if "captions" in facts.contents else group.split_captions


def _dropped(texts: Sequence[str | None]) -> dict[str, int]:
    """Captions that say nothing, by cause."""
    dropped = {
        "caption.unreadable": sum(text is None for text in texts),
        "caption.empty": sum(text is not None and not text.strip() for text in texts),
    }
    return {what: count for what, count in dropped.items() if count}


def _box(source: str, row: BoxRow, labels: dict[Id, Label]) -> RawBox:
    number = "" if row.category is None else row.category
    label = labels.get(number)
    if row.box_xyxy_px is None:
        return RawBox(label or Label(f"{source}:{number}"[:_SHOWN], ""), _NO_BOX, fault="unreadable")
    if label is None:
        return RawBox(Label(f"{source}:{number}"[:_SHOWN], ""), _NO_BOX, fault="unknown_label")
    attributes = ["reflected"] if row.is_reflected else []
    return RawBox(label, row.box_xyxy_px, row.is_crowd, is_depiction=row.is_fake, attributes=attributes)


def _split(facts: FolderFacts, group: ImageGroup) -> str:
    """Of the images of an id; empty where another division does not have it, or has it twice."""
    if "splits" not in facts.contents:
        return facts.split
    return next(iter(group.splits)) if len(group.splits) == 1 else ""


def _license(facts: FolderFacts, image: Image) -> str:
    """Its address or name in the file's list; what stands at the image where that list does not have it."""
    if image.license is None:
        return ""
    listed = facts.licenses.get(image.license)
    if listed and (listed.url or listed.name):
        return listed.url or listed.name or ""
    return image.license if isinstance(image.license, str) else f"license {image.license}"


def _origin(image: Image) -> str:
    return image.coco_url or image.url or image.flickr_url or image.origin or ""


def _shown(text: Id) -> str:
    return repr(text)[:_SHOWN] if isinstance(text, str) else str(text)[:_SHOWN]
