"""V3Det: senses from brackets and from the list of names, descriptions from three places, ids of Flickr."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import Label, LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import v3det

Found = Sequence[RawRecord | LostImage]
Labels = Callable[..., list[Label]]

_PHOTO = "images/Q100507578/28_284_50119550013_7d06ded882_c.jpg"
_NAMES = "category_name_13204_v3det_2023_v1.txt"
_DESCRIPTIONS = "v3det_2023_v1_train_cat_info.json"


def _content(categories: list[dict[str, Any]], name: str = _PHOTO) -> dict[str, Any]:
    boxes = [
        {"image_id": 5, "category_id": category["id"], "bbox": [1, 2, 3, 4], "iscrowd": 0, "area": 12}
        for category in categories
    ]
    image = {"id": 5, "file_name": name, "width": 48, "height": 32}
    return {"images": [image], "categories": categories, "annotations": boxes}


@pytest.fixture
def labels(native_set: Callable[..., Folder], raw_records: Callable[..., Found]) -> Labels:
    """The labels of a set of one image with a box of each category, and of other files."""

    def made(*categories: dict[str, Any], **files: Any) -> list[Label]:
        content = {"v3det_2023_v1_train.json": _content(list(categories))}
        named = {"names": _NAMES, "described": _DESCRIPTIONS, "packed": f"{_DESCRIPTIONS}.gz"}
        (record,) = raw_records("v3det", native_set(content | {named[key]: file for key, file in files.items()}))
        assert isinstance(record, RawRecord)
        return [box.label for box in record.boxes]

    return made


@pytest.mark.parametrize(
    ("name", "plain", "sense"),
    [
        ("crane", "crane", ""),
        ("crane (bird)", "crane", "crane (bird)"),
        ("Heavy machine gun (with tripod)", "Heavy machine gun", "Heavy machine gun (with tripod)"),
        ("picture_frame", "picture frame", ""),
        ("mazama  temama", "mazama temama", ""),
        ("(bird)", "(bird)", ""),
        ("a (b) c", "a (b) c", ""),
    ],
)
def test_a_bracket_behind_a_name_is_a_sense(labels: Labels, name: str, plain: str, sense: str) -> None:
    (label,) = labels({"id": 4711, "name": name})
    assert (label.id, label.name, label.sense, label.description) == ("v3det:4711", plain, sense, "")


def test_the_list_of_names_tells_senses_apart(labels: Labels) -> None:
    names = b"\xef\xbb\xbfslug\r\nbullet\r\nCrane\r\nwild_hyacinth"
    found = labels(
        *({"id": i, "name": name} for i, name in enumerate(["slug", "slug", "crane", "harebell"], 1)), names=names
    )
    assert [(label.name, label.sense) for label in found] == [
        ("slug", ""),
        ("slug", "bullet"),
        ("crane", ""),
        ("harebell", "wild hyacinth"),
    ]
    assert len({label.id for label in found}) == 4


def test_a_listed_sense_that_contradicts_the_description_is_passed_over(labels: Labels) -> None:
    lines = [""] * 2574 + ["Cardigan Welsh Corgi"]
    (label,) = labels({"id": 2575, "name": "cardigan"}, names="\n".join(lines).encode())
    assert label.sense == ""


def test_the_title_of_a_list_is_no_name(labels: Labels) -> None:
    (label,) = labels({"id": 5719, "name": "list of dog crossbreeds"}, names=b"\n" * 5718 + b"maltepoo")
    assert (label.name, label.sense) == ("maltepoo", "")


@pytest.mark.parametrize(
    ("fields", "description"),
    [
        ({"cat_info": ["A bird.", "Another."], "cat_info_gpt": ["Third."]}, "A bird."),
        ({"cat_info": "A bird."}, "A bird."),
        ({"cat_info": ["", " \n"], "cat_info_gpt": ["Third."]}, "Third."),
        ({"cat_info": None, "cat_info_gpt": "Third."}, "Third."),
        ({"cat_info": [], "cat_info_gpt": []}, "From the file."),
        ({}, "From the file."),
        ({"cat_info": [5], "cat_info_gpt": ["Third."]}, "Third."),
    ],
)
def test_descriptions_come_from_the_label_or_from_the_file_of_descriptions(
    labels: Labels, fields: dict[str, Any], description: str
) -> None:
    file = [{"id": 2, "name": "x", "cat_info": "No."}, {"id": 1, "name": "crane", "cat_info": "From the file."}]
    packed = gzip.compress(json.dumps(file).encode())
    for files in ({"described": file}, {"packed": packed}):
        (label,) = labels({"id": 1, "name": "crane", **fields}, **files)
        assert label.description == description


@pytest.mark.parametrize(
    ("native", "clean"),
    [
        ("Weights,  consisting\nof a handle.", "Weights, consisting of a handle."),
        ("String instrument[1] (and so on).Similar to it.", "String instrument (and so on). Similar to it."),
        ("A maraca (pronunciation (help·info)), shaken.", "A maraca, shaken."),
        ("Of 7.62x51mm by U.S. law, e.g. J.R.", "Of 7.62x51mm by U.S. law, e.g. J.R."),
    ],
)
def test_descriptions_are_one_clean_line(labels: Labels, native: str, clean: str) -> None:
    assert labels({"id": 1, "name": "x", "cat_info": [native]})[0].description == clean


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        (_PHOTO, {"flickr": "50119550013"}),
        ("images/n07745046/21_371_29405651261_633d076053_c.jpg", {"flickr": "29405651261"}),
        ("images/n07745046/mine.jpg", {}),
    ],
)
def test_a_photos_name_carries_its_id_in_flickr(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], name: str, ids: dict[str, str]
) -> None:
    origin = native_set({"annotations/v3det_2023_v1_val.json": _content([{"id": 1, "name": "x"}], name)})
    (record,) = raw_records("v3det", origin)
    assert isinstance(record, RawRecord)
    assert (record.ids, record.split, record.picture.path) == (ids, "val", f"v3det/{name}")


def test_photos_lie_loose_or_in_archives(
    native_set: Callable[..., Folder], raw_records: Callable[..., Found], picture: Callable[..., bytes]
) -> None:
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr(f"V3Det/{_PHOTO}", picture(40, 30))
    other = "images/n07745046/1.jpg"
    origin = native_set(
        {
            "v3det_2023_v1_train.json": _content([]),
            "v3det_2023_v1_val.json": _content([], other),
            other: picture(20, 10),
            "v3det.zip": zipped.getvalue(),
        }
    )
    first, second = raw_records("v3det", origin)
    assert isinstance(first, RawRecord) and isinstance(second, RawRecord)
    assert (first.picture.num_bytes, second.picture.num_bytes) == (len(picture(40, 30)), len(picture(20, 10)))


def test_a_set_without_boxes_is_refused(native_set: Callable[..., Folder]) -> None:
    with pytest.raises(InputError, match="no v3det_2023_v1_train.json"):
        list(v3det.local_files(native_set({_NAMES: b"x"})))


def test_a_tree_of_labels_is_not_taken(native_set: Callable[..., Folder]) -> None:
    files = {name: _content([]) for name in ("v3det_2023_v1_category_tree.json", "v3det_2023_v1_val.json")}
    assert list(v3det.local_files(native_set(files))) == ["v3det_2023_v1_val.json"]


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"names": "caf\xe9".encode("latin-1")}, "not UTF-8"),
        ({"described": {"id": 1}}, "the file is no JSON array"),
        ({"packed": b"no gzip at all"}, "the compressed file is damaged"),
        ({"packed": gzip.compress(b"[]")[:-9]}, "the compressed file is damaged or ends early"),
        ({"packed": gzip.compress(b"[]") + b"x"}, "the compressed file is damaged"),
        ({"packed": gzip.compress(b'[{"id": 1, "name": "x"}' + b" " * 100_000_000 + b"]")}, "which no table does"),
        ({"packed": gzip.compress(b"[")}, "the file ends early"),
    ],
)
def test_a_file_of_names_or_descriptions_that_cannot_be_read_is_named(
    labels: Labels, files: dict[str, Any], text: str
) -> None:
    with pytest.raises(InputError, match=text) as caught:
        labels({"id": 1, "name": "x"}, **files)
    assert "v3det_2023_v1" in caught.value.where
