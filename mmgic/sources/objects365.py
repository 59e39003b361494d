"""Objects365 v2: `zhiyuan_objv2_{train,val}.json` and folders `train/patch0/`, `val/patch0/` ... of photos, or their tars.

1. A file calls its photo `images/v1/patch8/objects365_v1_00420917.jpg`; it lies in `train/patch8/`, as the tars unpack.
2. Misspelt and cut names of labels are mended by a table (`Moniter/TV`, `French` for the horn).
3. `iscrowd` is a crowd, `isfake` a depiction, `isreflected` the attribute `reflected`. Boxes may leave the photo a little.

Format: COCO's, found in the copies of the set; the flags and `url` are its own. Three photos that the files list were never in
the tars (`objects365_v1_00320532`, `objects365_v1_00320534`, `objects365_v2_00908726`): they end as `missing_picture`.
"""

import re
from collections.abc import Iterator

from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Label, LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco_layout
from mmgic.sources.coco_layout import Layout
from mmgic.sources.coco_rows import Category
from mmgic.sources.coco_spool import SetFile
from mmgic.sources.mended_names import mended_name
from mmgic.sources.raw import RawFolder

_FOLDERS = ("", "annotations", "train", "val")
_FILE = re.compile(r"(?:(?:annotations|train|val)/)?zhiyuan_objv2_(?P<split>train|val)\.json")
_IN_PATCH = re.compile(r"(?:.*/)?(patch\d+/[^/]+)")


def local_files(origin: Folder) -> Iterator[str]:
    """The annotation files of a set.

    Raises:
        InputError: there is none.
    """
    hint = "--in takes the folder of zhiyuan_objv2_train.json and zhiyuan_objv2_val.json, or that above it"
    yield from coco_layout.files_below(origin, _FOLDERS, _file, hint)


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the annotation files name: those of the first `limit` ids of each split.

    Raises:
        InputError: a file is not in COCO's layout.
    """
    yield from coco_layout.local_pictures(_LAYOUT, origin, local_files(origin), limit)


def picture_of_member(archive: str, member: str) -> str:
    """The photo of a member of `val/patch3.tar.gz` or `train/patch3.tar.gz`; a tar beside these folders is train's."""
    folder = "val" if archive.startswith("val/") else "train"
    return _picture(folder, member if _IN_PATCH.fullmatch(member) else f"{_stem(archive)}/{member.removeprefix('./')}")


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The images of both splits in order of their ids.

    Raises:
        InputError: a file is not in COCO's layout, or changed since it was fetched.
    """
    yield from coco_layout.raw_records(_LAYOUT, raw)


def _file(path: str) -> SetFile | None:
    match = _FILE.fullmatch(path)
    return SetFile("instances", match["split"], match["split"], path) if match else None


def _picture(folder: str, name: str) -> str:
    match = _IN_PATCH.fullmatch(name)
    return f"{folder}/{match[1] if match else name}"


def _label(label_id: str, category: Category) -> Label:
    return Label(label_id, mended_name("objects365", category.id, " ".join(category.name.split())))


def _stem(archive: str) -> str:
    return archive.rpartition("/")[2].partition(".")[0]


_LAYOUT = Layout(_file, _picture, _label, lambda _: {})
