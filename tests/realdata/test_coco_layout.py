"""Sets in COCO's layout on real files: COCO photos whatever the order, and every label of Objects365 and of V3Det."""

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from mmgic.execution.call import Outcome, StageCall
from mmgic.params import load_params
from mmgic.schema.params import Params
from mmgic.schema.records import Label, LostImage, RawRecord, Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.sources import source_named
from mmgic.sources.descriptions import shipped_labels
from mmgic.sources.raw import RawFolder
from stages import fetch, normalize

pytestmark = pytest.mark.realdata

PER_PICTURE = 100


def _call(source: str, origin: Path | None, read: Path | None, out: Path, params: Params) -> StageCall:
    place = origin or read
    assert place is not None
    return StageCall(Folder(str(place)), Folder(str(out)), params, lambda *_: None, extra={"source": source})


@pytest.fixture(scope="session")
def params(project: Path) -> Params:
    return load_params(project / "params.yaml")


@pytest.fixture
def found(tmp_path: Path, params: Params) -> Callable[[str, Path], list[RawRecord | LostImage]]:
    """The raw records of a set, after `fetch`."""

    def made(source: str, origin: Path) -> list[RawRecord | LostImage]:
        out = tmp_path / f"raw-{origin.name}"
        fetch.run(_call(source, origin, None, out, params))
        with RawFolder(Folder(str(out)), read_manifest(Folder(str(out)), "raw"), source) as raw:
            return list(source_named(source).raw_records(raw))

    return made


def _native(real_data: Path, what: str, folder: str) -> dict[str, Any]:
    text = (real_data / "coco-photos" / "annotations" / f"{what}_{folder}.json").read_text()
    content: dict[str, Any] = json.loads(text)
    return content


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _records(images: list[RawRecord | LostImage]) -> list[RawRecord]:
    return [image for image in images if isinstance(image, RawRecord)]


def test_every_photo_box_and_caption_of_coco_with_its_ids(
    real_data: Path, found: Callable[[str, Path], list[RawRecord | LostImage]]
) -> None:
    images = found("coco", real_data / "coco-photos")
    records = _records(images)
    assert (len(images), len(records)) == (101, 101)
    assert Counter(record.split for record in records) == {"train": 50, "val": 51}
    boxes = [box for record in records for box in record.boxes]
    assert (len(boxes), sum(box.is_crowd for box in boxes)) == (1000, 12)
    assert not any(box.fault for box in boxes) and not any(record.dropped for record in records)
    assert sum(len(record.captions) for record in records) == 505
    assert {caption.origin for record in records for caption in record.captions} == {"coco"}
    assert all(record.picture.num_bytes and record.ids.keys() == {"coco", "flickr"} for record in records)
    assert Counter(record.license.split("/")[-3] for record in records) == {
        "by-nc-sa": 34,
        "by": 29,
        "by-sa": 22,
        "by-nc": 16,
    }
    for folder, split in (("train2017", "train"), ("val2017", "val")):
        native = _native(real_data, "instances", folder)
        names = {category["id"]: category["name"] for category in native["categories"]}
        of_split = [record for record in records if record.split == split]
        assert [record.ids["coco"] for record in of_split] == sorted((str(i["id"]) for i in native["images"]), key=int)
        for record in of_split:
            rows = [row for row in native["annotations"] if str(row["image_id"]) == record.ids["coco"]]
            corners = [(x, y, x + width, y + height) for x, y, width, height in (row["bbox"] for row in rows)]
            assert [box.box_xyxy_px for box in record.boxes] == corners
            assert [box.is_crowd for box in record.boxes] == [row["iscrowd"] == 1 for row in rows]
            assert [(box.label.id, box.label.name) for box in record.boxes] == [
                (f"coco:{row['category_id']}", names[row["category_id"]]) for row in rows
            ]


def test_the_order_of_arrays_and_rows_and_the_year_of_the_names_change_nothing(
    real_data: Path, tmp_path: Path, found: Callable[[str, Path], list[RawRecord | LostImage]]
) -> None:
    plain = [record for record in _records(found("coco", real_data / "coco-photos")) if record.split == "val"]
    for what in ("instances", "captions"):
        native = _native(real_data, what, "val2017")
        for image in native["images"]:
            image["file_name"] = f"COCO_val2014_{image['file_name']}"
        turned = {key: native[key][::-1] if isinstance(native[key], list) else native[key] for key in reversed(native)}
        _write(tmp_path / "set" / "annotations" / f"{what}_val2014.json", turned)
    records = _records(found("coco", tmp_path / "set"))
    assert [record.ids for record in records] == [record.ids for record in plain]
    assert [record.boxes[::-1] for record in records] == [record.boxes for record in plain]
    assert [record.captions[::-1] for record in records] == [record.captions for record in plain]
    assert [record.license for record in records] == [record.license for record in plain]


