"""Objects365: photos in patches and their tars, flags of boxes, misspelt names, boxes that leave the photo."""

import io
import tarfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import objects365

Found = Sequence[RawRecord | LostImage]

_CATEGORIES = [{"id": 1, "name": "Person"}, {"id": 38, "name": "Moniter/TV"}]


def _image(number: int, patch: int = 8, version: int = 1) -> dict[str, Any]:
    name = f"images/v{version}/patch{patch}/objects365_v{version}_{number:08d}.jpg"
    return {"id": number, "file_name": name, "width": 48, "height": 32, "license": 5, "url": ""}


def _box(image: int, **more: Any) -> dict[str, Any]:
    flags = {"iscrowd": 0, "isfake": 0, "isreflected": 0}
    return {"id": 51, "image_id": image, "category_id": 1, "area": 200.0, "bbox": [1, 2, 10, 20], **flags, **more}


def _content(images: list[dict[str, Any]], boxes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"images": images, "annotations": boxes, "categories": _CATEGORIES}


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.mark.parametrize("folder", ["", "annotations/", "train/"])
def test_files_lie_beside_the_photos_or_above_them(native_set: Callable[..., Folder], folder: str) -> None:
    content = _content([], [])
    origin = native_set(
        {
            f"{folder}zhiyuan_objv2_train.json": content,
            f"{folder.replace('train', 'val')}zhiyuan_objv2_val.json": content,
            "zhiyuan_objv2_train_fixname.json": content,
        }
    )
    found = list(objects365.local_files(origin))
    assert sorted(name.rpartition("/")[2] for name in found) == ["zhiyuan_objv2_train.json", "zhiyuan_objv2_val.json"]


def test_a_set_without_its_files_is_refused(scratch: Folder) -> None:
    with pytest.raises(InputError, match="no annotation files of this source") as caught:
        list(objects365.local_files(scratch))
    assert "zhiyuan_objv2_train.json" in caught.value.hint


def test_names_are_mended_and_flags_are_kept(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found]
) -> None:
    boxes = [
        _box(7, category_id=38),
        _box(7, iscrowd=1),
        _box(7, isfake=1),
        _box(7, isreflected=1),
        _box(7, bbox=[-0.25390625, 0.35, 193.8, 31.1]),
    ]
    origin = native_set({"zhiyuan_objv2_val.json": _content([_image(7)], boxes)})
    (record,) = raw_records("objects365", origin)
    assert isinstance(record, RawRecord)
    assert (record.split, record.license, record.origin, record.ids) == ("val", "license 5", "", {})
    label = record.boxes[0].label
    assert (label.id, label.name) == ("objects365:38", "Monitor/TV")
    assert [(box.is_crowd, box.is_depiction, box.attributes) for box in record.boxes] == [
        (False, False, []),
        (True, False, []),
        (False, True, []),
        (False, False, ["reflected"]),
        (False, False, []),
    ]
    assert record.boxes[4].box_xyxy_px == (-0.25390625, 0.35, -0.25390625 + 193.8, 0.35 + 31.1)


def test_photos_lie_in_patches_loose_or_in_tars(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], picture: Callable[..., bytes]
) -> None:
    photos = [picture(side, 20) for side in (30, 31, 32, 33)]
    origin = native_set(
        {
            "zhiyuan_objv2_train.json": _content([_image(1), _image(2, 16, 2), _image(4, 9)], []),
            "zhiyuan_objv2_val.json": _content([_image(3)], []),
            "train/patch8/objects365_v1_00000001.jpg": photos[0],
            "train/patch16.tar.gz": _tar({"patch16/objects365_v2_00000002.jpg": photos[1]}),
            "val/images/v1/patch8.tar.gz": _tar({"patch8/objects365_v1_00000003.jpg": photos[2]}),
            "patch9.tar.gz": _tar({"./objects365_v1_00000004.jpg": photos[3]}),
        }
    )
    found = raw_records("objects365", origin)
    sizes = {each.key[-19:-11]: each.picture.num_bytes for each in found if isinstance(each, RawRecord)}
    assert sizes == {f"{number:08d}": len(photo) for number, photo in zip((1, 2, 3, 4), photos, strict=False)} | {
        "00000003": len(photos[2]),
        "00000004": len(photos[3]),
    }
    assert [each.split for each in found] == ["train", "train", "train", "val"]


def test_a_photo_that_never_was_in_the_tars_is_missing(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found]
) -> None:
    origin = native_set({"zhiyuan_objv2_train.json": _content([_image(320532, 6)], [])})
    (record,) = raw_records("objects365", origin)
    assert isinstance(record, RawRecord)
    assert (record.picture.path, record.picture.num_bytes) == ("objects365/train/patch6/objects365_v1_00320532.jpg", 0)


@pytest.mark.parametrize(
    ("archive", "member", "path"),
    [
        ("train/patch0.tar.gz", "patch0/a.jpg", "train/patch0/a.jpg"),
        ("val/patch0.tar.gz", "images/v1/patch0/a.jpg", "val/patch0/a.jpg"),
        ("patch0.tar.gz", "./patch0/a.jpg", "train/patch0/a.jpg"),
        ("val/patch0.tar.gz", "a.jpg", "val/patch0/a.jpg"),
    ],
)
def test_a_member_of_a_tar_is_a_photo_of_its_patch(archive: str, member: str, path: str) -> None:
    assert objects365.picture_of_member(archive, member) == path
