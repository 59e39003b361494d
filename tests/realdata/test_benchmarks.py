"""Exclusion lists from the real files of the benchmarks, and what they cost 101 COCO photos."""

import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest
from PIL import Image

from mmgic.duplicates.builder import Built, build_exclusions
from mmgic.schema.manifests import Rejection
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest

pytestmark = pytest.mark.realdata
Mmgic = Callable[..., "CompletedProcess[str]"]
POPE_MINI = ["COCO_val2014_000000003845.jpg", "COCO_val2014_000000007795.jpg", "COCO_val2014_000000580294.jpg"]


@pytest.fixture(scope="module")
def mmgic(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Mmgic:
    """Calls `mmgic` as a user types it, in a folder of its own."""
    place = tmp_path_factory.mktemp("cwd")

    def called(name: str, *words: object) -> "CompletedProcess[str]":
        params = [] if name == "decontaminate" else ["--params", project / "params.yaml"]
        line = [sys.executable, "-c", "from mmgic.cli.main import main; main()", name, *words, *params]
        done = subprocess.run(
            [str(word) for word in line],
            cwd=place,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(project), "NO_COLOR": "1"},
        )
        assert done.returncode == 0, done.stderr
        return done

    return called


@pytest.fixture(scope="module")
def built(real_data: Path) -> Built:
    return build_exclusions(Folder(str(real_data / "benchmarks")), threads=1, progress=lambda *_: None)


@pytest.fixture(scope="module")
def exclusions(mmgic: Mmgic, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exclusions") / "exclusions"
    mmgic("decontaminate", "--benchmarks", real_data / "benchmarks", "--out", out)
    return out


def test_every_benchmark_has_its_ids_and_pictures(built: Built) -> None:
    assert built.table() == {
        "coco-caption": {"id": 5000, "exact": 0, "near": 0},  # Karpathy's test
        "gqa": {"id": 398 + 100, "exact": 0, "near": 0},  # testdev-balanced, and 100 scene graphs
        "mmbench": {"id": 0, "exact": 10, "near": 10},
        "mme": {"id": 110, "exact": 10, "near": 10},  # of 12 files two pairs are equal
        "nocaps": {"id": 4500, "exact": 0, "near": 0},
        "pope": {"id": 500, "exact": 3, "near": 3},
        "vqav2": {"id": 19, "exact": 0, "near": 0},  # of 100 answers
    }
    assert built.counts["pictures"] == 25
    assert built.counts["files_left_out_as_train"] == 1  # VQAv2's train answers


def test_what_the_files_here_lack_is_named(built: Built) -> None:
    assert sorted({line.partition(":")[0] for line in built.missing}) == [
        "coco-caption",
        "coco-text-to-image",
        "gqa",
        "nocaps",
        "scienceqa",
        "seed-bench",
        "vist",
        "vizwiz",
        "vqav2",
    ]
    assert "nocaps: no ids of test: get nocaps_test_image_info.json" in built.missing
    assert "seed-bench: no ids of questions: get SEED-Bench.json" in built.missing


def test_the_questions_of_pope_and_karpathys_test_share_pictures(built: Built) -> None:
    ids = {
        name: {line.value for line in built.exclusions if (line.benchmark, line.way) == (name, "id")}
        for name in ("pope", "coco-caption", "mme")
    }
    assert len(ids["pope"] & ids["coco-caption"]) == 63
    assert len(ids["mme"] & ids["coco-caption"]) == 13
    assert len(ids["mme"] & ids["pope"]) == 3


def rejections(out: Path) -> dict[str, str]:
    lines = (out / "rejected.jsonl").read_bytes().splitlines()
    found = [msgspec.json.decode(line, type=Rejection) for line in lines]
    return {each.key: each.detail for each in found if each.cause == "in_benchmark"}


def test_seven_of_101_coco_photos_are_in_benchmarks(
    mmgic: Mmgic, real_data: Path, exclusions: Path, tmp_path: Path
) -> None:
    mmgic("fetch", "--source", "coco", "--in", real_data / "coco-photos", "--out", tmp_path / "raw")
    values = ["--set", f"normalize.exclusions={exclusions}", "--set", "normalize.duplicates.near_distance=4"]
    done = mmgic("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", *values)
    by_id = Counter(rejections(tmp_path / "records").values())
    assert by_id == {"coco-caption by id": 6, "mme by id": 1}
    counts = read_manifest(Folder(str(tmp_path / "records")), "records").counts
    assert (counts["pictures"], counts["records"], counts["rejected"]) == (101, 94, 7)
    dropped = sum(count for name, count in counts.items() if name.startswith("dropped."))
    assert counts["boxes"] == counts["regions"] + dropped == 1000
    assert "7 pictures dropped that benchmarks have (decontamination.json)" in done.stderr


def _set(place: Path, pictures: dict[str, bytes]) -> None:
    (place / "train2017").mkdir(parents=True)
    (place / "annotations").mkdir()
    images = []
    for number, (name, content) in enumerate(pictures.items()):
        (place / "train2017" / name).write_bytes(content)
        with Image.open(io.BytesIO(content)) as image:
            images.append({"id": number, "file_name": name, "width": image.width, "height": image.height})
    text = json.dumps({"images": images, "annotations": [], "categories": []})
    (place / "annotations" / "instances_train2017.json").write_text(text)


def _changed(content: bytes, side: float, format: str, **options: int) -> bytes:
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        small = image.convert("RGB").resize((int(image.width * side), int(image.height * side)))
        small.save(stream, format, **options)
    return stream.getvalue()


def test_photos_of_pope_and_mme_are_found_without_their_names(
    mmgic: Mmgic, real_data: Path, exclusions: Path, tmp_path: Path
) -> None:
    """As they are, compressed again, at half the size, and in another format."""
    pope = [(real_data / "benchmarks" / "pope-mini" / "val2014" / name).read_bytes() for name in POPE_MINI]
    mme = sorted((real_data / "benchmarks" / "mme-mini" / "color").glob("*.jpg"))
    photos = {f"pope-{number}": content for number, content in enumerate(pope)}
    photos |= {f"mme-{number}": path.read_bytes() for number, path in enumerate(mme)}
    pictures = {f"{name}-same.jpg": content for name, content in photos.items()}
    pictures |= {f"{name}-q40.jpg": _changed(content, 1, "JPEG", quality=40) for name, content in photos.items()}
    pictures |= {f"{name}-half.jpg": _changed(content, 0.5, "JPEG") for name, content in photos.items()}
    pictures |= {f"{name}-png.png": _changed(content, 0.3, "PNG") for name, content in photos.items()}
    other = sorted((real_data / "coco-photos" / "train2017").glob("*.jpg"))[:10]
    pictures |= {f"other-{number}.jpg": path.read_bytes() for number, path in enumerate(other)}
    _set(tmp_path / "set", pictures)
    mmgic("fetch", "--source", "coco", "--in", tmp_path / "set", "--out", tmp_path / "raw")
    values = ["--set", f"normalize.exclusions={exclusions}"]
    mmgic("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", *values)
    found = rejections(tmp_path / "records")
    assert len(found) == 4 * 7
    for key, detail in found.items():
        benchmark = key.split("-")[1]
        assert detail == f"{benchmark} by {'exact' if key.endswith('-same') else 'near'}", key
    report = json.loads((tmp_path / "records" / "decontamination.json").read_bytes())
    assert [tuple(line.values()) for line in report["dropped"]] == [
        ("mme", "coco", "exact", 4),
        ("mme", "coco", "near", 12),
        ("pope", "coco", "exact", 3),
        ("pope", "coco", "near", 9),
    ]
