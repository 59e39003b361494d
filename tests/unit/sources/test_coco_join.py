"""COCO's layout in whole files: in any order they are a plain join, in the memory of a small file."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mmgic.execution.call import StageCall
from mmgic.schema.params import Params
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.sources import source_named
from mmgic.sources.raw import RawFolder
from stages import fetch

Found = Sequence[RawRecord | LostImage]

_ids = st.integers(1, 6)
_numbers = st.floats(-5, 60, allow_nan=False, width=16)
_boxes = st.lists(_numbers, min_size=4, max_size=4) | st.sampled_from([None, [1, 2], "box"])


def _plain_join(instances: dict[str, Any], captions: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The slow and obvious join: per id, in order, what is kept and what is lost."""
    names = {category["id"]: category["name"] for category in instances["categories"]}
    expected: list[tuple[Any, ...]] = []
    ids = {row["id"] for row in instances["images"]}
    ids |= {row["image_id"] for row in instances["annotations"] + captions["annotations"]}
    for number in sorted(ids):
        listed = [row["file_name"] for row in instances["images"] if row["id"] == number]
        texts = [row["caption"] for row in captions["annotations"] if row["image_id"] == number]
        boxes: list[Any] = []
        for row in instances["annotations"]:
            if row["image_id"] != number:
                continue
            box, name = row["bbox"], names.get(row["category_id"])
            if not isinstance(box, list) or len(box) != 4:
                boxes.append("unreadable")
            elif name is None:
                boxes.append("unknown_label")
            else:
                boxes.append((name, (box[0], box[1], box[0] + box[2], box[1] + box[3])))
        if listed:
            expected.append((listed[0], boxes, texts))
            expected.extend(("repeated_id", 0) for _ in listed[1:])
        else:
            expected.append(("unlisted_image", len(boxes)))
    return expected


def _as_joined(found: Found) -> list[tuple[Any, ...]]:
    return [
        (each.cause, each.num_boxes)
        if isinstance(each, LostImage)
        else (
            each.picture.path.rpartition("/")[2],
            [box.fault or (box.label.name, box.box_xyxy_px) for box in each.boxes],
            [caption.text for caption in each.captions],
        )
        for each in found
    ]


@given(data=st.data())
@settings(max_examples=60)
def test_random_files_in_any_order_are_a_plain_join(params: Params, data: st.DataObject) -> None:
    copies = data.draw(st.dictionaries(_ids, st.integers(1, 2)))
    images = data.draw(
        st.permutations([{"id": n, "file_name": f"{n}-{i}.png"} for n, count in copies.items() for i in range(count)])
    )
    box = st.fixed_dictionaries({"image_id": _ids, "category_id": st.integers(1, 3), "bbox": _boxes})
    text = st.fixed_dictionaries({"image_id": _ids, "caption": st.sampled_from(["One.", "Two {.", 'Three "}" \\.'])})
    instances: dict[str, Any] = {
        "images": images,
        "annotations": data.draw(st.lists(box, max_size=12)),
        "categories": [{"id": 1, "name": "cup"}, {"id": 2, "name": "spoon"}],
        "info": {"a": [{}, "]"]},
    }
    captions = {"annotations": data.draw(st.lists(text, max_size=6)), "images": images}
    with tempfile.TemporaryDirectory() as place:
        for name, content in (("instances", instances), ("captions", captions)):
            path = Path(place) / "set" / "annotations" / f"{name}_val.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            order = data.draw(st.permutations(list(content)))
            path.write_text(
                json.dumps({key: content[key] for key in order}, indent=data.draw(st.sampled_from([None, 1])))
            )
        out = Folder(f"{place}/raw")
        call = StageCall(Folder(f"{place}/set"), out, params, lambda *_: None, fresh=True, extra={"source": "coco"})
        fetch.run(call)
        with RawFolder(out, read_manifest(out, "raw"), "coco") as raw:
            assert _as_joined(list(source_named("coco").raw_records(raw))) == _plain_join(instances, captions)


_PEAK = """
import sys
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.sources import source_named
from mmgic.sources.raw import RawFolder

folder = Folder(sys.argv[1])
with RawFolder(folder, read_manifest(folder, "raw"), "coco") as raw:
    count = sum(len(record.boxes) for record in source_named("coco").raw_records(raw))
with open("/proc/self/status") as status:  # getrusage would count the parent's memory too, from before the exec
    print(count, next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def _write_large(path: Path, num_images: int) -> int:
    """A file of about 3 KB an image: ten boxes with polygons each, far from their image."""
    path.parent.mkdir(parents=True)
    polygon = json.dumps([[round(i * 1.37, 2) for i in range(30)]])
    with path.open("w") as stream:
        stream.write('{"annotations": [')
        for number in range(num_images * 10):
            image = number * 7919 % num_images
            note = f'"id": {number}, "image_id": {image}, "category_id": 7, "bbox": [1, 2, 10.5, 20], "iscrowd": 0'
            stream.write(f'{", " if number else ""}{{{note}, "segmentation": {polygon}}}')
        images = [{"id": number, "file_name": f"{number:012d}.jpg"} for number in range(num_images)]
        stream.write(f'], "images": {json.dumps(images)}, "categories": {json.dumps([{"id": 7, "name": "cup"}])}}}')
    return path.stat().st_size


def test_memory_does_not_grow_with_the_file(project: Path, tmp_path: Path, params: Params) -> None:
    sizes, peaks = [], []
    for num_images in (2_000, 20_000):
        place = tmp_path / str(num_images)
        sizes.append(_write_large(place / "set" / "annotations" / "instances_val.json", num_images))
        call = StageCall(
            Folder(f"{place}/set"),
            Folder(f"{place}/raw"),
            params,
            lambda *_: None,
            fresh=True,
            extra={"source": "coco"},
        )
        fetch.run(call)
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, f"{place}/raw"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(project)},
        )
        count, peak = map(int, done.stdout.split())
        assert count == num_images * 10
        peaks.append(peak)
    assert sizes[1] > 60_000_000 > 10 * sizes[0] * 0.9
    assert peaks[1] - peaks[0] < 5_000  # KiB, for 54 MB more
