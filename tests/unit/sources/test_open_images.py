"""Open Images: names of files and columns, normalised boxes, flags, broken rows, lists, hierarchy, places of pictures."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from mmgic.errors import InputError
from mmgic.schema.records import Label, LostImage, PictureRef, RawBox, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import open_images

Raw = Callable[..., Sequence[Any]]

_HEADER = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n"
)
_NAMES = '/m/cup,Cup\n/m/mug,Mug\n/m/dish,"Dish, deep"\n'
_LIST = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
    "OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation\n"
)


def _row(image: str, label: str = "/m/cup", box: str = "0.1,0.5,0.2,0.9", flags: str = "0,0,0,0,0") -> str:
    return f"{image},xclick,{label},1,{box},{flags}\n"


def _set(local_set: Callable[..., Folder], *rows: str, **files: Any) -> Folder:
    native = {"train-annotations-bbox.csv": _HEADER + "".join(rows), "class-descriptions-boxable.csv": _NAMES}
    return local_set({**native, **files})


def _boxes(records: Sequence[Any]) -> list[RawBox]:
    (record,) = records
    assert isinstance(record, RawRecord)
    return record.boxes


def test_a_box_is_normalised_and_x_comes_before_y(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    (record,) = raw_records("open-images", _set(local_set, _row("aa")))
    assert record == RawRecord(
        key="open-images-aa",
        source="open-images",
        split="train",
        picture=PictureRef("open-images/images/aa.jpg"),
        captions=[],
        boxes=[RawBox(Label("open-images:/m/cup", "Cup"), (0.1, 0.2, 0.5, 0.9))],
        ids={"open-images": "aa"},
        is_normalized=True,
    )


def test_flags_are_one_zero_or_unknown(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    flags = ["1,1,0,0,1", "-1,-1,-1,-1,-1", "0,0,1,0,0", "0,0,0,1,0", "1.0,0.0,,-1.0,0", "2,0,0,0,0", "yes,0,0,0,0"]
    boxes = _boxes(raw_records("open-images", _set(local_set, *(_row("aa", flags=flag) for flag in flags))))
    assert [box.attributes for box in boxes[:5]] == [["occluded", "truncated", "inside"], [], [], [], ["occluded"]]
    assert [(box.is_group, box.is_depiction) for box in boxes[2:4]] == [(True, False), (False, True)]
    assert [box.fault for box in boxes] == [None] * 5 + ["unreadable"] * 2


def test_columns_come_in_any_order_and_optional_ones_may_miss(
    local_set: Callable[..., Folder], raw_records: Raw
) -> None:
    text = "YMax,YMin,XMax,XMin,LabelName,ImageID,XClick1X\n0.9,0.2,0.5,0.1,/m/mug,aa,0.3\n"
    origin = _set(local_set, **{"train-annotations-bbox.csv": text})
    assert _boxes(raw_records("open-images", origin)) == [
        RawBox(Label("open-images:/m/mug", "Mug"), (0.1, 0.2, 0.5, 0.9))
    ]


@pytest.mark.parametrize(
    "row",
    [
        "aa,xclick,/m/cup,1,0.1,0.5,0.2\n",
        "aa\n",
        "aa,xclick,/m/cup,1,0.1,0.5,0.2,0.9,0,0,0,0,0,surplus\n",
        _row("aa", box="nan,0.5,0.2,0.9"),
        _row("aa", box="0.1,inf,0.2,0.9"),
        _row("aa", box="0.1,half,0.2,0.9"),
        _row("aa", box="0.5,0.1,0.2,0.9"),
        _row("aa", box="0.1,0.5,0.9,0.2"),
        _row("aa", box="0.1,0.5,0.2,1.2"),
        _row("aa", box="102,512,204,921"),
        _row("aa", box="-0.1,0.5,0.2,0.9"),
        '"aa,xclick,/m/cup,1,0.1,0.5,0.2,0.9,0,0,0,0,0\n' + _row("aa"),
    ],
)
def test_a_broken_row_is_a_faulty_box_and_no_stop(local_set: Callable[..., Folder], raw_records: Raw, row: str) -> None:
    records = raw_records("open-images", _set(local_set, _row("aa"), row, _row("bb")))
    boxes = [box for record in records if isinstance(record, RawRecord) for box in record.boxes]
    lost = sum(record.num_boxes for record in records if isinstance(record, LostImage))
    rows = 2 + row.count("\n")
    assert len(boxes) + lost == rows
    assert sum(box.fault == "unreadable" for box in boxes) + lost == 1
    keys = [record.key for record in records if isinstance(record, RawRecord)]
    assert keys == ["open-images-aa", "open-images-bb"]


def test_rounding_may_leave_the_picture_by_a_little(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    boxes = _boxes(raw_records("open-images", _set(local_set, _row("aa", box="-0.0001,1.0001,0,1"))))
    assert boxes[0].box_xyxy_px == (-0.0001, 0, 1.0001, 1)


def test_a_label_without_a_name_is_unknown(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    boxes = _boxes(raw_records("open-images", _set(local_set, _row("aa", "/m/new"), _row("aa", ""))))
    assert [(box.label, box.fault) for box in boxes] == [
        (Label("open-images:/m/new", ""), "unknown_label"),
        (Label("open-images:", ""), "unknown_label"),
    ]


def test_rows_without_an_image_and_unsafe_images_are_lost_with_their_boxes(
    local_set: Callable[..., Folder], raw_records: Raw
) -> None:
    rows = [_row(""), _row("../../etc"), _row(""), _row("../../etc"), _row("aa"), ",,,\n"]
    unsafe, record, lost = raw_records("open-images", _set(local_set, *rows))
    assert lost == LostImage("open-images-train-rows-without-image", "open-images", "train", "no_image_id", num_boxes=3)
    assert (unsafe.cause, unsafe.detail, unsafe.num_boxes) == ("unsafe_name", "image '../../etc'", 2)
    assert msgspec.json.decode(msgspec.json.encode(record), type=RawRecord).key == "open-images-aa"


def test_rows_of_an_image_come_together_from_anywhere(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    labels = ["/m/cup", "/m/mug", "/m/dish"]
    rows = [_row(image, label) for label in labels for image in ("bb", "aa", "cc")]
    records = raw_records("open-images", _set(local_set, *rows))
    assert [record.key[-2:] for record in records] == ["aa", "bb", "cc"]
    assert all([box.label.name for box in record.boxes] == ["Cup", "Mug", "Dish, deep"] for record in records)


def test_splits_come_from_the_names_of_the_files(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    origin = local_set(
        {
            "oidv6-train-annotations-bbox.csv": _HEADER + _row("aa"),
            "validation-annotations-bbox.csv": _HEADER + _row("cc") + _row("bb"),
            "annotations/test-annotations-bbox.csv": _HEADER + _row("dd"),
            "oidv7-class-descriptions-boxable.csv": "LabelName,DisplayName\n" + _NAMES,
            "class-descriptions.csv": "/m/cup,Other name\n",
            "train-annotations-human-imagelabels-boxable.csv": "ImageID,Source,LabelName,Confidence\nzz,a,/m/cup,1\n",
        }
    )
    records = raw_records("open-images", origin)
    assert [(record.split, record.key[-2:]) for record in records] == [
        ("test", "dd"),
        ("train", "aa"),
        ("validation", "bb"),
        ("validation", "cc"),
    ]
    assert {box.label.name for record in records for box in record.boxes} == {"Cup"}
    assert list(open_images.local_files(origin)) == [
        "annotations/test-annotations-bbox.csv",
        "oidv6-train-annotations-bbox.csv",
        "oidv7-class-descriptions-boxable.csv",
        "validation-annotations-bbox.csv",
    ]


def test_a_file_without_a_split_in_its_name_is_train(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    origin = local_set({"annotations-bbox.csv": _HEADER + _row("aa"), "class-descriptions.csv": _NAMES})
    assert [record.split for record in raw_records("open-images", origin)] == ["train"]


def test_licence_author_and_address_come_from_the_image_list(
    local_set: Callable[..., Folder], raw_records: Raw, fetched: Callable[..., Any], picture: Callable[..., bytes]
) -> None:
    by = "https://creativecommons.org/licenses/by/2.0/"
    facts = f'"https://www.flickr.com/photos/77@N00/15335861457",{by},https://p,"O""Neil, Ann","a ""title""",1,m,,90.0'
    rows = [
        f"aa,train,https://c1.staticflickr.com/5/4/15335861457_ec2be7a54c_o.jpg,{facts}\n",
        f"bb,train,https://c1.staticflickr.com/5/4/8416776003_9f2636ce56_b.jpg,,{by},,Bo\n",
        "cc,train\n",
        "dd,test,https://d\n",
    ]
    files = {"train-images-boxable-with-rotation.csv": _LIST + "".join(rows), "images/aa.jpg": picture(format="JPEG")}
    origin = _set(local_set, _row("aa"), _row("bb"), _row("cc"), _row("dd"), **files)
    aa, bb, cc, dd = raw_records("open-images", origin)
    assert (aa.license, aa.author, aa.origin, aa.ids) == (
        by,
        'O"Neil, Ann',
        "https://c1.staticflickr.com/5/4/15335861457_ec2be7a54c_o.jpg",
        {"open-images": "aa", "flickr": "15335861457"},
    )
    assert (bb.license, bb.author, bb.ids) == (by, "Bo", {"open-images": "bb", "flickr": "8416776003"})
    assert (cc.license, cc.author, cc.origin, cc.ids) == ("", "", "", {"open-images": "cc"})
    assert dd == LostImage("open-images-dd", "open-images", "train", "unlisted_image", "image 'dd'", 1)
    line = fetched("open-images", origin).line("open-images/images/aa.jpg")
    assert (line.license, line.origin) == (aa.license, aa.origin)


