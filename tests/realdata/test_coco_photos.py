"""The data stages by hand on 101 COCO photos: all counts add up, every row gives its documents back."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmgic.geometry import NOTATIONS, boxes_from_text, clip_boxes, norm_from_px, notation, smart_resize
from mmgic.images import decode
from mmgic.packing import pack
from mmgic.schema.documents import Document, ImagePart, TextPart
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.shards.rows import RowReader
from mmgic.template.boxes import text_of_boxes
from mmgic.vocab.encode import documents_from_sequence
from mmgic.vocab.joint import load_vocabulary

pytestmark = pytest.mark.realdata

SPLITS = {"train": "train2017", "val": "val2017"}


@pytest.fixture(scope="module")
def photos(real_data: Path) -> Path:
    return real_data / "coco-photos"


@pytest.fixture(scope="module")
def made(photos: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four data stages, as a user types them."""
    place = tmp_path_factory.mktemp("coco")
    calls = [
        "fetch --source coco --in {photos} --out raw",
        "normalize --in raw --out records --set normalize.regions.min_side_px=32",
        "template --in records --out documents --set template.recipe=CLDR",
        "tokenize --in documents --out sequences --set tokenize.visual.num_codes=128 --set tokenize.row_length=1024",
    ]
    for words in calls:
        line = [word.format(photos=photos) for word in words.split()]
        words_of_mmgic = [
            sys.executable,
            "-c",
            "from mmgic.cli.main import main; main()",
            *line,
            "--params",
            str(project / "params.yaml"),
        ]
        done = subprocess.run(
            words_of_mmgic,
            cwd=place,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(project)},
        )
        assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def records(made: Path) -> dict[str, tuple[Record, bytes]]:
    folder = Folder(str(made / "records"))
    shards = read_manifest(folder, "records").shards
    return {record.key: (record, data) for shard in shards for record, data in read_record_shard(folder, shard)}


def _native(photos: Path, what: str) -> list[dict[str, Any]]:
    files = [photos / "annotations" / f"{what}_{folder}.json" for folder in SPLITS.values()]
    return [json.loads(path.read_text()) for path in files]


def test_all_counts_add_up(made: Path, photos: Path) -> None:
    counts = read_manifest(Folder(str(made / "records")), "records").counts
    dropped = {key.removeprefix("dropped."): count for key, count in counts.items() if key.startswith("dropped.")}
    assert (counts["pictures"], counts["records"], counts["boxes"], counts["captions"]) == (
        101,
        101,
        1000,
        505,
    )
    assert counts["regions"] + sum(dropped.values()) == 1000
    assert counts["regions"] > 300
    notes = [note for content in _native(photos, "instances") for note in content["annotations"]]
    assert dropped["crowd"] <= sum(note["iscrowd"] for note in notes)
    assert set(dropped) >= {"crowd", "outside_main_crop", "too_small_px", "over_label_limit"}
    assert (made / "records" / "rejected.jsonl").read_bytes() == b""


def test_the_ledger_has_every_photo_with_its_licence(made: Path, photos: Path) -> None:
    raw = Folder(str(made / "raw"))
    (ledger,) = read_manifest(raw, "raw").shards
    lines = list(read_lines(raw, ledger, LedgerLine))
    pictures = [line for line in lines if line.path.endswith(".jpg")]
    assert (len(pictures), len(lines)) == (101, 105)
    assert all(line.license.startswith("http://creativecommons.org/") for line in pictures)


def test_bytes_captions_and_boxes_are_the_natives(records: dict[str, tuple[Record, bytes]], photos: Path) -> None:
    for content, captions, (split, folder) in zip(
        _native(photos, "instances"), _native(photos, "captions"), SPLITS.items(), strict=True
    ):
        names = {category["id"]: category["name"] for category in content["categories"]}
        for image in content["images"]:
            record, data = records[f"coco-{image['file_name'].removesuffix('.jpg')}"]
            assert data == (photos / folder / image["file_name"]).read_bytes()
            assert (record.split, record.width_px, record.height_px) == (
                split,
                image["width"],
                image["height"],
            )
            assert [caption.text for caption in record.captions] == [
                " ".join(n["caption"].split()) for n in captions["annotations"] if n["image_id"] == image["id"]
            ]
            notes = [note for note in content["annotations"] if note["image_id"] == image["id"]]
            assert len(notes) == len(record.regions) + len(record.dropped_boxes)
            native = np.array([note["bbox"] for note in notes], dtype=float).reshape(-1, 4)
            native[:, 2:] += native[:, :2]
            crop = np.array(record.crop_xyxy_px)
            inside = np.clip(native, np.tile(crop[:2], 2), np.tile(crop[2:], 2))
            labels = {label.id: label.name for label in record.labels}
            for region in record.regions:
                (number,) = np.flatnonzero(np.abs(inside - region.box_xyxy_px).max(axis=1) < 1e-9)[:1]
                assert labels[region.label_id] == names[notes[number]["category_id"]]
                x1, y1, x2, y2 = region.box_xyxy_px
                assert max(x2 - x1, y2 - y1) >= 32 and not notes[number]["iscrowd"]


