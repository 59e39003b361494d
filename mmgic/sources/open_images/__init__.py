"""Open Images V4 to V7: box CSVs, class names, hierarchy and image lists by their published names, any of the splits.

Format: the download and news pages of storage.googleapis.com/openimages/web. A box is XMin, XMax, YMin, YMax, in this order, in
parts of the stored picture. The Rotation of an image list turns picture and boxes alike, so both are left as they are stored.
Flags are 1, 0 or -1 (unknown). Confidence is 1 in every box file, and is not read. A row that cannot be read is a faulty box;
rows that name no image are one lost image a split.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import PurePosixPath

from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Label, LostImage, RawBox, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources.json_stream import Source
from mmgic.sources.open_images.classes import ancestors_by_id, labels_by_mid
from mmgic.sources.open_images.tables import IMAGE_ID, BoxRow, Image, Tables, files_among, images
from mmgic.sources.places import LoosePictures, picture_at
from mmgic.sources.raw import RawFolder, key_from_file

_FOLDERS = ("", "annotations/")


def local_files(origin: Folder) -> Iterator[str]:
    """The native files that are read, from the folder or from `annotations/` in it.

    Raises:
        InputError: there are no box files or no class names, or two box files of one split.
    """
    files = files_among([folder + name for folder in _FOLDERS for name in (origin / folder).names()], origin.url)
    yield from sorted({*files.boxes.values(), *files.lists, *files.classes, files.hierarchy} - {""})


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures of the first `limit` images of each split, in order of their ids.

    Raises:
        InputError: a native file cannot be read.
    """
    tables = Tables(files_among(local_files(origin), origin.url), origin.open, origin.file)
    pictures = LoosePictures(origin)
    taken: Counter[str] = Counter()
    for image in images(tables):
        taken[image.split] += 1
        if not image.lost and (limit is None or taken[image.split] <= limit):
            yield LedgerLine(pictures.path(_paths(image)), license=image.listed.license, origin=image.listed.origin)


def picture_of_member(archive: str, member: str) -> str:
    """The picture that a member of an archive is: `train_0/<id>.jpg` of `train_0.tar.gz`, or in any other folder."""
    path = PurePosixPath(member)
    is_picture = path.suffix.lower() == ".jpg" and IMAGE_ID.fullmatch(path.stem)
    return f"images/{path.stem}.jpg" if is_picture else ""


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The images that have boxes, by split, in order of their ids.

    Raises:
        InputError: a native file cannot be read, or changed since it was fetched.
    """

    def opened(name: str) -> AbstractContextManager[Source]:
        return raw.open(f"{raw.source}/{name}")

    def where(name: str) -> str:
        return raw.folder.file(f"{raw.source}/{name}")

    names = [path.removeprefix(f"{raw.source}/") for path in raw.paths()]
    tables = Tables(files_among(names, where("")), opened, where)
    labels = labels_by_mid(tables)
    ancestors = ancestors_by_id(tables, labels)
    for image in images(tables):
        yield image.lost or _raw_record(raw, image, labels, ancestors)


def _raw_record(
    raw: RawFolder, image: Image, labels: Mapping[str, Label], ancestors: Mapping[str, list[Label]]
) -> RawRecord:
    boxes = [_raw_box(row, labels) for row in image.boxes]
    return RawRecord(
        key=key_from_file(raw.source, f"{image.id}.jpg"),
        source=raw.source,
        split=image.split,
        picture=picture_at(raw, _paths(image)),
        captions=[],
        boxes=boxes,
        ids={raw.source: image.id} | ({"flickr": image.listed.flickr} if image.listed.flickr else {}),
        is_normalized=True,
        ancestors={box.label.id: ancestors[box.label.id] for box in boxes if box.label.id in ancestors},
        license=image.listed.license,
        author=image.listed.author,
        origin=image.listed.origin,
    )


def _raw_box(row: BoxRow, labels: Mapping[str, Label]) -> RawBox:
    label = labels.get(row.mid)
    if row.box_xyxy_norm is None or label is None:
        return RawBox(
            label or Label(f"open-images:{row.mid}", ""),
            (0.0, 0.0, 0.0, 0.0),
            fault="unreadable" if row.box_xyxy_norm is None else "unknown_label",
        )
    return RawBox(
        label, row.box_xyxy_norm, is_group=row.is_group, is_depiction=row.is_depiction, attributes=row.attributes
    )


def _paths(image: Image) -> list[str]:
    """Where a picture may lie; the first is the place of one from an archive."""
    split = image.split
    folders = ("images/", f"{split}/", f"images/{split}/", f"{split}/data/", f"{split}_{image.id[0]}/", "")
    return [f"{folder}{image.id}.jpg" for folder in folders]
