"""normalize drops pictures that it has already: across shards, splits and sources, with counts that add up, killed or not."""

import io
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest
from PIL import Image

from mmgic.schema.manifests import Manifest, Rejection
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from tests.stages.crashing import crashing

Call = Callable[..., "CompletedProcess[str]"]
Contents = Callable[[Path], dict[str, str]]
PARAMS = Path(__file__).parents[2] / "params.yaml"
SETTINGS = [
    "--params",
    PARAMS,
    "--set",
    "normalize.records_per_shard=4",
    "--set",
    "normalize.duplicates.near_distance=4",
]
EXPECTED = [
    ("folder-000000000005", "duplicate_id", "coco-000000000005 in train-00001.tar"),
    ("folder-again", "duplicate_near", "coco-000000000007 in train-00001.tar, distance "),
    ("folder-copy", "duplicate_exact", "coco-000000000003 in train-00000.tar"),
    ("folder-copy2", "duplicate_exact", "coco-000000000003 in train-00000.tar"),
    ("folder-new", "duplicate_exact", "folder-zval-new in val-00000.tar"),  # what is held out loses nothing to training
    ("folder-new2", "duplicate_exact", "folder-zval-new in val-00000.tar"),
]


def _picture(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((96, 72), Image.Resampling.BICUBIC)


def _bytes(image: Image.Image, quality: int = 90) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


@pytest.fixture(scope="module")
def raw(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures with boxes, and nine with captions, of which six show what was there already."""
    place = tmp_path_factory.mktemp("twice")
    coco, folder = place / "coco", place / "folder"
    for part in (coco / "annotations", coco / "train", folder):
        part.mkdir(parents=True)
    for i in range(12):
        (coco / "train" / f"{i:012d}.jpg").write_bytes(_bytes(_picture(i)))
    images = [{"id": i, "file_name": f"{i:012d}.jpg", "width": 96, "height": 72} for i in range(12)]
    notes = [{"image_id": i, "category_id": 1, "bbox": [10, 10, 40, 40]} for i in range(12)]
    content = {"images": images, "annotations": notes, "categories": [{"id": 1, "name": "noise"}]}
    (coco / "annotations" / "instances_train.json").write_text(json.dumps(content))
    pictures = {
        "000000000005.jpg": _bytes(_picture(105)),
        "again.jpg": _bytes(_picture(7).resize((60, 45)), quality=60),
        "copy.jpg": _bytes(_picture(3)),
        "copy2.jpg": _bytes(_picture(3)),
        "new.jpg": _bytes(_picture(200)),
        "new2.jpg": _bytes(_picture(200)),
        "white.jpg": _bytes(Image.new("RGB", (96, 72), "white")),
        "white2.jpg": _bytes(Image.new("RGB", (60, 60), "white")),
        "zval-new.jpg": _bytes(_picture(200)),
        "zval.jpg": _bytes(_picture(201)),
    }
    lines = []
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
        split = "val" if "val" in name else "train"
        lines.append(json.dumps({"file": name, "caption": "Some soft colours.", "split": split}))
    (folder / "captions.jsonl").write_text("\n".join(lines))
    values = ["fetch.sources=[coco, folder]", f"fetch.origins={{coco: {coco}, folder: {folder}}}"]
    words = [word for value in values for word in ("--set", value)]
    done = call("fetch", "--out", place / "raw", "--params", PARAMS, *words)
    assert done.returncode == 0, done.stderr
    return place / "raw"


@pytest.fixture(scope="module")
def cleaned(call: Call, raw: Path) -> Path:
    """The records, by one worker."""
    done = call("normalize", "--in", raw, "--out", raw.parent / "records", *SETTINGS, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return raw.parent / "records"


def _manifest(folder: Path) -> tuple[Folder, Manifest]:
    return Folder(str(folder)), read_manifest(Folder(str(folder)), "records")


def test_the_first_of_the_same_pictures_stays(cleaned: Path) -> None:
    folder, manifest = _manifest(cleaned)
    lines = (cleaned / "rejected.jsonl").read_bytes().splitlines()
    rejections = [msgspec.json.decode(line, type=Rejection) for line in lines]
    for rejection, (key, cause, detail) in zip(rejections, EXPECTED, strict=True):
        assert (rejection.key, rejection.cause) == (key, cause) and rejection.detail.startswith(detail)
    records = [record for shard in manifest.shards for record, _ in read_record_shard(folder, shard)]
    keys = [record.key for record in records]
    assert keys == [
        *(f"coco-{i:012d}" for i in range(12)),
        "folder-white",
        "folder-white2",
        "folder-zval-new",
        "folder-zval",
    ]
    assert [not record.perceptual_hash for record in records] == ["white" in key for key in keys]


@pytest.mark.parametrize("num_records", [1, 5, 100])
def test_how_many_records_a_shard_holds_decides_nothing(
    call: Call, raw: Path, cleaned: Path, tmp_path: Path, num_records: int
) -> None:
    """With few a shard of `val` is full before the last ones of `train`, with many it comes after them."""
    out = tmp_path / "records"
    done = call(
        "normalize", "--in", raw, "--out", out, *SETTINGS, "--set", f"normalize.records_per_shard={num_records}"
    )
    assert done.returncode == 0, done.stderr
    assert _kept(out) == _kept(cleaned)


def _kept(place: Path) -> set[str]:
    folder, manifest = _manifest(place)
    return {record.key for shard in manifest.shards for record, _ in read_record_shard(folder, shard)}


def test_a_shard_that_loses_all_is_left_out(cleaned: Path) -> None:
    _, manifest = _manifest(cleaned)
    kept = ["train-00000.tar", "train-00001.tar", "train-00002.tar", "train-00004.tar", "val-00000.tar"]
    assert [shard.name for shard in manifest.shards] == kept
    assert sorted(path.name for path in cleaned.glob("*.tar")) == kept


def test_counts_add_up_for_all_and_for_each_shard_and_source(cleaned: Path) -> None:
    _, manifest = _manifest(cleaned)
    counts = manifest.counts
    assert (counts["pictures"], counts["records"], counts["rejected"], counts["boxes"]) == (22, 16, 6, 12)
    causes = [counts[f"rejected.duplicate_{cause}"] for cause in ("exact", "id", "near")]
    assert causes == [4, 1, 1]
    assert (counts["captions"], counts["dropped_caption.record_rejected"]) == (4, 6)
    shards = [
        msgspec.json.decode(path.read_bytes(), type=RecordStats) for path in sorted((cleaned / "stats").iterdir())
    ]
    everything = msgspec.json.decode((cleaned / "stats.json").read_bytes(), type=RecordStats)
    for stats in (*shards, everything):
        for source in stats.sources.values():
            of_source = source.counts
            assert of_source["pictures"] == of_source.get("records", 0) + of_source.get("rejected", 0)
            assert sum(source.rejected.values()) == of_source.get("rejected", 0)
    for name, count in everything.counts.items():
        assert count == counts[name] == sum(stats.counts.get(name, 0) for stats in shards)


def test_workers_change_nothing(call: Call, raw: Path, cleaned: Path, contents: Contents, tmp_path: Path) -> None:
    done = call("normalize", "--in", raw, "--out", tmp_path / "records", *SETTINGS, "--workers", 2)
    assert done.returncode == 0, done.stderr
    # The path of the raw folder, as seen from the records, is in the manifest.
    found, expected = contents(tmp_path / "records"), contents(cleaned)
    assert found.pop("manifest.json") and expected.pop("manifest.json")
    assert found == expected
    assert _manifest(tmp_path / "records")[1].shards == _manifest(cleaned)[1].shards


def test_killed_at_any_step_and_run_again(raw: Path, cleaned: Path, contents: Contents) -> None:
    expected = contents(cleaned)
    out = raw.parent / "killed"
    words = ["normalize", "--in", raw, "--out", out, *SETTINGS, "--workers", 1]
    code, step, runs = -signal.SIGKILL, 31, 0
    while code == -signal.SIGKILL:  # each run goes on from what the last one left
        command = [*crashing(step), *map(str, words)]
        code = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=300, cwd=PARAMS.parent).returncode
        runs += 1
        step = 2 + runs
    assert (code, contents(out), runs > 4) == (0, expected, True)
    assert [name for name in os.listdir(raw.parent) if name.startswith(".killed.work-")] == []


def test_with_all_of_it_off_every_record_stays(call: Call, raw: Path, tmp_path: Path) -> None:
    values = [f"normalize.duplicates.{value}" for value in ("exact=false", "by_id=false", "near_distance=-1")]
    off = [word for value in values for word in ("--set", value)]
    done = call("normalize", "--in", raw, "--out", tmp_path / "records", *SETTINGS, *off)
    assert done.returncode == 0, done.stderr
    folder, manifest = _manifest(tmp_path / "records")
    assert (manifest.counts["records"], manifest.counts.get("rejected", 0)) == (22, 0)
    records = [record for shard in manifest.shards for record, _ in read_record_shard(folder, shard)]
    assert {record.perceptual_hash for record in records} == {""}
