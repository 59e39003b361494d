"""normalize with an exclusion list: what benchmarks have gives no record, nor do its copies; killed anywhere, it goes on."""

import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest
from PIL import Image
from skimage import data

from mmgic.schema.manifests import Manifest, Rejection
from mmgic.schema.records import Record
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.sources.statistics import merged
from tests.stages.crashing import crashing

Call = Callable[..., "CompletedProcess[str]"]
Contents = Callable[[Path], dict[str, str]]
PARAMS = Path(__file__).parents[2] / "params.yaml"
VALUES = [
    "normalize.records_per_shard=4",
    "normalize.max_bad_fraction=0",
    "normalize.duplicates.near_distance=4",
    "normalize.size_mismatch=trust",
]


def jpeg(pixels: np.ndarray, quality: int = 90, scale: float = 1.0) -> bytes:  # type: ignore[type-arg]
    image = Image.fromarray(pixels).convert("RGB")
    stream = io.BytesIO()
    image.resize((int(160 * scale), int(120 * scale))).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def noise(seed: int) -> np.ndarray:  # type: ignore[type-arg]
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((160, 120), Image.Resampling.BICUBIC))


def native(place: Path, folder: str, pictures: Sequence[tuple[int, bytes]]) -> None:
    """A part of a set in COCO's layout, each picture with two boxes."""
    (place / folder).mkdir(parents=True)
    (place / "annotations").mkdir(exist_ok=True)
    for number, picture in pictures:
        (place / folder / f"{number:012d}.jpg").write_bytes(picture)
    images = [{"id": n, "file_name": f"{n:012d}.jpg", "width": 160, "height": 120} for n, _ in pictures]
    notes = [{"image_id": n, "category_id": 1, "bbox": [20, y, 50, 40]} for n, _ in pictures for y in (20, 70)]
    content = {"images": images, "annotations": notes, "categories": [{"id": 1, "name": "thing"}]}
    (place / "annotations" / f"instances_{folder}.json").write_text(json.dumps(content))


