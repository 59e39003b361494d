"""The JSON files of Visual Genome: lists with one entry an image, under the key names of releases 1.0, 1.2 and 1.4.

Format: the data readme of the Visual Genome page, and what the files hold. An image is `id` or `image_id`, an object `id` or
`object_id`, a name `name`, `names` or `object_names`, a side `w` or `width`; all but the lists themselves may be missing. An
entry is decoded whole; where that fails its elements are taken one by one, so that a wrong one costs only itself.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec

from mmgic.errors import InputError
from mmgic.schema.records import Box, LostImage
from mmgic.sources.json_stream import Fault, Source, items
from mmgic.sources.tallies import gone_with_picture

SOURCE = "visual-genome"
SPLIT = "train"
"""There is no official split."""

_FILE = re.compile(
    r"(image_data|objects|attributes|relationships|region_descriptions|synsets)(?:_v\d+(?:_\d+)*)?\.json"
)
_COUNTED = {"regions": "phrase", "relationships": "relation"}
_SYNSET = re.compile(r"[^\s'\"()]+\.[nvasr]\.\d{2,3}")

Id = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Element(msgspec.Struct, gc=False):
    """An object, a region, or an end of a relationship."""

    x: float | None = None
    y: float | None = None
    w: float | None = None
    h: float | None = None
    width: float | None = None
    height: float | None = None
    id: Id | None = None
    object_id: Id | None = None
    name: str | None = None
    names: list[str] | str | None = None
    object_names: list[str] | str | None = None
    synsets: list[str | dict[str, Any]] | str | None = None
    merged_object_ids: list[Id] | None = None
    attributes: list[str] | None = None
    phrase: str | None = None


class _Relationship(msgspec.Struct, gc=False):
    predicate: str | None
    subject: _Element
    object: _Element


class _Entry(msgspec.Struct, gc=False, kw_only=True):
    image_id: Id | None = None
    id: Id | None = None


class _ImageData(_Entry, gc=False):
    width: Id = 0
    height: Id = 0
    url: str = ""
    coco_id: int | str | None = None
    flickr_id: int | str | None = None


class _Objects(_Entry, gc=False):
    objects: list[_Element]


class _Attributes(_Entry, gc=False):
    attributes: list[_Element]


class _Relationships(_Entry, gc=False):
    relationships: list[_Relationship]


class _Regions(_Entry, gc=False):
    regions: list[_Element]


class ImageRow(msgspec.Struct, array_like=True, gc=False):
    """An image: stated size, address, ids in other sets; or what is wrong with its entry."""

    size_px: tuple[int, int] = (0, 0)
    url: str = ""
    ids: dict[str, str] = {}
    fault: str = ""


class ObjectRow(msgspec.Struct, array_like=True, gc=False):
    """An object: first name, clean; its synset, if it has exactly one; the ids that it stands for."""

    name: str
    synset: str
    box_xyxy_px: Box | None
    ids: list[int]


class AttributesRow(msgspec.Struct, array_like=True, gc=False):
    """The attributes, clean, of the object with an id."""

    object_id: int | None
    attributes: list[str]


class RelationRow(msgspec.Struct, array_like=True, gc=False):
    """A relationship, with both ends as it describes them."""

    predicate: str
    subject: ObjectRow
    object: ObjectRow


class PhraseRow(msgspec.Struct, array_like=True, gc=False):
    """A region's phrase, with single spaces."""

    text: str
    box_xyxy_px: Box | None


class Entry(NamedTuple):
    """What a file says of an image: rows, None where one cannot be read. An entry that names no image is lost."""

    image: int
    rows: list[Any]
    lost: LostImage | None = None


def files_among(names: Iterable[str], where: str) -> dict[str, str]:
    """The native files by part.

    Raises:
        InputError: images or objects are missing, or a part is there in two releases.
    """
    found: dict[str, str] = {}
    names = sorted(names)
    for name in names:
        if match := _FILE.fullmatch(name):
            if match[1] in found:
                both = f"{found[match[1]]}, {name}"
                raise InputError(f"two files of {match[1]}: {both}", where=where, hint="leave one of them")
            found[match[1]] = name
    for part in ("image_data", "objects"):
        if part not in found:
            packed = [name for name in names if name.startswith(part) and name.endswith(".zip")]
            hint = f"unzip {packed[0]}" if packed else "--in takes the folder of Visual Genome's JSON files"
            raise InputError(f"no {part}.json", where=where, hint=hint)
    return found


class _List(NamedTuple):
    """A list: the native types of an entry and of an element, and the row that becomes of an element."""

    key: str
    entry: Any
    element: Any
    row: Callable[[Any], Any]


def _image_entries(stream: Source, where: str) -> Iterator[Entry]:
    for number, value in items(stream, _ImageData, where):
        image = _image(value)
        if image is None:
            yield _lost("image_data", number, value, 0)
        elif isinstance(value, Fault):
            yield Entry(image, [ImageRow(fault=value.detail)])
        else:
            others = {SOURCE: image, "coco": value.coco_id, "flickr": value.flickr_id}
            ids = {name: text for name, other in others.items() if (text := _plain_number(other))}
            yield Entry(image, [ImageRow((value.width, value.height), value.url, ids)])


