"""V3Det: `v3det_2023_v1_{train,val}.json` with photos `images/<category node>/<name>.jpg`, as its download script leaves them.

1. A label's description is its `cat_info`, else its `cat_info_gpt`, else that of `v3det_2023_v1_*cat_info.json[.gz]` by id.
2. A bracket behind a name is a sense: `crane (bird)` is called `crane`, in the sense `crane (bird)`.
3. `category_name_13204_v3det_2023_v1.txt` has a name a line, by id. Where it differs from the label's own, which other labels
   have too, it is the sense: `slug` in the sense `bullet`. Four of them contradict the description and are passed over.
4. Names from titles of lists (`list of dog crossbreeds`) are mended by a table.

A photo's name carries its id in Flickr. Format: the README of V3Det/V3Det, of 2023.
"""

import re
from collections.abc import Iterator
from functools import partial

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Label, LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco_layout
from mmgic.sources.coco_layout import Layout
from mmgic.sources.coco_rows import Category, Id, Image, plain_id
from mmgic.sources.coco_spool import SetFile
from mmgic.sources.json_stream import Fault, items
from mmgic.sources.mended_names import mended_name
from mmgic.sources.raw import RawFolder
from mmgic.sources.tables.packed import unpacked

_FOLDERS = ("", "annotations")
_FILE = re.compile(r"(?:annotations/)?v3det_2023_v1_(?P<split>train|val)\.json")
_NAMES = re.compile(r"(?:annotations/)?category_name_13204_v3det_2023_v1\.txt")
_DESCRIPTIONS = re.compile(r"(?:annotations/)?v3det_2023_v1_\w*cat_info\.json(?:\.gz)?")

_SENSE = re.compile(r"(?P<name>.*\S)\s*\([^()]*\)")
_FLICKR = re.compile(r".*_(\d{6,})_[0-9a-f]{10}(?:_[a-z0-9]+)?\.jpg")
# Of a jersey: corgi; of a fresh cucumber: pickled; of a crane: swan; of a cat: rabbit.
_WRONG_SENSES = {2575, 3680, 11568, 11798}
_FOOTNOTE = re.compile(r"\s*(?:\[\d+\]|\(pronunciation \(help·info\)\))")
_NO_SPACE = re.compile(r"(?<=[a-z)])\.(?=[A-Z])")


def local_files(origin: Folder) -> Iterator[str]:
    """The annotation files of a set, with the files of names and descriptions that are there.

    Raises:
        InputError: there is none.
    """
    hint = "--in takes the folder of v3det_2023_v1_train.json and v3det_2023_v1_val.json, or that above `annotations`"
    names = list(coco_layout.files_below(origin, _FOLDERS, _is_native, hint))
    if not any(map(_file, names)):
        raise InputError("no v3det_2023_v1_train.json or v3det_2023_v1_val.json", where=origin.url, hint=hint)
    yield from names


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the annotation files name: those of the first `limit` ids of each split.

    Raises:
        InputError: a file is not in COCO's layout.
    """
    yield from coco_layout.local_pictures(_layout({}, {}), origin, local_files(origin), limit)


def picture_of_member(archive: str, member: str) -> str:
    """A member by its last two names: `V3Det/images/n07745046/1.jpg` is `images/n07745046/1.jpg`."""
    return "/".join(["images", *member.split("/")[-2:]])


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """The images of both splits in order of their ids.

    Raises:
        InputError: a file is not in its layout, or changed since it was fetched.
    """
    listed: dict[Id, str] = {}
    described: dict[Id, str] = {}
    for path in raw.paths():
        name = path.removeprefix(f"{raw.source}/")
        if _NAMES.fullmatch(name):
            listed |= _listed(raw.read(path), raw.folder.file(path))
        elif _DESCRIPTIONS.fullmatch(name):
            described |= _described(raw, path)
    yield from coco_layout.raw_records(_layout(listed, described), raw)


def _layout(listed: dict[Id, str], described: dict[Id, str]) -> Layout:
    return Layout(_file, lambda _, name: name, partial(_label, listed=listed, described=described), _ids)


def _file(path: str) -> SetFile | None:
    match = _FILE.fullmatch(path)
    return SetFile("instances", match["split"], match["split"], path) if match else None


def _is_native(path: str) -> bool:
    return any(pattern.fullmatch(path) for pattern in (_FILE, _NAMES, _DESCRIPTIONS))


def _listed(data: bytes, where: str) -> dict[Id, str]:
    """Names by id: that of line n is the one of id n."""
    try:
        return dict(enumerate(data.decode("utf-8-sig").splitlines(), start=1))
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error}", where=where) from error


def _described(raw: RawFolder, path: str) -> dict[Id, str]:
    """Descriptions by id; a category that cannot be read has none."""
    where = raw.folder.file(path)
    with unpacked(path, where, raw.open) as text:
        found = (category for _, category in items(text, Category, where) if not isinstance(category, Fault))
        return {plain_id(each.id): _description(each) for each in found}


def _label(label_id: str, category: Category, *, listed: dict[Id, str], described: dict[Id, str]) -> Label:
    number = plain_id(category.id)
    full = _spaced(mended_name("v3det", number, category.name))
    match = _SENSE.fullmatch(full)
    other = "" if number in _WRONG_SENSES else _spaced(listed.get(number, ""))
    sense = other if other and other.casefold() != full.casefold() else full if match else ""
    return Label(label_id, match["name"] if match else full, _description(category) or described.get(number, ""), sense)


def _description(category: Category) -> str:
    """The first text that is not empty, as one line."""
    for texts in (category.cat_info, category.cat_info_gpt):
        for text in [texts] if isinstance(texts, str) else texts or []:
            if line := " ".join(_NO_SPACE.sub(". ", _FOOTNOTE.sub("", text)).split()):
                return line
    return ""


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _ids(image: Image) -> dict[str, str]:
    match = _FLICKR.fullmatch(image.file_name)
    return {"flickr": match[1]} if match else {}