def test_karpathys_test_split_takes_its_photos_and_no_others(
    real_data: Path, tmp_path: Path, found: Callable[[str, Path], list[RawRecord | LostImage]]
) -> None:
    with gzip.open(real_data / "benchmarks" / "coco-caption" / "coco_karpathy_test_gt.json.gz") as stream:
        references = json.load(stream)
    texts: dict[int, list[str]] = {image["id"]: [] for image in references["images"]}
    for note in references["annotations"]:
        texts[note["image_id"]].append(note["caption"])
    assert (len(texts), sum(map(len, texts.values()))) == (5000, 25010)
    rows = [
        {"cocoid": number, "split": "test", "sentences": [{"raw": text} for text in sentences]}
        for number, sentences in texts.items()
    ]
    _write(tmp_path / "set" / "karpathy" / "dataset_coco.json", {"images": rows, "dataset": "coco"})
    for folder in ("train2017", "val2017"):
        _write(tmp_path / "set" / "annotations" / f"instances_{folder}.json", _native(real_data, "instances", folder))
    images = found("coco", tmp_path / "set")
    records = _records(images)
    lost = [image for image in images if isinstance(image, LostImage)]
    assert (len(records), len(lost)) == (6, 95)
    assert {record.split for record in records} == {"test"} and {each.cause for each in lost} == {"no_split"}
    assert sum(len(r.boxes) for r in records) + sum(each.num_boxes for each in lost) == 1000
    native = [
        note for folder in ("train2017", "val2017") for note in _native(real_data, "captions", folder)["annotations"]
    ]
    for record in records:
        given = sorted(" ".join(n["caption"].split()) for n in native if str(n["image_id"]) == record.ids["coco"])
        assert sorted(caption.text for caption in record.captions) == given


