"""Elements of files in COCO's layout: images, boxes, captions, categories, licences, and the images of Karpathy's split.

Format: the data page of cocodataset.org; what other sets add is named at its field. Fields that nobody reads, above all the
segmentation, are stepped over undecoded. An element with a field of the wrong type, or with `NaN` in it, is read once more
field by field, so that what is sound in it counts: a box without numbers still belongs to its image.
"""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from mmgic.sources.json_stream import Fault, Source, arrays

Id = int | str
"""As files have it; `"7"` and 7 are one id, see `plain_id`."""


Side = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]


class Image(msgspec.Struct, gc=False):
    """An image. `url` is Objects365's; `origin` is that of our `photos`, whose licences are names."""

    id: Id
    file_name: str
    width: Side | None = None
    height: Side | None = None
    license: Id | None = None
    coco_url: str | None = None
    flickr_url: str | None = None
    url: str | None = None
    origin: str | None = None


class Annotation(msgspec.Struct, gc=False):
    """A box: x, y, width and height in pixels from 0. `isfake` (a drawing, a figure) and `isreflected` are Objects365's."""

    image_id: Id
    category_id: Id
    bbox: tuple[float, float, float, float]
    iscrowd: int | bool | None = None
    isfake: int | bool | None = None
    isreflected: int | bool | None = None


class Sentence(msgspec.Struct, gc=False):
    """A caption."""

    image_id: Id
    caption: str


class Category(msgspec.Struct, gc=False):
    """A label. `cat_info` and `cat_info_gpt` are V3Det's descriptions; `description` is that of our `photos`."""

    id: Id
    name: str
    description: str | None = None
    cat_info: list[str] | str | None = None
    cat_info_gpt: list[str] | str | None = None


class License(msgspec.Struct, gc=False):
    """A licence that images name by its id."""

    id: Id
    name: str | None = None
    url: str | None = None


class SplitSentence(msgspec.Struct, gc=False):
    """A caption in Karpathy's file, as it was typed."""

    raw: str


class SplitImage(msgspec.Struct, gc=False):
    """An image in Karpathy's file `dataset_coco.json`, by its id in COCO."""

    cocoid: Id
    split: Literal["train", "restval", "val", "test"]
    sentences: list[SplitSentence] = []


Element = Image | Annotation | Sentence | Category | License | SplitImage

_DESCRIBING = (Category, License)
_LARGE = 1 << 63


class Broken(msgspec.Struct):
    """An element that cannot be read whole: its sound fields by name, what is wrong, where it starts in the file."""

    fields: dict[str, Any]
    detail: str


def elements(
    stream: Source, kinds: Mapping[str, type[Element]], where: str, *, required: Collection[str]
) -> Iterator[tuple[str, Element | Broken]]:
    """The elements of the arrays that `kinds` names, in the file's order: array, and an element of its kind or `Broken`.

    Raises:
        InputError: the file is not in COCO's layout, or ends early; with the byte.
    """
    for key, _, element in arrays(stream, kinds, where, required=required):
        yield key, (_read_by_field(element, kinds[key]) if isinstance(element, Fault) else element)


def plain_id(number: Id) -> Id:
    """One form of an id, whether a file has it as a number or as a text: an integer of 64 bits where it is one."""
    if isinstance(number, int):
        return number if -_LARGE <= number < _LARGE else str(number)
    is_number = number.isascii() and number.isdigit() and len(number) < 19 and str(int(number)) == number
    return int(number) if is_number else number


_fields = cache(msgspec.structs.fields)  # looked up anew it takes ten times as long as all else here


def _read_by_field(fault: Fault, kind: type[Element]) -> Element | Broken:
    """The element; `Broken` where a field that is there, or must be, cannot be read, but for what only describes."""
    value = fault.value()
    values: dict[str, Any] = value if isinstance(value, dict) else {}
    sound: dict[str, Any] = {}
    is_whole = True
    for field in _fields(kind):
        try:
            if field.name in values:
                sound[field.name] = msgspec.convert(values[field.name], field.type)
                msgspec.json.encode(sound[field.name])  # half a surrogate pair is no text
            elif field.required:
                is_whole = False
        except (msgspec.ValidationError, UnicodeEncodeError):
            sound.pop(field.name, None)
            is_whole = is_whole and kind in _DESCRIBING and not field.required
    return kind(**sound) if is_whole else Broken(sound, f"{fault.detail}, byte {fault.offset}")