def test_the_list_of_all_images_serves_every_split_and_adds_no_image(
    local_set: Callable[..., Folder], raw_records: Raw
) -> None:
    rows = "aa,train,,,L1\nbb,validation,,,L2\nzz,train,,,L3\n"
    files = {
        "image_ids_and_rotation.csv": _LIST + rows,
        "validation-annotations-bbox.csv": _HEADER + _row("bb") + _row("aa"),
    }
    found = raw_records("open-images", _set(local_set, _row("aa"), **files))
    assert [(record.split, record.key[-2:]) for record in found] == [
        ("train", "aa"),
        ("validation", "aa"),
        ("validation", "bb"),
    ]
    assert [getattr(record, "license", "lost") for record in found] == ["L1", "lost", "L2"]


def test_ancestors_are_kinds_and_not_parts_nearest_first(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    mug = {"LabelName": "/m/mug"}
    cup = {"LabelName": "/m/cup", "Subcategory": [mug], "Part": [{"LabelName": "/m/handle", "Subcategory": [mug]}]}
    tree = {"LabelName": "/m/root", "Subcategory": [{"LabelName": "/m/dish", "Subcategory": [cup]}, mug]}
    names = _NAMES + "/m/handle,Handle\n"
    files = {"bbox_labels_600_hierarchy.json": tree, "class-descriptions-boxable.csv": names}
    origin = _set(local_set, _row("aa", "/m/mug"), _row("aa", "/m/dish"), _row("bb", "/m/cup"), **files)
    first, second = raw_records("open-images", origin)
    names_of = {key: [label.name for label in above] for key, above in {**first.ancestors, **second.ancestors}.items()}
    assert names_of == {
        "open-images:/m/mug": ["Cup", "Handle", "Dish, deep"],
        "open-images:/m/cup": ["Dish, deep"],
    }
    assert set(first.ancestors) == {"open-images:/m/mug"}


def test_a_hierarchy_with_a_circle_ends(local_set: Callable[..., Folder], raw_records: Raw) -> None:
    inner = {"LabelName": "/m/cup", "Subcategory": [{"LabelName": "/m/mug", "Subcategory": [{"LabelName": "/m/cup"}]}]}
    origin = _set(local_set, _row("aa"), **{"bbox_labels_600_hierarchy.json": inner})
    (record,) = raw_records("open-images", origin)
    assert record.ancestors == {"open-images:/m/cup": [Label("open-images:/m/mug", "Mug")]}


@pytest.mark.parametrize(
    "place",
    [
        "images/0a.jpg",
        "train/0a.jpg",
        "images/train/0a.jpg",
        "train/data/0a.jpg",
        "train_0/0a.jpg",
        "0a.jpg",
        "train_0.tar.gz",
        "images.zip",
        "train.tar",
    ],
)
def test_pictures_are_found_where_downloads_leave_them(
    local_set: Callable[..., Folder], raw_records: Raw, picture: Callable[..., bytes], place: str
) -> None:
    data = picture(format="JPEG")
    archive = io.BytesIO()
    if place.endswith(".zip"):
        with zipfile.ZipFile(archive, "w") as bundle:
            bundle.writestr("some/0a.JPG", data)
    elif ".tar" in place:
        with tarfile.open(fileobj=archive, mode="w:gz" if place.endswith("gz") else "w") as tar:
            for name, content in (("train_0/readme.txt", b"no"), ("train_0/0a.jpg", data)):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    origin = _set(local_set, _row("0a"), **{place: archive.getvalue() or data})
    (record,) = raw_records("open-images", origin)
    assert record.picture.num_bytes == len(data)


def test_a_limit_takes_the_first_images_of_each_split(
    local_set: Callable[..., Folder], fetched: Callable[..., Any], picture: Callable[..., bytes]
) -> None:
    rows = [_row(image) for image in ("cc", "bb", "", "aa", "dd")]
    files = {f"images/{image}.jpg": picture(format="JPEG") for image in ("aa", "bb", "cc", "dd")}
    origin = _set(local_set, *rows, **{"test-annotations-bbox.csv": _HEADER + _row("dd")}, **files)
    raw = fetched("open-images", origin, limit=2)
    assert sorted(line.path[-6:] for line in raw.lines() if line.path.endswith("jpg")) == ["aa.jpg", "bb.jpg", "dd.jpg"]


@pytest.mark.parametrize(
    ("files", "what", "where"),
    [
        ({"class-descriptions.csv": _NAMES}, "no *annotations-bbox.csv", ""),
        ({"annotations-bbox.csv": _HEADER}, "no *class-descriptions*.csv", ""),
        (
            {"train-annotations-bbox.csv": _HEADER, "oidv6-train-annotations-bbox.csv": _HEADER},
            "two box files of split train: oidv6-train-annotations-bbox.csv, train-annotations-bbox.csv",
            "",
        ),
        ({"annotations-bbox.csv": "", "class-descriptions.csv": _NAMES}, "no column ImageID", "/annotations-bbox.csv"),
        ({"annotations-bbox.csv": _row("aa"), "class-descriptions.csv": _NAMES}, "no column ImageID", "-bbox.csv"),
        (
            {"annotations-bbox.csv": _HEADER.replace("XMax,", ""), "class-descriptions.csv": _NAMES},
            "no column XMax in the header",
            "/annotations-bbox.csv",
        ),
        (
            {"annotations-bbox.csv": _HEADER, "class-descriptions.csv": "/m/cup,Cup\n/m/mug\n"},
            "no class id with a name",
            "class-descriptions.csv, line 2",
        ),
        (
            {
                "annotations-bbox.csv": _HEADER,
                "class-descriptions.csv": _NAMES,
                "bbox_labels_600_hierarchy.json": '{"LabelName": "/m/cup", "Subcategory": [',
            },
            "not Open Images' hierarchy",
            "hierarchy.json",
        ),
        (
            {
                "annotations-bbox.csv": _HEADER,
                "class-descriptions.csv": _NAMES,
                "train-images-boxable.csv": "License\nx\n",
            },
            "no column ImageID",
            "train-images-boxable.csv",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    local_set: Callable[..., Folder], raw_records: Raw, files: dict[str, str], what: str, where: str
) -> None:
    with pytest.raises(InputError) as raised:
        raw_records("open-images", local_set(files))
    assert raised.value.what.startswith(what)
    assert raised.value.where.endswith(where)