def _set_of_all(place: Path, name: str, categories: list[dict[str, Any]], file_name: Callable[[int], str]) -> int:
    """A set in COCO's layout with a box of each label, and stand-in pictures of the stated size."""
    stream = io.BytesIO()
    Image.new("RGB", (400, 300), (40, 90, 140)).save(stream, "JPEG")
    images, boxes = [], []
    for number in range((len(categories) + PER_PICTURE - 1) // PER_PICTURE):
        images.append({"id": number, "file_name": file_name(number), "width": 400, "height": 300})
        path = place / file_name(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stream.getvalue())
    for number, category in enumerate(categories):
        box = [100 + number % 10 * 20, 20 + number // 10 % 10 * 25, 18.5, 22.25]
        image = number // PER_PICTURE
        boxes.append({"id": number, "image_id": image, "category_id": category["id"], "bbox": box, "iscrowd": 0})
    _write(place / name, {"annotations": boxes, "images": images, "categories": categories})
    return len(images)


def _normalized(source: str, place: Path, out: Path, params: Params) -> tuple[Outcome, list[Record]]:
    duplicates = msgspec.structs.replace(params.normalize.duplicates, exact=False)  # stand-ins are all alike
    changed = msgspec.structs.replace(
        params, normalize=msgspec.structs.replace(params.normalize, max_bad_fraction=0.0, duplicates=duplicates)
    )
    fetch.run(_call(source, place, None, out / "raw", changed))
    outcome = normalize.run(_call(source, None, out / "raw", out / "records", changed))
    folder = Folder(str(out / "records"))
    shards = read_manifest(folder, "records").shards
    return outcome, [record for shard in shards for record, _ in read_record_shard(folder, shard)]


def _labels(records: list[Record]) -> dict[str, Label]:
    return {label.id: label for record in records for label in record.labels}


def test_all_labels_of_objects365_with_mended_names(real_data: Path, tmp_path: Path, params: Params) -> None:
    with (real_data / "objects365" / "Objects365_names_fix.csv").open() as stream:
        rows = [(int(number), native) for number, native, _ in csv.reader(stream)]
    categories = [{"id": number, "name": native} for number, native in rows]

    def file_name(number: int) -> str:
        return f"images/v1/patch{number}/objects365_v1_{number:08d}.jpg"

    pictures = _set_of_all(tmp_path / "set", "zhiyuan_objv2_train.json", categories, file_name)
    (tmp_path / "set" / "images" / "v1").rename(tmp_path / "set" / "train")
    outcome, records = _normalized("objects365", tmp_path / "set", tmp_path, params)
    counts = outcome.manifest.counts
    assert (counts["records"], counts["boxes"]) == (pictures, 365) == (4, 365)
    assert counts["regions"] + sum(n for cause, n in counts.items() if cause.startswith("dropped.")) == 365
    labels = _labels(records)
    assert {label_id: label.name for label_id, label in labels.items()} == {
        label.id: label.name for label in shipped_labels()["objects365"]
    }
    assert all(label.description for label in labels.values())
    misspelt = [label.id for (_, native), label in zip(rows, labels.values(), strict=True) if label.name != native]
    assert len(labels) == 365 and len(misspelt) == 17


def test_all_labels_of_v3det_with_senses_and_descriptions(real_data: Path, tmp_path: Path, params: Params) -> None:
    packed = (real_data / "v3det" / "v3det_2023_v1_train_cat_info.json.gz").read_bytes()
    names = (real_data / "v3det" / "category_name_13204_v3det_2023_v1.txt").read_bytes()
    infos = json.loads(gzip.decompress(packed))
    listed = names.decode().splitlines()
    native = [{key: info[key] for key in ("id", "name", "name_zh", "novel")} for info in infos]

    def file_name(number: int) -> str:
        return f"images/Q{number}/28_284_{50119550013 + number}_7d06ded882_c.jpg"

    place = tmp_path / "set"
    pictures = _set_of_all(place, "annotations/v3det_2023_v1_val.json", native, file_name)
    (place / "annotations" / "v3det_2023_v1_train_cat_info.json.gz").write_bytes(packed)
    (place / "annotations" / "category_name_13204_v3det_2023_v1.txt").write_bytes(names)
    outcome, records = _normalized("v3det", place, tmp_path, params)
    counts = outcome.manifest.counts
    assert (counts["records"], counts["boxes"]) == (pictures, 13204) == (133, 13204)
    assert counts["regions"] + sum(n for cause, n in counts.items() if cause.startswith("dropped.")) == 13204
    assert counts["described_labels"] == counts["labels"] == 13204
    assert sorted(record.ids["flickr"] for record in records) == [str(50119550013 + n) for n in range(133)]

    labels = _labels(records)
    by_id = {info["id"]: (info, labels[f"v3det:{info['id']}"]) for info in infos}
    assert len(labels) == len(by_id) == 13204
    assert sum(info["image_count"] == 0 for info, _ in by_id.values()) == 146
    # Names: brackets go, and four titles of a list become the names of their dogs.
    changed = {number: label.name for number, (info, label) in by_id.items() if label.name != info["name"]}
    dogs = {5693: "yorkipoo", 5719: "maltepoo", 5789: "beagador", 5869: "cavapoo"}
    assert {number: changed.pop(number) for number in dogs} == dogs
    bracketed = {number for number, (info, _) in by_id.items() if info["name"].endswith(")")}
    assert len(bracketed) == 22
    for number in bracketed:
        info, label = by_id[number]
        assert changed.pop(number) == label.name == info["name"].partition(" (")[0] and label.sense == info["name"]
    assert {info["name"].replace("_", " ").replace("  ", " ") for info, _ in by_id.values()} >= set(changed.values())
    assert len(changed) == 48
    native_names = Counter(info["name"] for info in infos)
    assert sum(count > 1 for count in native_names.values()) == 36
    # Senses: of the 40 names that the list has otherwise, four are names of dogs, and four contradict their description.
    told = {number: label.sense for number, (_, label) in by_id.items() if label.sense and number not in bracketed}
    other = {
        number: listed[number - 1].replace("_", " ")
        for number, (info, _) in by_id.items()
        if listed[number - 1] != info["name"]
    }
    assert len(other) == 40
    assert told == {
        number: name for number, name in other.items() if number not in dogs.keys() | {2575, 3680, 11568, 11798}
    }
    assert {label.name for number, (_, label) in by_id.items() if number in told} < set(native_names)
    # Descriptions: the native ones, but for spaces, a footnote and a note on how a word is said.
    cleaned = [number for number, (info, label) in by_id.items() if label.description != info["cat_info"]]
    assert len(cleaned) == 25
    assert all("\n" not in label.description and "  " not in label.description for label in labels.values())
    assert all(label.description.endswith(".") and "[1]" not in label.description for label in labels.values())