@pytest.fixture(scope="module")
def raw(call: Call, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve pictures in train and four in val; some are copies of others."""
    place = tmp_path_factory.mktemp("set")
    coffee, cat, rocket = data.coffee(), data.chelsea(), data.rocket()
    train = [(n, jpeg(noise(n))) for n in range(2, 8)]
    train += [
        (1, jpeg(noise(3))),  # the bytes of 3
        (8, jpeg(coffee)),
        (9, jpeg(noise(4), quality=50)),  # near 4
        (10, jpeg(coffee, quality=40)),  # near 8
        (11, jpeg(cat)),
        (12, jpeg(noise(3), quality=50)),  # near 3
    ]
    val = [(21, jpeg(rocket)), (22, jpeg(coffee)), (23, jpeg(noise(23))), (24, jpeg(rocket, quality=50))]
    native(place / "native", "train2017", train)
    native(place / "native", "val2017", val)
    words = ["--source", "coco", "--in", place / "native", "--out", place / "raw", "--params", PARAMS]
    done = call("fetch", *words)
    assert done.returncode == 0, done.stderr
    return place / "raw"


@pytest.fixture(scope="module")
def normalized(call: Call, raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def made(*values: str, workers: int = 1, code: int = 0) -> Path:
        out = tmp_path_factory.mktemp("out") / "records"
        settings = [word for value in (*VALUES, *values) for word in ("--set", value)]
        done = call("normalize", "--in", raw, "--out", out, "--params", PARAMS, "--workers", workers, *settings)
        assert done.returncode == code, done.stderr
        out.parent.joinpath("talk").write_text(done.stderr)
        return out

    return made


def rejections(out: Path) -> list[tuple[str, str, str]]:
    lines = (out / "rejected.jsonl").read_bytes().splitlines()
    found = [msgspec.json.decode(line, type=Rejection) for line in lines]
    return [
        (each.key.removeprefix("coco-000000"), each.cause, each.detail.removeprefix("coco-000000")) for each in found
    ]


def manifest(out: Path) -> Manifest:
    return read_manifest(Folder(str(out)), "records")


def all_records(out: Path) -> list[Record]:
    shards = manifest(out).shards
    return [record for shard in shards for record, _ in read_record_shard(Folder(str(out)), shard)]


def numbers(out: Path) -> list[int]:
    return sorted(int(record.ids["coco"]) for record in all_records(out))


@pytest.fixture(scope="module")
def benchmarks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """POPE asks about picture 3, VizWiz has a small picture of the rocket, a folder of another name the bytes of 4."""
    place = tmp_path_factory.mktemp("benchmarks")
    files = {
        "pope/coco_pope_random.json": json.dumps({"image": "COCO_val2014_000000000003.jpg"}).encode(),
        "vizwiz/val/VizWiz_val_00000000.jpg": jpeg(data.rocket(), quality=60, scale=0.7),
        "extra/4.jpg": jpeg(noise(4)),
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


@pytest.fixture(scope="module")
def exclusions(call: Call, benchmarks: Path) -> Path:
    out = benchmarks.parent / "exclusions"
    done = call("decontaminate", "--benchmarks", benchmarks, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def records(normalized: Callable[..., Path], exclusions: Path) -> Path:
    return normalized(f"normalize.exclusions={exclusions}")


def in_benchmarks(out: Path) -> dict[str, str]:
    return {key: detail for key, cause, detail in rejections(out) if cause == "in_benchmark"}


def test_pictures_of_benchmarks_and_their_copies_give_no_records(records: Path) -> None:
    assert in_benchmarks(records) == {
        "000001": "pope by exact, as coco-000000000003",
        "000003": "pope by id",
        "000004": "extra by exact",
        "000009": "extra by near",
        "000012": "pope by near, as coco-000000000003, distance 0",
        "000021": "vizwiz by near",
        "000024": "vizwiz by near",
    }
    assert [each for each in rejections(records) if each[1] != "in_benchmark"] == [
        ("000008", "duplicate_exact", "000022 in val-00000.tar"),
        ("000010", "duplicate_near", "000022 in val-00000.tar, distance 0"),
    ]
    assert numbers(records) == [2, 5, 6, 7, 11, 22, 23]


def test_counts_add_up_for_all_and_for_every_shard(records: Path) -> None:
    counts = manifest(records).counts
    assert (counts["pictures"], counts["records"], counts["rejected"]) == (16, 7, 9)
    assert (counts["rejected.in_benchmark"], counts["rejected.duplicate_exact"]) == (7, 1)
    assert (counts["boxes"], counts["dropped.record_rejected"], counts["regions"]) == (32, 18, 14)
    stats = [msgspec.json.decode(path.read_bytes(), type=RecordStats) for path in sorted((records / "stats").iterdir())]
    for each in stats:
        assert each.counts["pictures"] == each.counts.get("records", 0) + each.counts.get("rejected", 0)
        assert each.counts["boxes"] == each.counts.get("regions", 0) + each.counts.get("dropped.record_rejected", 0)
    assert merged(stats) == msgspec.json.decode((records / "stats.json").read_bytes(), type=RecordStats)
    assert merged(stats).sources["coco"].rejected["in_benchmark"] == 7


def test_the_report_says_which_benchmark_cost_which_source_what(records: Path) -> None:
    report = json.loads((records / "decontamination.json").read_bytes())
    assert report["pictures"] == 7
    assert [tuple(line.values()) for line in report["dropped"]] == [
        ("extra", "coco", "exact", 1),
        ("extra", "coco", "near", 1),
        ("pope", "coco", "exact", 1),
        ("pope", "coco", "id", 1),
        ("pope", "coco", "near", 1),
        ("vizwiz", "coco", "near", 2),
    ]
    talk = records.parent.joinpath("talk").read_text()
    assert "normalize: shards looked through for duplicates 0 of 4" in talk
    assert "7 pictures dropped that benchmarks have (decontamination.json)" in talk
    assert f"  {'pope, coco, by id':<34} {1:>14}" in talk


def test_without_a_list_there_is_no_report(normalized: Callable[..., Path]) -> None:
    out = normalized()
    assert not (out / "decontamination.json").exists()
    assert numbers(out) == [1, 2, 4, 5, 6, 7, 11, 21, 22, 23]


def test_hashes_are_compared_only_as_far_as_asked(normalized: Callable[..., Path], exclusions: Path) -> None:
    values = [f"normalize.exclusions={exclusions}", "normalize.duplicates.near_distance=-1"]
    off = normalized(*values, "normalize.duplicates.exclusion_distance=-1")
    assert set(in_benchmarks(off)) == {"000001", "000003", "000004"}
    assert {record.perceptual_hash for record in all_records(off)} == {""}
    on = normalized(*values)
    assert set(in_benchmarks(on)) == {"000001", "000003", "000004", "000009", "000021", "000024"}
    assert {len(record.perceptual_hash) for record in all_records(on)} == {16}


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_no_byte(
    normalized: Callable[..., Path], records: Path, exclusions: Path, contents: Contents, workers: int
) -> None:
    assert contents(normalized(f"normalize.exclusions={exclusions}", workers=workers)) == contents(records)


def test_the_list_is_an_input_of_the_records(
    call: Call, normalized: Callable[..., Path], exclusions: Path, benchmarks: Path, raw: Path, tmp_path: Path
) -> None:
    shutil.copytree(exclusions, tmp_path / "list")
    out = normalized(f"normalize.exclusions={tmp_path / 'list'}")
    found = manifest(out).inputs["exclusions"]
    assert (out / found.path).resolve() == (tmp_path / "list").resolve()
    (tmp_path / "benchmarks" / "more").mkdir(parents=True)
    (tmp_path / "benchmarks" / "more" / "1.jpg").write_bytes(jpeg(noise(5)))
    call("decontaminate", "--benchmarks", tmp_path / "benchmarks", "--out", tmp_path / "list")
    values = [*VALUES, f"normalize.exclusions={tmp_path / 'list'}"]
    words = ["--in", raw, "--out", out, "--params", PARAMS, *(word for v in values for word in ("--set", v))]
    again = call("normalize", *words)
    assert again.returncode == 2
    assert "output folder holds another run: its exclusions are" in again.stderr


def test_without_the_list_the_run_ends_with_the_command_to_make_it(call: Call, raw: Path, tmp_path: Path) -> None:
    words = ["--in", raw, "--out", tmp_path / "out", "--params", PARAMS, "--set", "normalize.exclusions=nowhere"]
    done = call("normalize", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert "error: no exclusion list in `nowhere`\n  at normalize.exclusions\n" in done.stderr
    assert "hint: mmgic decontaminate --benchmarks DIR --out nowhere" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_killed_at_every_step_it_goes_on_to_the_same_bytes(
    raw: Path, exclusions: Path, normalized: Callable[..., Path], contents: Contents, tmp_path: Path
) -> None:
    expected = contents(normalized(f"normalize.exclusions={exclusions}"))
    out = tmp_path / "records"
    values = [*VALUES, f"normalize.exclusions={exclusions}"]
    settings = [word for value in values for word in ("--set", value)]
    words = ["normalize", "--in", raw, "--out", out, "--params", PARAMS, "--workers", 1, *settings]
    step, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        step += 1 if 34 <= step < 52 else 6 if step < 70 else 15  # shards that are written again, and moves
        code = subprocess.run([*crashing(step), *map(str, words)], stderr=subprocess.DEVNULL, timeout=300).returncode
        assert step < 200
        done = subprocess.run(
            [sys.executable, "-c", "from mmgic.cli.main import main; main()", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        assert contents(out) == expected
        assert [path.name for path in tmp_path.iterdir()] == ["records"]
        shutil.rmtree(out)
    assert (code, step > 35) == (0, True)