def test_every_picture_decodes_to_the_size_of_its_record(records: dict[str, tuple[Record, bytes]]) -> None:
    for (record, _), picture in zip(records.values(), decode([data for _, data in records.values()]), strict=True):
        assert picture.pixels.shape == (record.height_px, record.width_px, 3), record.key
        boxes = np.array([region.crop_xyxy_px for region in record.regions]).reshape(-1, 4)
        assert np.array_equal(clip_boxes(boxes, record.width_px, record.height_px), boxes)


def test_every_row_gives_its_documents_back(made: Path, records: dict[str, tuple[Record, bytes]]) -> None:
    folder, of_documents = Folder(str(made / "sequences")), Folder(str(made / "documents"))
    shards = read_manifest(of_documents, "documents").shards
    documents = {document.key: document for shard in shards for document in read_lines(of_documents, shard, Document)}
    vocabulary = load_vocabulary(folder / "vocabulary")
    manifest = read_manifest(folder, "sequences")
    assert (set(documents), manifest.counts["tokens_lost"]) == (set(records), 0)
    decoded: dict[str, int] = {}
    for row in RowReader(folder, manifest.shards, verify=True):
        for key, parts in documents_from_sequence(row, vocabulary):
            decoded[key] = len(parts)
            for part, original in zip(parts, documents[key].parts, strict=True):
                assert part.concept == original.concept
                if isinstance(original, TextPart):
                    assert part == original
                else:
                    assert isinstance(original, ImagePart) and len(part.codes) == vocabulary.visual.grid**2  # type: ignore[union-attr]
    assert set(decoded) == set(documents)


@pytest.mark.parametrize("name", NOTATIONS)
def test_boxes_of_all_regions_are_read_back_from_every_notation(
    records: dict[str, tuple[Record, bytes]], name: str
) -> None:
    shown = [record for record, _ in records.values() if record.regions]
    texts = [text_of_boxes(record, notation(name)) for record in shown]
    sizes = np.array([np.subtract(record.crop_xyxy_px[2:], record.crop_xyxy_px[:2]) for record in shown]).astype(int)
    found = boxes_from_text(texts, name, sizes_px=sizes)
    names = [{label.id: label.name for label in record.labels} for record in shown]
    regions = [(number, region) for number, record in enumerate(shown) for region in record.regions]
    assert found.labels == [names[number][region.label_id] for number, region in regions]
    assert found.text_index.tolist() == [number for number, _ in regions]
    assert set(found.status.tolist()) == {0}
    written = np.concatenate(
        [
            norm_from_px(np.array([region.box_xyxy_px for region in record.regions]), np.array(record.crop_xyxy_px))
            for record in shown
        ]
    )
    scale = [smart_resize(int(width), int(height))[0] for width, height in sizes]
    side = np.array(scale)[found.text_index][:, None] if NOTATIONS[name].rule == "pixels" else 1
    assert (np.abs(found.boxes_xyxy_norm - written) * side).max() <= NOTATIONS[name].bound + 1e-9


@pytest.mark.parametrize("row_length", [1024, 2048, 4096])
def test_rows_of_real_documents_are_close_to_the_fewest(made: Path, row_length: int) -> None:
    folder = Folder(str(made / "sequences"))
    lengths = np.array(
        [n for row in RowReader(folder, read_manifest(folder, "sequences").shards, verify=False) for n in row.lengths]
    )
    report = pack(lengths, row_length, seed=1).report
    assert (report.documents, report.tokens, report.dropped) == (101, lengths.sum(), 0)
    assert report.rows <= report.lower_bound + 1
