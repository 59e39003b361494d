"""Images 1 to 60 of Visual Genome with stand-in photos of the stated size: what plain JSON counts is what the records hold."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.sources import source_named
from mmgic.sources.raw import RawFolder

pytestmark = pytest.mark.realdata

Native = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def native(real_data: Path) -> Native:
    names = ("image_data", "objects", "attributes", "relationships", "region_descriptions", "synsets")
    return {name: json.loads((real_data / "visual-genome" / f"{name}.json").read_text()) for name in names}


@pytest.fixture(scope="module")
def made(real_data: Path, native: Native, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`fetch` and `normalize`, as a user types them."""
    place = tmp_path_factory.mktemp("visual-genome")
    for path in (real_data / "visual-genome").iterdir():
        shutil.copyfile(path, place / path.name)
    for image in native["image_data"]:
        photo = place / re.sub(r".*rak248/", "", image["url"])
        photo.parent.mkdir(exist_ok=True)
        Image.new("RGB", (image["width"], image["height"]), "grey").save(photo)
    for words in (
        "fetch --source visual-genome --in . --out raw",
        "normalize --in raw --out records --set normalize.duplicates.exact=false",
    ):
        command = [sys.executable, "-c", "from mmgic.cli.main import main; main()", *words.split()]
        done = subprocess.run(
            [*command, "--params", str(project / "params.yaml")],
            cwd=place,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(project)},
        )
        assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def records(made: Path) -> list[RawRecord]:
    folder = Folder(str(made / "raw"))
    with RawFolder(folder, read_manifest(folder, "raw"), "visual-genome") as raw:
        found = list(source_named("visual-genome").raw_records(raw))
    assert all(isinstance(record, RawRecord) for record in found)
    return found  # type: ignore[return-value]


def _clean(text: str) -> str:
    return " ".join(text.lower().split()).rstrip(". ")


def test_every_image_has_its_size_and_photo(records: list[RawRecord], native: Native) -> None:
    expected: list[Any] = []
    for image in native["image_data"]:
        name = str(image["image_id"])  # none of the 60 has an id of COCO or Flickr
        expected.append(
            (f"visual-genome-{name}", (image["width"], image["height"]), image["url"], {"visual-genome": name})
        )
    assert [(each.key, each.declared_size_px, each.origin, each.ids) for each in records] == expected
    assert len(records) == 60 and all(each.picture.num_bytes for each in records)


def test_every_object_is_a_box(records: list[RawRecord], native: Native) -> None:
    objects = [each for entry in native["objects"] for each in entry["objects"]]
    boxes = [box for record in records for box in record.boxes]
    assert [box.box_xyxy_px for box in boxes] == [
        (each["x"], each["y"], each["x"] + each["w"], each["y"] + each["h"]) for each in objects
    ]
    assert [box.label.id.removeprefix("visual-genome:") for box in boxes] == [
        each["synsets"][0] if len(each["synsets"]) == 1 else f"name/{_clean(each['names'][0])}" for each in objects
    ]
    without = sum(not each["synsets"] for each in objects)
    assert (len(boxes), without, sum("name/" in box.label.id for box in boxes)) == (1752, 98, 133)
    assert all(box.fault is None for box in boxes)
    commonest = Counter(box.label.id for box in boxes).most_common(3)
    assert commonest == [
        ("visual-genome:window.n.01", 64),
        ("visual-genome:building.n.01", 49),
        ("visual-genome:chair.n.01", 45),
    ]


def test_a_label_has_one_name_that_an_object_bears(records: list[RawRecord], native: Native) -> None:
    for record, entry in zip(records, native["objects"], strict=True):
        by_id = {box.label.id: box.label for box in record.boxes}
        assert {box.label for box in record.boxes} == set(by_id.values())
        for label in by_id.values():
            names = Counter(
                _clean(each["names"][0])
                for each, box in zip(entry["objects"], record.boxes, strict=True)
                if box.label.id == label.id
            )
            assert names[label.name] == max(names.values())
    meanings = {each["synset_name"]: each["synset_definition"] for each in native["synsets"]}
    described = [box.label for record in records for box in record.boxes if box.label.description]
    assert len(described) == 438
    for label in described:
        meaning = re.sub(r"^\([^()]*\) ", "", " ".join(meanings[label.id.removeprefix("visual-genome:")].split()))
        assert label.description == meaning[0].upper() + meaning[1:].rstrip(" ;:,") + "."


