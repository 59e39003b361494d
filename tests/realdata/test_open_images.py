"""Ten photos of Open Images by hand: every box, flag and label of the CSV is found again, and all counts add up."""

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.sources import source_named
from mmgic.sources.raw import RawFolder

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def native(real_data: Path) -> Path:
    return real_data / "open-images"


@pytest.fixture(scope="module")
def rows(native: Path) -> list[dict[str, str]]:
    with (native / "annotations-bbox.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def made(native: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`fetch` and `normalize` with and without ancestors, as a user types them."""
    place = tmp_path_factory.mktemp("open-images")
    for words in (
        f"fetch --source open-images --in {native} --out raw",
        "normalize --in raw --out records",
        "normalize --in raw --out with-ancestors --set normalize.ancestors=labels",
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


def _records(place: Path) -> dict[str, Record]:
    folder = Folder(str(place))
    shards = read_manifest(folder, "records").shards
    return {record.key: record for shard in shards for record, _ in read_record_shard(folder, shard)}


def test_all_boxes_come_with_their_flags(made: Path, rows: list[dict[str, str]]) -> None:
    folder = Folder(str(made / "raw"))
    with RawFolder(folder, read_manifest(folder, "raw"), "open-images") as raw:
        images: list[Any] = list(source_named("open-images").raw_records(raw))
    found = [
        (image.key, box.label.id, *box.box_xyxy_px, box.is_group, box.is_depiction, tuple(box.attributes))
        for image in images
        for box in image.boxes
    ]
    names = {"IsOccluded": "occluded", "IsTruncated": "truncated", "IsInside": "inside"}
    expected = [
        (
            f"open-images-{row['ImageID']}",
            f"open-images:{row['LabelName']}",
            *(float(row[column]) for column in ("XMin", "YMin", "XMax", "YMax")),
            row["IsGroupOf"] == "1",
            row["IsDepiction"] == "1",
            tuple(name for column, name in names.items() if row[column] == "1"),
        )
        for row in sorted(rows, key=lambda row: row["ImageID"])
    ]
    assert found == expected
    flags = [
        Counter(flag for box in found for flag in box[-1]),
        *(sum(box[place] for box in found) for place in (6, 7)),
    ]
    assert (len(images), len(found), flags) == (10, 84, [Counter(occluded=48, truncated=29), 2, 3])


def test_counts_of_the_records_add_up(made: Path) -> None:
    counts = read_manifest(Folder(str(made / "records")), "records").counts
    assert counts == {
        "pictures": 10,
        "pictures_with_icc_profile": 4,
        "records": 10,
        "boxes": 84,
        "captions": 0,
        "labels": 33,
        "described_labels": counts["described_labels"],
        "regions": 35,
        "dropped.depiction": 3,
        "dropped.group": 1,
        "dropped.outside_main_crop": 9,
        "dropped.over_label_limit": 12,
        "dropped.over_region_limit": 6,
        "dropped.too_small_area": 18,
    }
    assert counts["boxes"] == counts["regions"] + sum(n for name, n in counts.items() if name.startswith("dropped."))
    assert (made / "records" / "rejected.jsonl").read_bytes() == b""


def test_boxes_are_the_csvs_in_pixels_of_the_photo(made: Path, native: Path, rows: list[dict[str, str]]) -> None:
    records = _records(made / "records")
    assert len(records) == 10
    for record in records.values():
        image = record.key.removeprefix("open-images-")
        with Image.open(native / "images" / f"{image}.jpg") as photo:
            width, height = photo.size
        assert (record.width_px, record.height_px) == (width, height)
        own = [row for row in rows if row["ImageID"] == image]
        boxes = [
            (float(r["XMin"]) * width, float(r["YMin"]) * height, float(r["XMax"]) * width, float(r["YMax"]) * height)
            for r in own
        ]
        x1, y1, x2, y2 = record.crop_xyxy_px
        inside = [(max(a, x1), max(b, y1), min(c, x2), min(d, y2)) for a, b, c, d in boxes]
        for region in record.regions:
            (label,) = (
                row["LabelName"]
                for row, box in zip(own, inside, strict=True)
                if box == pytest.approx(region.box_xyxy_px, abs=1e-6)
                and f"open-images:{row['LabelName']}" == region.label_id
            )
            assert label
        for dropped in record.dropped_boxes:
            assert any(box == pytest.approx(dropped.box_xyxy_px, abs=1e-6) for box in boxes)


def test_ancestors_are_those_of_the_hierarchy(made: Path, native: Path) -> None:
    with (native / "class-descriptions-boxable.csv").open(newline="") as stream:
        names = dict(csv.reader(stream))
    above: dict[str, set[str]] = {}

    def walk(node: dict[str, Any], path: tuple[str, ...]) -> Iterator[None]:
        above.setdefault(node["LabelName"], set()).update(path)
        for child in node.get("Subcategory", []):
            yield from walk(child, (*path, node["LabelName"]))
        for part in node.get("Part", []):
            yield from walk(part, ())
        yield None

    list(walk(json.loads((native / "bbox_labels_600_hierarchy.json").read_text()), ()))
    # A class that stands in several places has what is above any of them, and above those.
    for _ in range(6):
        for parents in above.values():
            parents.update(*(above[parent] for parent in tuple(parents)))
    plain, more = _records(made / "records"), _records(made / "with-ancestors")
    for key, record in plain.items():
        labels = [label.id.removeprefix("open-images:") for label in record.labels]
        expected = {*labels, *(parent for label in labels for parent in above[label] if parent in names)}
        found = [label.id.removeprefix("open-images:") for label in more[key].labels]
        assert found[: len(labels)] == labels
        assert (set(found), len(found)) == (expected, len(expected))
        assert [label.name for label in more[key].labels] == [names[mid] for mid in found]
        assert more[key].regions == record.regions
    assert sum(len(record.labels) for record in more.values()) == 53
