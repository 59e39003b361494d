"""normalize: counts that add up, pictures kept byte for byte, and broken ones named, counted and bounded."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest
from PIL import Image

from mmgic.schema.manifests import LedgerLine, Manifest, Rejection
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard

Call = Callable[..., "CompletedProcess[str]"]
PARAMS = Path(__file__).parents[2] / "params.yaml"


def _adds_up(counts: dict[str, int]) -> bool:
    dropped = sum(count for key, count in counts.items() if key.startswith("dropped."))
    return counts["boxes"] == counts["regions"] + dropped and counts["pictures"] == counts["records"] + counts.get(
        "rejected", 0
    )


@pytest.fixture(scope="module")
def spoilt(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder of ten pictures: one truncated, one not there, one changed later, one of another size."""
    place = tmp_path_factory.mktemp("spoilt")
    (place / "set" / "annotations").mkdir(parents=True)
    (place / "set" / "train").mkdir()
    for i in range(10):
        Image.effect_noise((60, 40), 60).convert("RGB").save(place / "set" / "train" / f"{i}.jpg")
    broken = place / "set" / "train" / "3.jpg"
    broken.write_bytes(broken.read_bytes()[:500])
    (place / "set" / "train" / "5.jpg").unlink()
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 60 + (i == 8), "height": 40} for i in range(10)]
    notes = [{"image_id": i, "category_id": 1, "bbox": [x, 5, 25, 25]} for i in range(10) for x in (2, 30)]
    content = {"images": images, "annotations": notes, "categories": [{"id": 1, "name": "noise"}]}
    (place / "set" / "annotations" / "instances_train.json").write_text(json.dumps(content))
    assert (
        call("fetch", "--source", "coco", "--in", place / "set", "--out", place / "raw", "--params", PARAMS).returncode
        == 0
    )
    raw = Folder(str(place / "raw"))
    lines = {line.path: line for line in read_lines(raw, read_manifest(raw, "raw").shards[0], LedgerLine)}
    place_of_7 = lines["coco/train/7.jpg"].offset + 100
    with (place / "raw" / "coco" / "pictures-00000.tar").open("r+b") as tar:
        tar.seek(place_of_7)
        tar.write(b"changed")
    return place / "raw"


def test_broken_pictures_are_named_and_counted(call: Call, spoilt: Path, tmp_path: Path) -> None:
    words = [
        "--in",
        spoilt,
        "--out",
        tmp_path / "records",
        "--params",
        PARAMS,
        "--set",
        "normalize.max_bad_fraction=0.4",
    ]
    done = call("normalize", *words, "--json")
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "records" / "rejected.jsonl").read_bytes().splitlines()
    rejections = [msgspec.json.decode(line, type=Rejection) for line in lines]
    assert [(rejection.key, rejection.cause) for rejection in rejections] == [
        ("coco-3", "truncated"),
        ("coco-5", "missing_picture"),
        ("coco-7", "changed_picture"),
        ("coco-8", "size_mismatch"),
    ]
    counts = msgspec.json.decode(done.stdout)["metrics"]
    assert (counts["pictures"], counts["records"], counts["rejected"], counts["dropped.record_rejected"]) == (
        10,
        6,
        4,
        8,
    )
    assert counts["rejected.truncated"] == counts["rejected.changed_picture"] == counts["pictures_with_other_size"] == 1
    assert _adds_up(counts)


def test_past_the_limit_the_stage_stops_and_keeps_the_list(call: Call, spoilt: Path, tmp_path: Path) -> None:
    done = call("normalize", "--in", spoilt, "--out", tmp_path / "records", "--params", PARAMS)
    assert (done.returncode, done.stdout) == (6, "")
    assert (
        "error: 4 of 10 were rejected, more than max_bad_fraction 0.01: changed_picture 1, missing_picture 1"
        in done.stderr
    )
    where = Path(done.stderr.partition("  at ")[2].splitlines()[0])
    assert len(where.read_bytes().splitlines()) == 4
    assert not (tmp_path / "records").exists()


def test_a_column_that_holds_no_splits_is_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    rows = [{"file": f"{i}.jpg", "caption": "One.", "split": f"s{i:04d}"} for i in range(1001)]
    (tmp_path / "set" / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    raw = tmp_path / "raw"
    fetched = call("fetch", "--source", "folder", "--in", tmp_path / "set", "--out", raw, "--params", PARAMS)
    assert fetched.returncode == 0, fetched.stderr
    done = call("normalize", "--in", raw, "--out", tmp_path / "records", "--params", PARAMS)
    assert done.returncode == 3 and "over 1000 splits, as `s" in done.stderr


def _manifest(folder: Path) -> tuple[Folder, Manifest]:
    return Folder(str(folder)), read_manifest(Folder(str(folder)), "records")


def test_counts_add_up_on_photographs_and_scenes(unbroken: Path) -> None:
    folder, manifest = _manifest(unbroken / "records")
    assert _adds_up(manifest.counts)
    records = [record for shard in manifest.shards for record, _ in read_record_shard(folder, shard)]
    assert len(records) == manifest.counts["records"] == sum(shard.count for shard in manifest.shards)
    assert sum(len(record.regions) for record in records) == manifest.counts["regions"]
    assert {record.source for record in records} == {"photos", "scenes"}


def test_splits_are_kept_apart_in_shards_that_fill_up(unbroken: Path) -> None:
    folder, manifest = _manifest(unbroken / "records")
    for split in ("train", "val"):
        shards = [shard for shard in manifest.shards if shard.split == split]
        assert [shard.name for shard in shards] == [f"{split}-{i:05d}.tar" for i in range(len(shards))]
        assert {shard.count for shard in shards[:-1]} <= {8}
        assert all(record.split == split for shard in shards for record, _ in read_record_shard(folder, shard))


def test_shards_are_plain_pairs_of_picture_and_json(unbroken: Path) -> None:
    with tarfile.open(unbroken / "records" / "train-00000.tar") as tar:
        names = tar.getnames()
        for picture, text in zip(names[::2], names[1::2], strict=True):
            assert picture.rpartition(".")[0] == text.removesuffix(".json") and picture.endswith((".jpg", ".png"))
            extracted = tar.extractfile(picture)
            assert extracted is not None
            with Image.open(io.BytesIO(extracted.read())) as image:
                image.verify()


def test_a_plan_counts_images_and_boxes(call: Call, unbroken: Path, tmp_path: Path) -> None:
    done = call(
        "normalize",
        "--in",
        unbroken / "raw",
        "--out",
        tmp_path / "x",
        "--params",
        PARAMS,
        "--dry-run",
        "--json",
    )
    counts = msgspec.json.decode(done.stdout)["counts"]
    _, manifest = _manifest(unbroken / "records")
    assert counts.pop("boxes") == manifest.counts["boxes"]
    assert sum(counts.values()) == manifest.counts["pictures"]
    assert list(tmp_path.iterdir()) == []