def _plain_number(value: int | str | None) -> str:
    """An id as other sets' readers write it; empty for what is none: pictures without an id must not have it in common."""
    text = str(value).strip().lstrip("0")
    return text if text.isdecimal() and text.isascii() else ""


def _list_entries(part: _List, stream: Source, where: str) -> Iterator[Entry]:
    for number, value in items(stream, part.entry, where):
        rows = _salvaged(value, part) if isinstance(value, Fault) else [*map(part.row, getattr(value, part.key))]
        image = _image(value)
        if image is None or rows is None:
            yield _lost(part.key, number, value, len(rows or ()))
        else:
            yield Entry(image, rows)


def _image(value: _Entry | Fault) -> int | None:
    if isinstance(value, Fault):
        try:
            value = msgspec.convert(value.value(), _Entry)
        except (msgspec.ValidationError, UnicodeEncodeError):
            return None
    return value.id if value.image_id is None else value.image_id


def _salvaged(fault: Fault, part: _List) -> list[Any] | None:
    value = fault.value()
    elements = value.get(part.key) if isinstance(value, dict) else None
    if not isinstance(elements, list):
        return None
    rows: list[Any] = []
    for element in elements:
        try:
            row = part.row(msgspec.convert(element, part.element))
            msgspec.msgpack.encode(row)  # half a surrogate pair is no text
            rows.append(row)
        except (msgspec.ValidationError, UnicodeEncodeError):
            rows.append(None)
    return rows


def _lost(part: str, number: int, value: Any, num_rows: int) -> Entry:
    """An entry that names no image; what its rows are says the name of its list."""
    cause, detail = "no_image_id", f"entry {number} of {part}"
    if isinstance(value, Fault):
        cause, detail = "unreadable_entry", f"{value.detail}, byte {value.offset}"
    gone = gone_with_picture(**{_COUNTED[part]: num_rows}) if part in _COUNTED else {}
    num_boxes = num_rows if part == "objects" else 0
    return Entry(0, [], LostImage(f"{SOURCE}-{part}-{number}", SOURCE, SPLIT, cause, detail, num_boxes, gone))


def clean(text: str) -> str:
    """A name, an attribute or a predicate: lower case, single spaces, no full stop at its end."""
    return " ".join(text.lower().split()).rstrip(". ")


def _object_row(element: _Element) -> ObjectRow:
    names = element.names or element.object_names or element.name or ()
    number = element.id if element.object_id is None else element.object_id
    return ObjectRow(
        name=next((name for name in map(clean, [names] if isinstance(names, str) else names) if name), ""),
        synset=_synset(element.synsets),
        box_xyxy_px=_box(element),
        ids=[*([] if number is None else [number]), *(element.merged_object_ids or ())],
    )


def _synset(synsets: list[str | dict[str, Any]] | str | None) -> str:
    """The synset of an object that has one; several are those of a sentence (`powder on desk`), sorted by the alphabet."""
    texts = [synsets] if isinstance(synsets, str) else synsets or []
    found = {match[0] for text in texts for match in [_SYNSET.search(_synset_text(text))] if match}
    return found.pop() if len(found) == 1 else ""


def _synset_text(synset: str | dict[str, Any]) -> str:
    return synset if isinstance(synset, str) else str(synset.get("synset_name"))


def _box(element: _Element) -> Box | None:
    width = element.width if element.w is None else element.w
    height = element.height if element.h is None else element.h
    if element.x is None or element.y is None or width is None or height is None:
        return None
    return element.x, element.y, element.x + width, element.y + height


def _attributes_row(element: _Element) -> AttributesRow:
    number = element.id if element.object_id is None else element.object_id
    return AttributesRow(number, [text for text in map(clean, element.attributes or ()) if text])


def _relation_row(relation: _Relationship) -> RelationRow:
    return RelationRow(clean(relation.predicate or ""), _object_row(relation.subject), _object_row(relation.object))


def _phrase_row(element: _Element) -> PhraseRow:
    return PhraseRow(" ".join((element.phrase or "").split()), _box(element))


class Part(NamedTuple):
    """A file: its entries, which raise InputError where it cannot be read (with the byte), and the type of an entry's rows."""

    entries: Callable[[Source, str], Iterator[Entry]]
    rows: Any


def _part(key: str, entry: Any, element: Any, row: Callable[[Any], Any], rows: Any) -> Part:
    return Part(partial(_list_entries, _List(key, entry, element, row)), rows)


PARTS = {
    "image_data": Part(_image_entries, list[ImageRow]),
    "objects": _part("objects", _Objects, _Element, _object_row, list[ObjectRow | None]),
    "attributes": _part("attributes", _Attributes, _Element, _attributes_row, list[AttributesRow | None]),
    "relationships": _part("relationships", _Relationships, _Relationship, _relation_row, list[RelationRow | None]),
    "region_descriptions": _part("regions", _Regions, _Element, _phrase_row, list[PhraseRow | None]),
}
"""The files that have an entry an image."""
