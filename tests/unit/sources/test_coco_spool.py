"""What files say of one image, gathered: groups in order, listings joined, orphans in groups that stay small."""

import io
import json
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.sources.coco_rows import Category, Image
from mmgic.sources.coco_spool import BoxRow, Content, FolderFacts, ImageGroup, SetFile, image_groups


def _groups(
    files: dict[tuple[Content, str], Any], *, with_annotations: bool = True
) -> list[tuple[FolderFacts, ImageGroup]]:
    """The groups of files, given by content and folder."""
    listed = [SetFile(content, folder, folder, f"{content}-{folder}") for content, folder in files]
    streams = {file.path: json.dumps(files[file.content, file.folder]).encode() for file in listed}
    return list(
        image_groups(
            listed, lambda path: io.BytesIO(streams[path]), lambda path: path, with_annotations=with_annotations
        )
    )


def _box(image: Any, category: Any = 1) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": [1, 2, 3, 4]}


def _file(images: list[Any], notes: list[Any], **more: Any) -> dict[str, Any]:
    return {"annotations": notes, "images": images, **more}


def test_folders_and_ids_come_in_order_and_rows_in_the_files() -> None:
    images = [{"id": number, "file_name": f"{number}.jpg"} for number in (3, "b", 1, "a")]
    files: dict[tuple[Content, str], Any] = {
        ("instances", "val"): _file(images, [_box("b", 2), _box(3), _box("b", 1), _box("3", 5)]),
        ("instances", "train"): _file([], [_box(9)]),
    }
    found = _groups(files)
    assert [(facts.folder, group.id) for facts, group in found] == [
        ("train", 9),
        ("val", 1),
        ("val", 3),
        ("val", "a"),
        ("val", "b"),
    ]
    assert [[box.category for box in group.boxes] for _, group in found] == [[1], [], [1, 5], [], [2, 1]]
    assert found[0][1].boxes == [BoxRow(1, (1.0, 2.0, 4.0, 6.0), False, False, False)]


def test_an_image_that_two_files_list_is_one_and_each_adds_what_it_knows() -> None:
    files: dict[tuple[Content, str], Any] = {
        ("instances", "val"): _file([{"id": 1, "file_name": "a.jpg", "width": 5, "license": 2}], []),
        ("captions", "val"): _file(
            [{"id": "1", "file_name": "a.jpg", "height": 7, "license": 3}], [{"image_id": 1, "caption": "One."}]
        ),
    }
    ((facts, group),) = _groups(files)
    assert group.images == [Image(1, "a.jpg", width=5, height=7, license=3)]
    assert group.captions == ["One."] and facts.contents == {"instances", "captions"}


def test_another_name_or_the_same_file_make_it_another_image() -> None:
    listed = [{"id": 1, "file_name": name} for name in ("a.jpg", "a.jpg", "b.jpg")]
    files: dict[tuple[Content, str], Any] = {
        ("instances", "val"): _file(listed, []),
        ("captions", "val"): _file([{"id": 1, "file_name": "b.jpg"}], []),
    }
    ((_, group),) = _groups(files)
    assert [image.file_name for image in group.images] == ["b.jpg", "a.jpg", "a.jpg"]


def test_labels_and_licences_may_come_last_and_are_of_their_folder() -> None:
    labels = [{"id": 1, "name": "cup"}, {"id": "2", "name": "spoon"}, {"id": 1, "name": "mug"}]
    licenses = [{"id": 4, "url": "first"}, {"id": 4, "url": "second"}]
    files: dict[tuple[Content, str], Any] = {
        ("instances", "val"): _file([], [_box(1)], categories=labels, licenses=licenses),
        ("instances", "train"): _file([], [_box(1)]),
    }
    (train, _), (val, _) = _groups(files)
    assert (train.categories, train.licenses) == ({}, {})
    assert val.categories == {1: None, 2: Category("2", "spoon")}
    assert val.licenses[4].url == "first"


def test_a_division_of_the_images_holds_for_every_folder() -> None:
    rows = [
        {"cocoid": 1, "split": "test", "sentences": [{"raw": "One."}, {"raw": "Two."}]},
        {"cocoid": "1", "split": "val"},
    ]
    files: dict[tuple[Content, str], Any] = {
        ("splits", ""): {"images": rows},
        ("captions", "train"): _file([{"id": 1, "file_name": "a.jpg"}], []),
        ("captions", "val"): _file([], []),
    }
    (_, train), (_, val) = _groups(files)
    assert train.splits == val.splits == {"test", "val"} and train.split_captions == ["One.", "Two."]
    assert train.images and not val.images


def test_pictures_alone_are_read_without_annotations() -> None:
    files: dict[tuple[Content, str], Any] = {
        ("instances", "val"): {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": "anything"}
    }
    ((_, group),) = _groups(files, with_annotations=False)
    assert group.images and not group.boxes
    with pytest.raises(InputError, match="`annotations` is no array"):
        _groups(files)


def test_what_has_no_id_is_counted_in_small_groups() -> None:
    notes = [{"imageId": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}] * 25_000
    images = [{"id": 5, "file_name": "a.jpg"}, {"file_name": "b.jpg"}, {"id": "", "file_name": "c.jpg"}]
    found = _groups({("instances", "val"): _file(images, notes)})
    assert [group.id for _, group in found] == [5, "", None, None, None]
    sizes = [len(group.boxes) for _, group in found]
    assert sum(sizes) == 25_000 and max(sizes) <= 10_000
    assert sum(len(group.unreadable) for _, group in found) == 1
