"""Elements of COCO's layout: whole ones, those that are read field by field, and ids in every form."""

import io
import json
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.sources.coco_rows import (
    Annotation,
    Broken,
    Category,
    Element,
    Image,
    License,
    Sentence,
    SplitImage,
    SplitSentence,
    elements,
    plain_id,
)

_KINDS: dict[str, type[Element]] = {
    "images": Image,
    "annotations": Annotation,
    "categories": Category,
    "licenses": License,
}


def _read(text: str | bytes, kinds: dict[str, type[Element]] = _KINDS) -> list[Element | Broken]:
    data = text.encode() if isinstance(text, str) else text
    return [element for _, element in elements(io.BytesIO(data), kinds, "x.json", required=())]


def _one(array: str, element: str, kinds: dict[str, type[Element]] = _KINDS) -> Element | Broken:
    (found,) = _read(f'{{"{array}": [{element}]}}', kinds)
    return found


def test_arrays_in_the_files_order_and_what_nobody_reads_is_stepped_over() -> None:
    text = """{"info": {"year": [1, {"a": "]}"}]}, "categories": [{"id": 1, "name": "cup", "supercategory": "kitchen"}],
      "annotations": [{"id": 3, "image_id": 2, "category_id": 1, "bbox": [1, 2.5, 3, 4], "area": 12, "iscrowd": 1,
      "segmentation": {"counts": [9, 8, 7], "size": [4, 5]}}, {"image_id": "2", "category_id": "1", "bbox": [1, 2, 3, 4],
      "segmentation": [[1, 2, 3, 4, 5, 6]], "keypoints": "a } brace"}], "licenses": null, "images": []}"""
    assert _read(text) == [
        Category(1, "cup"),
        Annotation(2, 1, (1.0, 2.5, 3.0, 4.0), iscrowd=1),
        Annotation("2", "1", (1.0, 2.0, 3.0, 4.0)),
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_of_utf_8_is_no_fault(mark: bytes) -> None:
    assert _read(mark + b'{"images": [{"id": 1, "file_name": "a.jpg"}]}') == [Image(1, "a.jpg")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused_by_name(encoding: str) -> None:
    with pytest.raises(InputError, match=rf"the file is {encoding}.*, not UTF-8") as caught:
        _read('{"images": []}'.encode(encoding))
    assert caught.value.where.startswith("x.json")


@pytest.mark.parametrize("cut", [1, 20, 45, 60])
def test_a_truncated_file_is_refused_with_its_place(cut: int) -> None:
    text = '{"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}]}'
    with pytest.raises(InputError, match="the file ends") as caught:
        _read(text[:-cut])
    assert caught.value.where.startswith("x.json, byte ")


def test_tokens_that_are_no_json_cost_only_their_field() -> None:
    note = '{"image_id": 2, "category_id": 1, "bbox": [NaN, 0, Infinity, -Infinity], "area": NaN}'
    found = _one("annotations", note)
    assert isinstance(found, Annotation)
    assert str(found.bbox) == "(nan, 0.0, inf, -inf)"
    whole = _one("annotations", '{"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "area": NaN}')
    assert whole == Annotation(2, 1, (1.0, 2.0, 3.0, 4.0))


@pytest.mark.parametrize(
    "box",
    ["null", "[1, 2, 3]", "[1, 2, 3, 4, 5]", '["1", "2", "3", "4"]', "[1, 2, 3, null]", '"1 2 3 4"', "{}", "7"],
)
def test_a_box_that_cannot_be_read_still_belongs_to_its_image(box: str) -> None:
    found = _one("annotations", f'{{"image_id": 2, "category_id": 1, "bbox": {box}}}')
    assert isinstance(found, Broken) and found.fields["image_id"] == 2 and found.fields["category_id"] == 1
    assert "bbox" in found.detail and "byte 17" in found.detail


@pytest.mark.parametrize(
    ("array", "element", "sound"),
    [
        ("annotations", '{"image_id": 2, "bbox": [1, 2, 3, 4]}', {"image_id": 2, "bbox": (1.0, 2.0, 3.0, 4.0)}),
        ("annotations", '{"image_id": 2.5, "category_id": 1, "bbox": [1, 2, 3, 4]}', {"category_id": 1}),
        ("annotations", '{"image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": "no"}', {"image_id": 2}),
        ("images", '{"id": 1, "file_name": null}', {"id": 1}),
        ("images", '{"id": 1}', {"id": 1}),
        ("images", '{"file_name": "a.jpg"}', {"file_name": "a.jpg"}),
        ("images", '{"id": 1, "file_name": "a.jpg", "width": "640"}', {"id": 1, "file_name": "a.jpg"}),
        ("images", '{"id": 1, "file_name": "a\\ud800.jpg"}', {"id": 1}),
        ("images", "7", {}),
        ("images", "[]", {}),
        ("images", "null", {}),
        ("images", '"\\ud800"', {}),
    ],
)
def test_what_is_sound_in_a_broken_element_is_kept(array: str, element: str, sound: dict[str, Any]) -> None:
    found = _one(array, element)
    assert isinstance(found, Broken)
    assert {name: found.fields[name] for name in sound} == sound
    assert found.fields.keys() <= sound.keys() | {"category_id", "bbox"} and found.detail


def test_a_label_whose_description_cannot_be_read_is_a_label() -> None:
    assert _one(
        "categories", '{"id": 1, "name": "cup", "cat_info": [1, 2], "cat_info_gpt": ["Holds tea."]}'
    ) == Category(1, "cup", cat_info_gpt=["Holds tea."])
    assert isinstance(_one("categories", '{"id": 1, "name": 5}'), Broken)
    assert _one("licenses", '{"id": 1, "name": [], "url": "http://by"}') == License(1, url="http://by")


def test_captions_and_karpathys_images() -> None:
    assert _one("annotations", '{"image_id": 2, "id": 5, "caption": "Two."}', {"annotations": Sentence}) == Sentence(
        2, "Two."
    )
    image = {
        "filepath": "val2014",
        "filename": "COCO_val2014_000000522418.jpg",
        "imgid": 0,
        "split": "restval",
        "cocoid": 522418,
        "sentids": [1],
        "sentences": [{"tokens": ["a", "cake"], "raw": "A cake.", "imgid": 0, "sentid": 1}],
    }
    kinds: dict[str, type[Element]] = {"images": SplitImage}
    assert _one("images", json.dumps(image), kinds) == SplitImage(522418, "restval", [SplitSentence("A cake.")])
    assert isinstance(_one("images", json.dumps({**image, "split": "../x"}), kinds), Broken)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (7, 7),
        ("7", 7),
        ("-7", "-7"),
        ("07", "07"),
        ("7a", "7a"),
        ("\u0667", "\u0667"),
        (-7, -7),
        (2**63 - 1, 2**63 - 1),
        (2**63, str(2**63)),
        ("9" * 18, int("9" * 18)),
        ("9" * 5000, "9" * 5000),
        (10**30, str(10**30)),
        ("", ""),
    ],
)
def test_an_id_has_one_form(given: int | str, plain: int | str) -> None:
    assert plain_id(given) == plain and type(plain_id(given)) is type(plain)
