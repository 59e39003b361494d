"""COCO's native layout: `annotations/{instances,captions}_<split>.json` beside folders `<split>/` of photos.

Format: the data page of cocodataset.org; boxes are x, y, width, height in pixels from 0. `val2017` becomes split `val`.
Two fields go beyond COCO's own: `description` of a category and `origin` of an image, which our `photos` carry. A file is
decoded whole: about 10 bytes of memory a byte of JSON, without the segmentation polygons, which are skipped.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Caption, Label, RawBox, RawRecord
from mmgic.shards.folder import Folder, is_safe_name
from mmgic.sources.raw import RawFolder, key_from_file

_ANNOTATION = re.compile(r"annotations/(?P<what>instances|captions)_(?P<split>[A-Za-z0-9_-]+)\.json$")


class _License(msgspec.Struct):
    id: int
    name: str = ""
    url: str = ""


class _Image(msgspec.Struct):
    id: int
    file_name: str
    width: int = 0
    height: int = 0
    license: int | str = 0
    coco_url: str = ""
    origin: str = ""


class _Category(msgspec.Struct):
    id: int
    name: str
    description: str = ""


class _Annotation(msgspec.Struct):
    image_id: int
    category_id: int = 0
    bbox: tuple[float, float, float, float] | None = None
    iscrowd: int = 0
    caption: str = ""


class _File(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category] = []
    licenses: list[_License] = []


def local_files(origin: Folder) -> Iterator[str]:
    """The annotation files of a set.

    Raises:
        InputError: there is none.
    """
    names = [f"annotations/{name}" for name in (origin / "annotations").names()]
    found = [name for name in names if _ANNOTATION.search(name)]
    if not found:
        raise InputError(
            "no annotations/instances_*.json or captions_*.json",
            where=origin.url,
            hint="--in takes the folder above them",
        )
    yield from found


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the annotation files name: those of the first `limit` ids of a folder.

    Raises:
        InputError: a file is not in COCO's layout.
    """
    pictures: dict[str, dict[int, LedgerLine]] = defaultdict(dict)
    for name in local_files(origin):
        content = _decoded(origin.read(name), origin.file(name))
        licenses = {license.id: license for license in content.licenses}
        for image in content.images:
            line = LedgerLine("", license=_license(image, licenses), origin=image.coco_url or image.origin)
            if is_safe_name(image.file_name):
                line = msgspec.structs.replace(line, path=f"{_folder(name)}/{image.file_name}")
            pictures[_folder(name)][image.id] = line
    for folder in sorted(pictures):
        yield from (line for _, line in sorted(pictures[folder].items())[:limit] if line.path)


def raw_records(raw: RawFolder) -> Iterator[RawRecord]:
    """The images of every split in order of their ids, with captions and boxes.

    Raises:
        InputError: a file is not in COCO's layout, or changed since it was fetched.
    """
    splits: dict[str, dict[str, str]] = defaultdict(dict)
    for path in raw.paths(under="annotations/", suffix=".json"):
        if match := _ANNOTATION.search(path):
            splits[match["split"]][match["what"]] = path
    for split in sorted(splits):
        yield from _split_records(raw, split, splits[split])


def _split_records(raw: RawFolder, folder: str, paths: dict[str, str]) -> Iterator[RawRecord]:
    files = {what: _decoded(raw.read(path), raw.folder.file(path)) for what, path in paths.items()}
    images = {image.id: image for content in files.values() for image in content.images}
    licenses = {license.id: license for content in files.values() for license in content.licenses}
    captions: dict[int, list[str]] = defaultdict(list)
    for note in files["captions"].annotations if "captions" in files else ():
        captions[note.image_id].append(note.caption)
    boxes: dict[int, list[RawBox]] = defaultdict(list)
    if "instances" in files:
        labels = {c.id: Label(f"{raw.source}:{c.id}", c.name, c.description) for c in files["instances"].categories}
        for note in files["instances"].annotations:
            boxes[note.image_id].append(_box(note, labels, paths["instances"]))
    unknown = sorted((captions.keys() | boxes.keys()) - images.keys())
    if unknown:
        raise InputError(
            f"annotations of an image that is not listed: id {unknown[0]}", where=", ".join(paths.values())
        )
    for number, image in sorted(images.items()):
        if not is_safe_name(image.file_name):
            raise InputError(
                f"file name of image {number} leaves its folder: {image.file_name!r}", where=", ".join(paths.values())
            )
        yield RawRecord(
            key=key_from_file(raw.source, image.file_name),
            source=raw.source,
            split=re.sub(r"\d+$", "", folder) or folder,
            picture=raw.picture(f"{raw.source}/{folder}/{image.file_name}"),
            captions=[Caption(" ".join(text.split()), raw.source) for text in captions[number] if text.strip()],
            boxes=boxes[number],
            declared_size_px=(image.width, image.height),
            license=_license(image, licenses),
            origin=image.coco_url or image.origin,
        )


def _box(note: _Annotation, labels: dict[int, Label], path: str) -> RawBox:
    if note.category_id not in labels or note.bbox is None:
        raise InputError(
            f"annotation of image {note.image_id}: category {note.category_id}, box {note.bbox}", where=path
        )
    x, y, width, height = note.bbox
    return RawBox(labels[note.category_id], (x, y, x + width, y + height), is_crowd=bool(note.iscrowd))


def _decoded(data: bytes, where: str) -> _File:
    try:
        return msgspec.json.decode(data, type=_File)
    except msgspec.MsgspecError as error:
        raise InputError(f"not COCO's layout: {error}", where=where) from error


def _folder(name: str) -> str:
    match = _ANNOTATION.search(name)
    return match["split"] if match else ""


def _license(image: _Image, licenses: dict[int, _License]) -> str:
    if isinstance(image.license, str):
        return image.license
    license = licenses.get(image.license)
    return (license.url or license.name) if license else ""
