"""fetch: local sets with a ledger of every file, built-in sets, limits, plans, and calls that make no sense."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest
from blake3 import blake3
from PIL import Image

from mmgic.schema.manifests import LedgerLine
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.sources import SOURCES

_SOURCES = ", ".join(SOURCES)
_LOCAL = ", ".join(name for name, source in SOURCES.items() if source.is_local)

Call = Callable[..., "CompletedProcess[str]"]
PARAMS = Path(__file__).parents[2] / "params.yaml"
LOCAL = [name for name, source in SOURCES.items() if source.is_local]


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of six pictures in COCO's layout, with captions, a box each, and licences."""
    place = tmp_path_factory.mktemp("coco")
    (place / "annotations").mkdir()
    for split, numbers in (("train2017", range(4)), ("val2017", range(4, 6))):
        (place / split).mkdir()
        images = [{"id": i, "file_name": f"{i:06}.jpg", "width": 60, "height": 40, "license": 1} for i in numbers]
        for i in numbers:
            Image.new("RGB", (60, 40), (40 * i, 90, 20)).save(place / split / f"{i:06}.jpg")
        notes = [{"image_id": i, "category_id": 1, "bbox": [5, 5, 30, 30], "iscrowd": 0} for i in numbers]
        common = {"images": images, "licenses": [{"id": 1, "url": "http://l"}]}
        content = {**common, "annotations": notes, "categories": [{"id": 1, "name": "patch"}]}
        (place / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
        captions = [{"image_id": i, "caption": f"Patch {i}."} for i in numbers]
        (place / "annotations" / f"captions_{split}.json").write_text(json.dumps({**common, "annotations": captions}))
    return place


def test_every_file_is_in_the_ledger_with_its_hash_and_licence(call: Call, coco: Path, tmp_path: Path) -> None:
    done = call(
        "fetch",
        "--source",
        "coco",
        "--in",
        coco,
        "--out",
        tmp_path / "raw",
        "--params",
        PARAMS,
        "--json",
        "-q",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert msgspec.json.decode(done.stdout)["metrics"] == {"files.coco": 4, "pictures.coco": 6}
    raw = Folder(str(tmp_path / "raw"))
    (entry,) = read_manifest(raw, "raw").shards
    lines = list(read_lines(raw, entry, LedgerLine))
    assert (entry.name, entry.count, len(lines)) == ("coco/ledger.jsonl.zst", 10, 10)
    for line in lines:
        data = raw.stretch(line.shard or line.path, line.offset, line.num_bytes)
        assert data == (coco / line.path.removeprefix("coco/")).read_bytes()
        assert (line.num_bytes, line.blake3) == (len(data), blake3(data).hexdigest())
        assert line.license == ("http://l" if line.path.endswith(".jpg") else "")
    files = {name for name, _ in (raw / "coco").walk()}
    assert files == {line.path.removeprefix("coco/") for line in lines if not line.shard} | {
        "pictures-00000.tar",
        "ledger.jsonl.zst",
    }


def test_the_same_limit_in_each_stage_loses_nothing(call: Call, coco: Path, tmp_path: Path) -> None:
    common = ["--params", PARAMS, "--limit", "1", "-q", "--json"]
    call("fetch", "--source", "coco", "--in", coco, "--out", tmp_path / "raw", *common)
    assert read_manifest(Folder(str(tmp_path / "raw")), "raw").counts == {"files.coco": 4, "pictures.coco": 2}
    done = call("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", *common)
    assert done.returncode == 0, done.stderr
    metrics = msgspec.json.decode(done.stdout)["metrics"]
    assert (metrics["pictures"], metrics["records"], metrics.get("rejected", 0)) == (2, 2, 0)


def test_a_plan_counts_files_and_bytes_and_writes_nothing(call: Call, coco: Path, tmp_path: Path) -> None:
    done = call(
        "fetch",
        "--source",
        "coco",
        "--in",
        coco,
        "--out",
        tmp_path / "raw",
        "--params",
        PARAMS,
        "--dry-run",
        "--json",
    )
    num_bytes = sum(path.stat().st_size for path in coco.rglob("*.json"))
    assert msgspec.json.decode(done.stdout) == {
        "reads": str(coco),
        "writes": str(tmp_path / "raw"),
        "counts": {"files.coco": 4, "pictures.coco": 6},
        "bytes": num_bytes,
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (
            ["--source", "folder"],
            2,
            "error: source folder is taken from a local folder\n  at --in\n"
            "hint: --source folder --in DIR, or params fetch.origins: {{folder: DIR}}\n",
        ),
        (
            ["--source", "cocoo"],
            2,
            f"error: no source `cocoo`\n  at --source\nhint: did you mean `coco`? one of: {_SOURCES}\n",
        ),
        (
            ["--in", "{place}"],
            2,
            f"error: --in needs --source\nhint: one of: {_LOCAL}\n",
        ),
        (
            ["--source", "scenes", "--in", "{place}"],
            2,
            "error: source scenes makes its own files and takes no --in\n  at --in\n",
        ),
        (["--source", "coco", "--in", "{place}/gone"], 3, "error: no such folder\n  at {place}/gone\n"),
        (
            ["--source", "coco", "--in", "{place}/val2017"],
            3,
            "error: no annotation files of this source\n  at {place}/val2017\nhint: --in takes the folder above annotations/",
        ),
        (
            ["--source", "folder", "--in", "{place}"],
            3,
            "error: no captions.jsonl or captions.tsv or captions.csv or captions.parquet\n  at {place}\n",
        ),
    ],
)
def test_calls_that_make_no_sense(
    call: Call, coco: Path, tmp_path: Path, words: list[str], code: int, text: str
) -> None:
    done = call("fetch", *[word.format(place=coco) for word in words], "--out", tmp_path / "raw", "--params", PARAMS)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(text.format(place=coco))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_captions_goes_all_the_way_to_records(call: Call, coco: Path, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.jpg").write_bytes((coco / "val2017" / "000004.jpg").read_bytes())
    (tmp_path / "set" / "captions.tsv").write_text("a.jpg\tA patch.\n")
    assert (
        call(
            "fetch",
            "--source",
            "folder",
            "--in",
            tmp_path / "set",
            "--out",
            tmp_path / "raw",
            "--params",
            PARAMS,
        ).returncode
        == 0
    )
    done = call(
        "normalize",
        "--in",
        tmp_path / "raw",
        "--out",
        tmp_path / "records",
        "--params",
        PARAMS,
        "--json",
        "-q",
    )
    assert msgspec.json.decode(done.stdout)["metrics"] == {
        "boxes": 0,
        "captions": 1,
        "described_labels": 0,
        "labels": 0,
        "pictures": 1,
        "records": 1,
        "regions": 0,
    }
