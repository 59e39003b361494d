"""COCO's own: which files are its, names and addresses as ids, Karpathy's splits, photos in zips, limits."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco

Found = Sequence[RawRecord | LostImage]


def _name(year: int, number: int, split: str = "val") -> str:
    return f"COCO_{split}2014_{number:012d}.jpg" if year == 2014 else f"{number:012d}.jpg"


def _file(names: dict[int, str], **more: Any) -> dict[str, Any]:
    return {"images": [{"id": number, "file_name": name} for number, name in names.items()], "annotations": [], **more}


def _sentences(number: int, split: str, *texts: str) -> dict[str, Any]:
    return {"cocoid": number, "split": split, "filepath": "val2014", "sentences": [{"raw": text} for text in texts]}


def _splits(found: Found) -> list[tuple[str, str]]:
    return [(each.ids["coco"] if isinstance(each, RawRecord) else each.cause, each.split) for each in found]


def test_files_of_the_set_and_of_karpathy_are_taken_and_no_others(native_set: Callable[..., Folder]) -> None:
    wanted = ["annotations/captions_val2017.json", "annotations/instances_val2017.json", "karpathy/dataset_coco.json"]
    others = ["annotations/person_keypoints_val2017.json", "instances_val2017.json", "annotations/instances_a.b.json"]
    origin = native_set({name: _file({}) for name in [*wanted, *others]})
    assert list(coco.local_files(origin)) == wanted


def test_a_folder_without_annotations_is_refused(scratch: Folder) -> None:
    with pytest.raises(InputError, match="no annotation files of this source") as caught:
        list(coco.local_files(scratch))
    assert "instances_*.json" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "address", "ids"),
    [
        ("COCO_val2014_000000000042.jpg", "", {"coco": "42"}),
        ("COCO_train2014_000000581929.jpg", "", {"coco": "581929"}),
        ("000000000042.jpg", None, {"coco": "42"}),
        (
            "000000397133.jpg",
            "http://farm7.staticflickr.com/6116/6255196340_da26cf2c9e_z.jpg",
            {"coco": "397133", "flickr": "6255196340"},
        ),
        ("mine.jpg", "http://farm4.static.flickr.com/3/77_0a.jpg", {"flickr": "77"}),
        ("42.jpg", "http://example.org/6255196340_da26cf2c9e_z.jpg", {}),
        ("sub/000000000042.jpg", "", {}),
    ],
)
def test_a_photo_of_either_year_has_one_id(
    native_set: Callable[..., Folder],
    raw_records: Callable[..., Found],
    name: str,
    address: str | None,
    ids: dict[str, str],
) -> None:
    content = {"images": [{"id": 5, "file_name": name, "flickr_url": address}], "annotations": []}
    (record,) = raw_records("coco", native_set({"annotations/instances_val2014.json": content}))
    assert isinstance(record, RawRecord)
    assert (record.ids, record.split, record.origin) == (ids, "val", address or "")


def test_both_years_side_by_side(native_set: Callable[..., Folder], raw_records: Callable[..., Found]) -> None:
    origin = native_set(
        {
            "annotations/instances_val2014.json": _file({42: _name(2014, 42)}),
            "annotations/instances_train2017.json": _file({42: _name(2017, 42), 7: _name(2017, 7)}),
        }
    )
    found = raw_records("coco", origin)
    assert _splits(found) == [("7", "train"), ("42", "train"), ("42", "val")]
    assert len({each.key for each in found}) == 3


@pytest.mark.parametrize("place", ["dataset_coco.json", "annotations/dataset_coco.json", "karpathy/dataset_coco.json"])
def test_karpathys_splits_hold_where_his_file_lies_in_the_set(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], place: str
) -> None:
    names = {number: _name(2014, number) for number in (1, 2, 3, 4)}
    captions = [{"image_id": 1, "caption": "Official."}]
    rows = [
        _sentences(3, "test", "Three."),
        _sentences(1, "restval", "One."),
        _sentences(9, "train", "Of another folder."),
        {"cocoid": 4, "split": "elsewhere"},
    ]
    origin = native_set(
        {
            place: {"dataset": "coco", "images": rows},
            "annotations/instances_val2014.json": _file(names),
            "annotations/captions_val2014.json": _file(names, annotations=captions),
            "annotations/instances_train2014.json": _file({9: _name(2014, 9, "train")}),
        }
    )
    found = raw_records("coco", origin)
    assert _splits(found) == [("9", "train"), ("1", "restval"), ("no_split", "val"), ("3", "test"), ("no_split", "val")]
    texts = {each.ids["coco"]: [c.text for c in each.captions] for each in found if isinstance(each, RawRecord)}
    assert texts == {"9": ["Of another folder."], "1": ["Official."], "3": []}


def test_an_image_that_karpathy_has_in_two_splits_is_lost(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found]
) -> None:
    rows = [_sentences(1, "test"), _sentences(1, "train"), _sentences(2, "val"), _sentences(2, "val")]
    names = {1: _name(2017, 1), 2: _name(2017, 2)}
    origin = native_set(
        {"dataset_coco.json": {"images": rows}, "annotations/captions_train2017.json": _file(names, annotations=[])}
    )
    assert _splits(raw_records("coco", origin)) == [("no_split", "train"), ("2", "val")]


def test_a_limit_takes_the_first_ids_of_each_split(
    native_set: Callable[..., Folder], picture: Callable[..., bytes]
) -> None:
    names = {3: "a.png", 1: "c.png", 2: "b.png"}
    files: dict[str, Any] = {f"annotations/instances_{split}.json": _file(names) for split in ("train", "val")}
    origin = native_set(files)
    paths = [line.path for line in coco.local_pictures(origin, 2)]
    assert paths == ["train/c.png", "train/b.png", "val/c.png", "val/b.png"]
    native_set({"dataset_coco.json": {"images": [_sentences(n, "test" if n < 3 else "val") for n in names]}})
    assert [line.path for line in coco.local_pictures(origin, 1)] == ["train/c.png", "train/a.png"]


def test_a_limited_fetch_has_the_pictures_of_the_records_that_it_limits(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], picture: Callable[..., bytes]
) -> None:
    images = [{"id": 1, "file_name": "../a.png"}, {"id": 3, "file_name": "c.png"}, {"id": 4, "file_name": "d.png"}]
    boxes = [{"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4]}]
    files = {f"val/{name}.png": picture() for name in "acd"}
    origin = native_set({"annotations/instances_val.json": {"images": images, "annotations": boxes}, **files})
    found = raw_records("coco", origin, limit=3)
    assert [each.cause if isinstance(each, LostImage) else bool(each.picture.num_bytes) for each in found[:3]] == [
        "unsafe_name",
        "unlisted_image",
        True,
    ]


def test_a_line_of_the_ledger_has_licence_and_address(native_set: Callable[..., Folder]) -> None:
    image = {"id": 1, "file_name": "a.png", "license": 4, "coco_url": "http://a"}
    content = {"annotations": [], "images": [image], "licenses": [{"id": 4, "url": "http://by"}]}
    origin = native_set({"annotations/instances_val.json": content})
    (line,) = coco.local_pictures(origin, None)
    assert (line.path, line.license, line.origin) == ("val/a.png", "http://by", "http://a")


@pytest.mark.parametrize(
    ("archive", "member", "path"),
    [
        ("val2017.zip", "val2017/000000000042.jpg", "val2017/000000000042.jpg"),
        ("zips/val2017.zip", "./val2017/000000000042.jpg", "val2017/000000000042.jpg"),
        ("val2017.tar.gz", "000000000042.jpg", "val2017/000000000042.jpg"),
        ("val2017.zip", "val2017/sub/1.jpg", "val2017/sub/1.jpg"),
        ("coco.zip", "val2017/1.jpg", "val2017/1.jpg"),
        ("archive.zip", "coco2017/train2017/1.jpg", "train2017/1.jpg"),
        ("photos/train.zip", "sub/1.jpg", "train/sub/1.jpg"),
    ],
)
def test_a_member_of_an_archive_is_a_photo_of_its_folder(archive: str, member: str, path: str) -> None:
    assert coco.picture_of_member(archive, member) == path


def test_photos_come_out_of_zips_and_tars(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], picture: Callable[..., bytes]
) -> None:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr(f"train2017/{_name(2017, 1)}", picture(40, 30))
        archive.writestr("train2017/unlisted.jpg", picture())
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        info = tarfile.TarInfo(_name(2017, 2))
        info.size = len(picture(50, 20))
        tar.addfile(info, io.BytesIO(picture(50, 20)))
    origin = native_set(
        {
            "annotations/instances_train2017.json": _file({1: _name(2017, 1), 3: _name(2017, 3)}),
            "annotations/captions_val2017.json": _file({2: _name(2017, 2)}),
            "train2017.zip": zipped.getvalue(),
            "val2017.tar": tarred.getvalue(),
        }
    )
    first, gone, second = raw_records("coco", origin)
    assert isinstance(first, RawRecord) and isinstance(gone, RawRecord) and isinstance(second, RawRecord)
    assert first.picture.num_bytes == len(picture(40, 30)) and second.picture.num_bytes == len(picture(50, 20))
    assert (gone.picture.path, gone.picture.num_bytes) == (f"coco/train2017/{_name(2017, 3)}", 0)
