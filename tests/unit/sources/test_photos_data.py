"""The annotations of source `photos`: sound in themselves, and true to the photographs in the wheels."""

import re
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from PIL import Image

ANNOTATIONS = Path(str(files("mmgic.sources") / "data" / "photos" / "annotations"))
DISTRIBUTIONS = {"skimage": "scikit-image", "sklearn": "scikit-learn"}
SPLITS = ("train", "val")


class Info(msgspec.Struct, forbid_unknown_fields=True):
    description: str
    version: str
    year: int
    contributor: str
    url: str


class License(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    name: str
    url: str


class Photo(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    file_name: str
    width: int
    height: int
    license: str
    origin: str


class Category(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    name: str
    supercategory: str
    description: str


class Instance(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[int, int, int, int]
    area: int
    iscrowd: int


class Caption(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    image_id: int
    caption: str


class Instances(msgspec.Struct, forbid_unknown_fields=True):
    info: Info
    licenses: list[License]
    images: list[Photo]
    annotations: list[Instance]
    categories: list[Category]


class Captions(msgspec.Struct, forbid_unknown_fields=True):
    info: Info
    licenses: list[License]
    images: list[Photo]
    annotations: list[Caption]


def instances(split: str) -> Instances:
    return msgspec.json.decode((ANNOTATIONS / f"instances_{split}.json").read_bytes(), type=Instances)


def captions(split: str) -> Captions:
    return msgspec.json.decode((ANNOTATIONS / f"captions_{split}.json").read_bytes(), type=Captions)


def test_ids_and_file_names_are_unique_over_both_splits() -> None:
    sets, texts = [instances(split) for split in SPLITS], [captions(split) for split in SPLITS]
    for found in (
        [image.id for content in sets for image in content.images],
        [image.file_name.rsplit(".", 1)[0] for content in sets for image in content.images],
        [note.id for content in sets for note in content.annotations],
        [note.id for content in texts for note in content.annotations],
        [category.id for category in sets[0].categories],
        [category.name for category in sets[0].categories],
    ):
        assert len(found) == len(set(found)) > 0
    assert sets[0].categories == sets[1].categories


@pytest.mark.parametrize("split", SPLITS)
def test_photographs_are_in_the_wheels_with_the_declared_size(split: str) -> None:
    content = instances(split)
    for image in content.images:
        path = distribution(DISTRIBUTIONS[image.origin.split("/")[0]]).locate_file(image.origin)
        with Image.open(str(path)) as picture:
            assert picture.format in {"JPEG", "PNG"}
            assert picture.size == (image.width, image.height)
            assert picture.getexif().get(0x0112, 1) == 1
        assert image.origin.endswith("/" + image.file_name)
        assert image.license in {license.name for license in content.licenses}
    assert content.images == captions(split).images


@pytest.mark.parametrize("split", SPLITS)
def test_boxes_lie_inside_their_pictures(split: str) -> None:
    content = instances(split)
    images = {image.id: image for image in content.images}
    labels = {category.id for category in content.categories}
    for note in content.annotations:
        x, y, width, height = note.bbox
        assert note.category_id in labels
        assert x >= 0
        assert y >= 0
        assert width > 0
        assert height > 0
        assert x + width <= images[note.image_id].width
        assert y + height <= images[note.image_id].height
        assert note.area == width * height
        assert note.iscrowd in {0, 1}
    assert len({(n.image_id, n.category_id, n.bbox) for n in content.annotations}) == len(content.annotations)


@pytest.mark.parametrize("split", SPLITS)
def test_every_photograph_has_boxes_and_three_different_captions(split: str) -> None:
    boxed = [note.image_id for note in instances(split).annotations]
    texts = captions(split)
    for image in texts.images:
        own = [note.caption for note in texts.annotations if note.image_id == image.id]
        assert len(set(own)) == 3, image.file_name
        assert 2 <= boxed.count(image.id) <= 26, image.file_name
        assert all(is_one_sentence(caption) for caption in own), image.file_name
    assert {note.image_id for note in texts.annotations} == {image.id for image in texts.images}


def test_every_category_is_used_and_described() -> None:
    used = {note.category_id for split in SPLITS for note in instances(split).annotations}
    for category in instances("train").categories:
        assert category.id in used, category.name
        assert category.supercategory
        assert is_one_sentence(category.description), category.name
        assert len(category.description.split()) >= len(category.name.split()) + 5, category.name


def test_most_labels_of_val_occur_in_train() -> None:
    train, val = ({note.category_id for note in instances(split).annotations} for split in SPLITS)
    assert len(val & train) > len(val) / 2


def test_every_licence_names_its_source() -> None:
    licenses = instances("train").licenses
    assert licenses == instances("val").licenses
    assert len({license.name for license in licenses}) == len(licenses)
    for license in licenses:
        assert re.fullmatch(r"[^()]+ \(.+\)", license.name)
        assert license.url.startswith("http") or not license.url


def is_one_sentence(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z][^.!?]+\.", text)) and len(text.split()) >= 6