def test_attributes_stay_with_their_objects(records: list[RawRecord], native: Native) -> None:
    without_key = lost = 0
    for record, objects, entry in zip(records, native["objects"], native["attributes"], strict=True):
        places = {
            number: place
            for place, each in enumerate(objects["objects"])
            for number in (each["object_id"], *each["merged_object_ids"])
        }
        expected: list[list[str]] = [[] for _ in objects["objects"]]
        for each in entry["attributes"]:
            without_key += "attributes" not in each
            for text in each.get("attributes", []):
                if each["object_id"] not in places:
                    lost += 1
                elif _clean(text) not in expected[places[each["object_id"]]]:
                    expected[places[each["object_id"]]].append(_clean(text))
        assert [box.attributes for box in record.boxes] == expected
    kept = sum(len(box.attributes) for record in records for box in record.boxes)
    assert (kept, lost, without_key) == (1842, 191, 1005)
    assert sum(record.dropped.get("attribute.unknown_object", 0) for record in records) == 191


def test_phrases_come_once(records: list[RawRecord], native: Native) -> None:
    total = 0
    for record, entry in zip(records, native["region_descriptions"], strict=True):
        first: dict[str, tuple[str, tuple[int, ...]]] = {}
        for each in entry["regions"]:
            text = " ".join(each["phrase"].split())
            box = each["x"], each["y"], each["x"] + each["width"], each["y"] + each["height"]
            first.setdefault(text.casefold(), (text, box))
        assert [(phrase.text, phrase.box_xyxy_px) for phrase in record.phrases] == list(first.values())
        assert record.dropped.get("phrase.repeated", 0) == len(entry["regions"]) - len(first)
        total += len(entry["regions"])
    assert (total, sum(len(record.phrases) for record in records)) == (5292, 5029)


def test_relations_hold_between_objects(records: list[RawRecord], native: Native) -> None:
    strangers = total = 0
    for record, objects, entry in zip(records, native["objects"], native["relationships"], strict=True):
        known = {
            number: each for each in objects["objects"] for number in (each["object_id"], *each["merged_object_ids"])
        }
        expected: dict[Any, None] = {}
        for relation in entry["relationships"]:
            total += 1
            row: list[Any] = [_clean(relation["predicate"])]
            for end in (relation["subject"], relation["object"]):
                strangers += end["object_id"] not in known
                each = known.get(end["object_id"], end)
                name = each.get("name") or each["names"][0]
                row.append(each["synsets"][0] if len(each["synsets"]) == 1 else f"name/{_clean(name)}")
                row.append((each["x"], each["y"], each["x"] + each["w"], each["y"] + each["h"]))
            expected[tuple(row)] = None
        found = [
            (
                each.predicate,
                each.subject_label_id.removeprefix("visual-genome:"),
                each.subject_box_xyxy_px,
                each.object_label_id.removeprefix("visual-genome:"),
                each.object_box_xyxy_px,
            )
            for each in record.relations
        ]
        assert found == list(expected)
        assert record.dropped.get("relation.repeated", 0) == len(entry["relationships"]) - len(expected)
    assert (total, strangers, sum(len(record.relations) for record in records)) == (1821, 383, 1538)


def test_counts_of_the_records_add_up(made: Path) -> None:
    counts = read_manifest(Folder(str(made / "records")), "records").counts
    assert counts == {
        "pictures": 60,
        "records": 60,
        "captions": 0,
        "labels": 1161,
        "described_labels": counts["described_labels"],
        "boxes": 1752,
        "regions": 457,
        "dropped.duplicate": 4,
        "dropped.outside_main_crop": 275,
        "dropped.over_label_limit": 24,
        "dropped.over_region_limit": 458,
        "dropped.too_large": 39,
        "dropped.too_small_area": 478,
        "dropped.too_small_px": 17,
        "phrases": 4315,
        "dropped_phrase.repeated": 263,
        "dropped_phrase.outside_main_crop": 714,
        "relations": 1139,
        "dropped_relation.repeated": 283,
        "dropped_relation.outside_main_crop": 298,
        "dropped_relation.unknown_label": 101,
        "dropped_attribute.unknown_object": 191,
    }

    def dropped(what: str) -> int:
        return sum(count for name, count in counts.items() if name.startswith(what))

    assert counts["boxes"] == counts["regions"] + dropped("dropped.")
    assert counts["phrases"] + dropped("dropped_phrase.") == 5292
    assert counts["relations"] + dropped("dropped_relation.") == 1821
    assert (made / "records" / "rejected.jsonl").read_bytes() == b""
