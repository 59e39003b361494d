"""COCO's layout joined: arrays in any order, every quirk of an image and of a box, nothing lost that is not counted."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco

Found = Sequence[RawRecord | LostImage]
Read = Callable[[dict[str, Any]], Found]

_LICENSES = [{"id": 4, "name": "BY", "url": "http://by"}, {"id": 5, "name": "Bare"}]
_CATEGORIES = [{"id": 7, "name": "cup", "description": "Holds tea."}, {"id": 8, "name": "spoon"}]


def _image(number: int | str, name: str = "a.png", **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": 48, "height": 32, **more}


def _box(image: int | str, **more: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": image, "category_id": 7, "bbox": [1, 2, 10, 20], "iscrowd": 0, **more}


def _instances(images: list[Any], boxes: list[Any], **more: Any) -> dict[str, Any]:
    return {"images": images, "annotations": boxes, "categories": _CATEGORIES, **more}


def _lost(found: Found) -> list[tuple[str, str, int]]:
    return [(each.cause, each.detail, each.num_boxes) for each in found if isinstance(each, LostImage)]


def _records(found: Found) -> list[RawRecord]:
    return [each for each in found if isinstance(each, RawRecord)]


@pytest.fixture
def read(native_set: Callable[..., Folder], raw_records: Callable[..., Found]) -> Read:
    """What source `coco` makes of annotation files, given by name."""

    def made(files: dict[str, Any]) -> Found:
        return raw_records("coco", native_set({f"annotations/{name}.json": file for name, file in files.items()}))

    return made


@pytest.fixture
def only(read: Read) -> Callable[..., RawRecord]:
    """The one record of one image with these boxes."""

    def made(boxes: list[Any], **more: Any) -> RawRecord:
        (record,) = _records(read({"instances_val": _instances([_image(1)], boxes, **more)}))
        return record

    return made


def test_images_with_boxes_captions_licences_and_split(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], picture: Callable[..., bytes]
) -> None:
    images = [_image(9, "b.png", license=5, coco_url="http://b"), _image(3, "sub/a.x.png", license=4)]
    captions = [" Two\n words ", "  ", "More."]
    origin = native_set(
        {
            "annotations/instances_train2017.json": _instances(
                images, [_box(3), _box(3, iscrowd=1, bbox=[0.5, 0, 3, 4])], licenses=_LICENSES, info={"year": 2017}
            ),
            "annotations/captions_train2017.json": {
                "images": images,
                "annotations": [{"image_id": 9, "caption": text} for text in captions],
            },
            "train2017/b.png": picture(),
            "train2017/sub/a.x.png": picture(),
        }
    )
    first, second = _records(raw_records("coco", origin))
    assert (first.key, first.split, first.license) == ("coco-sub_a_x-d0dc758804", "train", "http://by")
    assert (first.captions, first.dropped) == ([], {})
    assert [(box.box_xyxy_px, box.is_crowd) for box in first.boxes] == [
        ((1, 2, 11, 22), False),
        ((0.5, 0, 3.5, 4), True),
    ]
    label = first.boxes[0].label
    assert (label.id, label.name, label.description) == ("coco:7", "cup", "Holds tea.")
    assert (second.license, second.origin, second.declared_size_px) == ("Bare", "http://b", (48, 32))
    assert [(caption.text, caption.origin) for caption in second.captions] == [("Two words", "coco"), ("More.", "coco")]
    assert second.dropped == {"caption.empty": 1}
    assert second.picture.blake3 and first.picture.num_bytes == len(picture())


def test_records_come_in_the_order_of_ids_which_are_numbers_or_texts(read: Read) -> None:
    images = [_image(10, "ten.png"), _image("b", "b.png"), _image("9", "nine.png"), _image("a", "a.png")]
    boxes = [_box("10"), _box(9), _box(9), _box("a", category_id="7")]
    found = _records(read({"instances_val": _instances(images, boxes)}))
    assert [(record.picture.path, len(record.boxes)) for record in found] == [
        ("coco/val/nine.png", 2),
        ("coco/val/ten.png", 1),
        ("coco/val/a.png", 1),
        ("coco/val/b.png", 0),
    ]
    assert found[2].boxes[0].label.name == "cup"


def test_an_id_beyond_64_bits_is_an_id(read: Read) -> None:
    (record,) = _records(read({"instances_val": _instances([_image(2**80)], [_box(2**80), _box(str(2**80))])}))
    assert len(record.boxes) == 2


def test_boxes_and_labels_may_stand_before_the_images(read: Read) -> None:
    texts = json.dumps(_instances([_image(1)], [_box(1)], licenses=_LICENSES))
    whole = json.loads(texts)
    for order in (
        ["annotations", "categories", "images", "licenses"],
        ["licenses", "images", "annotations", "categories"],
    ):
        (record,) = _records(read({"instances_val": {key: whole[key] for key in order}}))
        assert record.boxes[0].label.name == "cup"


def test_captions_without_instances_give_records_without_boxes(read: Read) -> None:
    (record,) = read({"captions_val": {"images": [_image(1)], "annotations": [{"image_id": 1, "caption": "One."}]}})
    assert isinstance(record, RawRecord)
    assert (record.split, [caption.text for caption in record.captions], record.boxes) == ("val", ["One."], [])


def test_a_caption_that_cannot_be_read_is_counted(read: Read) -> None:
    notes = [
        {"image_id": 1, "caption": 5},
        {"image_id": 1},
        {"image_id": 1, "caption": ""},
        {"image_id": 1, "caption": "x"},
    ]
    (record,) = read({"captions_val": {"images": [_image(1)], "annotations": notes}})
    assert isinstance(record, RawRecord)
    assert record.dropped == {"caption.unreadable": 2, "caption.empty": 1} and len(record.captions) == 1


def test_the_listings_of_both_files_complete_each_other(read: Read) -> None:
    poor = {"id": 1, "file_name": "a.png"}
    for instances, captions in ((poor, _image(1, license=4)), (_image(1, license=4), poor)):
        files = {
            "instances_val": _instances([instances], [_box(1)], licenses=_LICENSES),
            "captions_val": {"images": [captions], "annotations": [{"image_id": 1, "caption": "One."}]},
        }
        (record,) = read(files)
        assert isinstance(record, RawRecord)
        assert (record.license, record.declared_size_px) == ("http://by", (48, 32))
        assert len(record.boxes) == len(record.captions) == 1


def test_the_second_image_of_an_id_is_lost_and_the_first_keeps_the_boxes(read: Read) -> None:
    images = [_image(1, "a.png"), _image(1, "b.png"), _image(1, "a.png")]
    captions = {"images": [_image(1, "c.png")], "annotations": []}
    found = read({"instances_val": _instances(images, [_box(1)]), "captions_val": captions})
    assert [record.picture.path for record in _records(found)] == ["coco/val/c.png"]
    assert len(_records(found)[0].boxes) == 1
    assert _lost(found) == [
        ("repeated_id", "id 1: 'a.png'", 0),
        ("repeated_id", "id 1: 'b.png'", 0),
        ("repeated_id", "id 1: 'a.png'", 0),
    ]


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/passwd", "a/../../b.png", "a\\b.png", "a\x00.png", ""])
def test_names_that_leave_the_folder_are_neither_taken_nor_read(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], picture: Callable[..., bytes], name: str
) -> None:
    files = {
        "annotations/instances_val.json": _instances(
            [_image(1, name), _image(2, "x.png")], [_box(1), _box(1), _box(2)]
        ),
        "val/x.png": picture(),
        "../secret.png": picture(),
    }
    origin = native_set(files)
    assert [line.path for line in coco.local_pictures(origin, None)] == ["val/x.png"]
    found = raw_records("coco", origin)
    assert _lost(found) == [("unsafe_name", f"id 1: {name!r}", 2)]
    assert [record.picture.path for record in _records(found)] == ["coco/pictures-00000.tar"]


def test_boxes_of_an_image_that_is_not_listed_are_counted_with_it(read: Read) -> None:
    boxes = [_box(1), _box(5), _box("x/y"), _box(5), {"category_id": 7, "bbox": [1, 2, 3, 4]}, 17]
    files: dict[str, Any] = {
        "instances_val2017": _instances([_image(1)], boxes),
        "captions_val2017": {"images": [], "annotations": [{"image_id": 6, "caption": "One."}]},
    }
    found = read(files)
    assert _lost(found) == [
        ("unlisted_image", "2 boxes, 0 captions of id 5", 2),
        ("unlisted_image", "0 boxes, 1 captions of id 6", 0),
        ("unlisted_image", "2 boxes, 0 captions of no id that can be read", 2),
        ("unlisted_image", "1 boxes, 0 captions of id 'x/y'", 1),
    ]
    keys = [each.key for each in found if isinstance(each, LostImage)]
    assert keys[0] == "coco-val2017-image-5" and len(set(keys)) == 4
    dropped = [each.dropped for each in found if isinstance(each, LostImage)]
    assert dropped == [{}, {"caption.record_rejected": 1}, {}, {}]


def test_captions_of_an_image_that_is_lost_are_counted_with_it(read: Read) -> None:
    texts = [(1, "One."), (1, " "), (2, "Two."), (2, "Too."), (2, None)]
    captions = [{"image_id": image, "caption": text} for image, text in texts]
    images = [_image(1, "../a.png"), {"id": 2}, _image(1)]
    found = read({"captions_val": {"images": images, "annotations": captions}})
    assert [(each.cause, each.dropped) for each in found if isinstance(each, LostImage)] == [
        ("unsafe_name", {"caption.empty": 1, "caption.record_rejected": 1}),
        ("repeated_id", {}),
        ("unreadable_image", {"caption.unreadable": 1, "caption.record_rejected": 2}),
    ]


def test_an_image_that_cannot_be_read_is_lost_with_its_boxes(read: Read) -> None:
    images = [{"id": 1}, _image(2, width="wide"), 5, {"file_name": "x.png"}, _image(3), {"id": 3, "file_name": None}]
    found = read({"instances_val": _instances(images, [_box(1), _box(1), _box(2), _box(3)])})
    assert [record.picture.path for record in _records(found)] == ["coco/val/a.png"]
    assert [(cause, boxes) for cause, _, boxes in _lost(found)] == [
        ("unreadable_image", 2),
        ("unreadable_image", 1),
        ("unreadable_image", 0),
        ("unreadable_image", 0),
        ("unreadable_image", 0),
    ]
    assert "$.width" in _lost(found)[1][1] and "byte" in _lost(found)[1][1]


@pytest.mark.parametrize("box", ["missing", None, [1, 2, 3], [1, 2, 3, 4, 5], ["1", "2", "3", "4"], "1 2 3 4", {}])
def test_a_box_that_is_not_four_numbers_is_unreadable_and_keeps_its_label(
    only: Callable[..., RawRecord], box: Any
) -> None:
    note = _box(1, bbox=box)
    if box == "missing":
        del note["bbox"]
    (bad, good) = only([note, _box(1)]).boxes
    assert (bad.fault, bad.box_xyxy_px, bad.label.name, good.fault) == ("unreadable", (0, 0, 0, 0), "cup", None)


@pytest.mark.parametrize("category", [9, "cup", "", -1, 2**70])
def test_a_box_of_an_unknown_label_is_named_as_such(only: Callable[..., RawRecord], category: int | str) -> None:
    (box,) = only([_box(1, category_id=category)]).boxes
    assert (box.fault, box.label.id, box.label.name) == ("unknown_label", f"coco:{category}", "")


@pytest.mark.parametrize("category", [None, 1.5, [7], True])
def test_a_box_whose_label_cannot_be_read_is_unreadable(only: Callable[..., RawRecord], category: Any) -> None:
    (box,) = only([_box(1, category_id=category)]).boxes
    assert (box.fault, box.label.id) == ("unreadable", "coco:")


def test_two_labels_with_one_id_make_it_unknown_unless_they_are_one(only: Callable[..., RawRecord]) -> None:
    twice = [
        {"id": 7, "name": "cup"},
        {"id": "7", "name": "mug"},
        {"id": 8, "name": "spoon"},
        {"id": 8, "name": "spoon"},
    ]
    boxes = only([_box(1), _box(1, category_id=8)], categories=twice).boxes
    assert [(box.fault, box.label.name) for box in boxes] == [("unknown_label", ""), (None, "spoon")]


def test_numbers_that_are_none_are_boxes_of_no_area(only: Callable[..., RawRecord]) -> None:
    values = [float("nan"), 0, float("inf"), 1e300]
    (box,) = only([_box(1, bbox=values, area=float("nan"))]).boxes
    assert box.fault is None and str(box.box_xyxy_px) == "(nan, 0.0, nan, 1e+300)"


def test_a_crowd_with_its_run_lengths_and_polygons_are_read_past(only: Callable[..., RawRecord]) -> None:
    runs = {"counts": list(range(500)), "size": [48, 32]}
    boxes = only(
        [_box(1, iscrowd=1, segmentation=runs), _box(1, segmentation=[[1.5] * 200, [2]]), _box(1, iscrowd=True)]
    ).boxes
    assert [box.is_crowd for box in boxes] == [True, False, True]


def test_annotations_with_one_id_are_two_boxes(only: Callable[..., RawRecord]) -> None:
    assert len(only([_box(1, id=3), _box(1, id=3)]).boxes) == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [(4, "http://by"), ("5", "Bare"), (6, "license 6"), ("CC0-1.0", "CC0-1.0"), (None, ""), ("", "")],
)
def test_a_licence_is_looked_up_or_shown_as_it_stands(read: Read, given: Any, expected: str) -> None:
    (record,) = _records(read({"instances_val": _instances([_image(1, license=given)], [], licenses=_LICENSES)}))
    assert record.license == expected


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"{", "the file ends"),
        (b"[1]", "the file is no JSON object"),
        (b"", "the file ends"),
        (b'{"images": []}', "no `annotations` in the file"),
        (b'{"annotations": []}', "no `images` in the file"),
        (b'{"images": {}, "annotations": []}', "`images` is no array"),
        (b'{"images": [], "annotations": [], "images": []}', "`images` comes twice"),
        (b'{"images": [{"id": 1, "file_name": "a.png"}], "annotations": [{"image_id"', "the file ends"),
    ],
)
def test_a_file_against_the_layout_is_refused_by_name(read: Read, content: bytes, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        read({"instances_val": content})
    assert "annotations/instances_val.json" in caught.value.where


def test_a_file_in_two_places_is_refused(native_set: Callable[..., Folder]) -> None:
    splits: dict[str, Any] = {"images": []}
    files = {"dataset_coco.json": splits, "karpathy/dataset_coco.json": splits}
    origin = native_set({"annotations/instances_val.json": _instances([], []), **files})
    with pytest.raises(InputError, match="one file lies in two places: dataset_coco.json, karpathy/dataset_coco.json"):
        list(coco.local_files(origin))
