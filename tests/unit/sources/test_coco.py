"""COCO's layout: boxes, crowds, captions, licences, limits, and every way in which a set can be wrong."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco

_LICENSES = [{"id": 4, "name": "BY", "url": "http://by"}, {"id": 5, "name": "Bare"}]
_CATEGORIES = [{"id": 7, "name": "cup", "description": "Holds tea."}]


def _image(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": 48, "height": 32, **more}


def _instances(images: list[dict[str, Any]], notes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "info": {},
        "licenses": _LICENSES,
        "images": images,
        "annotations": notes,
        "categories": _CATEGORIES,
    }


def _captions(images: list[dict[str, Any]], *texts: str) -> dict[str, Any]:
    return {
        "images": images,
        "annotations": [{"id": i, "image_id": images[0]["id"], "caption": t} for i, t in enumerate(texts)],
    }


def _note(image: int, **more: Any) -> dict[str, Any]:
    return {
        "image_id": image,
        "category_id": 7,
        "bbox": [1, 2, 10, 20],
        "iscrowd": 0,
        "segmentation": [[1, 2]],
        **more,
    }


def test_images_with_boxes_captions_licences_and_split(
    coco_set: Callable[..., Folder],
    raw_records: Callable[..., Sequence[RawRecord]],
    picture: Callable[..., bytes],
) -> None:
    images = [_image(9, "b.png", license=5, coco_url="http://b"), _image(3, "sub/a.x.png", license=4)]
    origin = coco_set(
        {
            "instances_train2017": _instances(images, [_note(3), _note(3, iscrowd=1, bbox=[0.5, 0, 3, 4])]),
            "captions_train2017": _captions(images, " Two\n words ", "  ", "More."),
        },
        {"train2017/b.png": picture(), "train2017/sub/a.x.png": picture()},
    )
    first, second = raw_records("coco", origin)
    assert (first.key, first.split, first.license, first.captions) == (
        "coco-sub_a_x-d0dc758804",
        "train",
        "http://by",
        [],
    )
    assert [(box.box_xyxy_px, box.is_crowd) for box in first.boxes] == [
        ((1, 2, 11, 22), False),
        ((0.5, 0, 3.5, 4), True),
    ]
    assert (first.boxes[0].label.id, first.boxes[0].label.description) == ("coco:7", "Holds tea.")
    assert (second.key, second.license, second.origin) == ("coco-b", "Bare", "http://b")
    assert (second.captions, second.declared_size_px) == (["Two words", "More."], (48, 32))
    assert second.picture.blake3


def test_captions_without_instances_give_records_without_boxes(
    coco_set: Callable[..., Folder],
    raw_records: Callable[..., Sequence[RawRecord]],
    picture: Callable[..., bytes],
) -> None:
    origin = coco_set({"captions_val": _captions([_image(1, "a.png")], "One.")}, {"val/a.png": picture()})
    (record,) = raw_records("coco", origin)
    assert (record.split, record.captions, record.boxes) == ("val", ["One."], [])


def test_a_missing_picture_is_no_ledger_line_and_has_no_hash(
    coco_set: Callable[..., Folder],
    raw_records: Callable[..., Sequence[RawRecord]],
    picture: Callable[..., bytes],
) -> None:
    images = [_image(1, "a.png"), _image(2, "gone.png")]
    origin = coco_set({"instances_val": _instances(images, [])}, {"val/a.png": picture()})
    assert [line.path for line in coco.local_files(origin, None)] == [
        "annotations/instances_val.json",
        "val/a.png",
    ]
    assert [bool(record.picture.blake3) for record in raw_records("coco", origin)] == [True, False]


def test_a_limit_takes_the_first_ids_of_each_folder_and_all_annotations(
    coco_set: Callable[..., Folder], picture: Callable[..., bytes]
) -> None:
    images = [_image(3, "a.png"), _image(1, "c.png"), _image(2, "b.png")]
    pictures = {f"{split}/{name}.png": picture() for split in ("train", "val") for name in "abc"}
    origin = coco_set({f"instances_{split}": _instances(images, []) for split in ("train", "val")}, pictures)
    paths = [line.path for line in coco.local_files(origin, 2)]
    assert paths[:2] == ["annotations/instances_train.json", "annotations/instances_val.json"]
    assert paths[2:] == ["train/c.png", "train/b.png", "val/c.png", "val/b.png"]


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/passwd", "a/../../b.png"])
def test_names_that_leave_the_folder_are_neither_taken_nor_read(
    coco_set: Callable[..., Folder],
    raw_records: Callable[..., Sequence[RawRecord]],
    picture: Callable[..., bytes],
    name: str,
) -> None:
    origin = coco_set(
        {"instances_val": _instances([_image(1, name)], [])},
        {"val/x.png": picture(), "../secret.png": picture()},
    )
    assert [line.path for line in coco.local_files(origin, None)] == ["annotations/instances_val.json"]
    with pytest.raises(InputError, match="file name of image 1 leaves its folder"):
        raw_records("coco", origin)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"{", "not COCO's layout: Input data was truncated"),
        (b'{"images": []}', "not COCO's layout: Object missing required field `annotations`"),
        (_instances([{"id": 1}], []), r"missing required field `file_name` - at `\$.images\[0\]`"),
        (_instances([_image(1, "a.png")], [_note(1, bbox=[1, 2, 3])]), "Expected `array` of length 4"),
        (_instances([_image(1, "a.png")], [_note(2)]), "annotations of an image that is not listed: id 2"),
        (_instances([_image(1, "a.png")], [_note(1, category_id=8)]), "annotation of image 1: category 8"),
        (
            _instances([_image(1, "a.png")], [_note(1, bbox=None)]),
            "annotation of image 1: category 7, box None",
        ),
    ],
)
def test_a_file_against_the_layout_is_refused_by_name(
    coco_set: Callable[..., Folder],
    raw_records: Callable[..., Sequence[RawRecord]],
    content: object,
    text: str,
) -> None:
    with pytest.raises(InputError, match=text) as caught:
        raw_records("coco", coco_set({"instances_val": content}, {}))
    assert caught.value.where.endswith("annotations/instances_val.json")


def test_a_folder_without_annotations_is_refused(scratch: Folder) -> None:
    with pytest.raises(InputError, match=r"no annotations/instances_\*.json or captions_\*.json"):
        list(coco.local_files(scratch, None))
