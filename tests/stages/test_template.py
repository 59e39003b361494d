"""template: shard by shard beside the records, every recipe, limits, plans, and records without captions."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import pytest

from mmgic.schema.documents import Document
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard

Call = Callable[..., "CompletedProcess[str]"]
PARAMS = Path(__file__).parents[2] / "params.yaml"


def test_document_shard_i_is_made_from_record_shard_i_in_its_order(unbroken: Path) -> None:
    documents, records = Folder(str(unbroken / "documents")), Folder(str(unbroken / "records"))
    made, source = read_manifest(documents, "documents"), read_manifest(records, "records")
    assert [shard.name for shard in made.shards] == [
        shard.name.replace(".tar", ".jsonl.zst") for shard in source.shards
    ]
    for of_documents, of_records in zip(made.shards, source.shards, strict=True):
        keys = [record.key for record, _ in read_record_shard(records, of_records)]
        assert [document.key for document in read_lines(documents, of_documents, Document)] == keys


@pytest.mark.parametrize(
    ("recipe", "concepts"),
    [("C", {"caption", "image", "template"}), ("CL", {"caption", "image", "label", "template"})],
)
def test_a_recipe_holds_its_concepts_alone(
    call: Call, unbroken: Path, tmp_path: Path, recipe: str, concepts: set[str]
) -> None:
    words = [
        "--in",
        unbroken / "records",
        "--out",
        tmp_path / "out",
        "--params",
        PARAMS,
        "--set",
        f"template.recipe={recipe}",
    ]
    done = call("template", *words, "--json", "-q")
    metrics = msgspec.json.decode(done.stdout)["metrics"]
    assert {key.removeprefix("parts.") for key in metrics if key.startswith("parts.")} == concepts
    assert metrics["documents"] == metrics["records"]


def test_a_limit_takes_so_many_of_each_split(call: Call, unbroken: Path, tmp_path: Path) -> None:
    words = ["--in", unbroken / "records", "--out", tmp_path / "out", "--params", PARAMS, "--limit", "11"]
    plan = call("template", *words, "--dry-run", "--json")
    assert msgspec.json.decode(plan.stdout)["counts"] == {"records": 11 + 9}, "the held-out split has nine records"
    assert list(tmp_path.iterdir()) == []
    assert call("template", *words).returncode == 0
    manifest = read_manifest(Folder(str(tmp_path / "out")), "documents")
    assert [(shard.split, shard.count) for shard in manifest.shards] == [
        ("train", 8),
        ("train", 3),
        ("val", 8),
        ("val", 1),
    ]


def test_records_without_captions_are_rejected_and_bounded(call: Call, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "set").mkdir()
    for number, name in enumerate("abcd"):
        Image.new("RGB", (40, 40), (9, 9, 99 + number)).save(tmp_path / "set" / f"{name}.png")
    lines = [
        f'{{"file": "{name}.png", "caption": "{text}"}}'
        for name, text in zip("abcd", ("A.", "B.", "C.", ""), strict=True)
    ]
    (tmp_path / "set" / "captions.jsonl").write_text("\n".join(lines))
    call("fetch", "--source", "folder", "--in", tmp_path / "set", "--out", tmp_path / "raw", "--params", PARAMS)
    call("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", "--params", PARAMS)
    words = ["--in", tmp_path / "records", "--out", tmp_path / "documents", "--params", PARAMS]
    done = call("template", *words)
    assert done.returncode == 6
    assert "error: 1 of 4 were rejected, more than max_bad_fraction 0.01: no_caption 1" in done.stderr
    done = call("template", *words, "--set", "template.max_bad_fraction=0.25", "--json", "-q")
    assert msgspec.json.decode(done.stdout)["metrics"]["rejected.no_caption"] == 1
    assert (
        tmp_path / "documents" / "rejected.jsonl"
    ).read_text() == '{"key":"folder-d-d2b5ae8f39","cause":"no_caption","detail":""}\n'


def test_boxes_in_a_notation_pass_through_to_the_rows(call: Call, unbroken: Path, tmp_path: Path) -> None:
    common = ["--params", PARAMS, "-q"]
    boxes = ["--set", "template.boxes=qwen3-vl"]
    done = call("template", "--in", unbroken / "records", "--out", tmp_path / "documents", *common, *boxes, "--json")
    assert done.returncode == 0, done.stderr
    counts = msgspec.json.decode(done.stdout)["metrics"]
    assert 0 < counts["parts.box"] <= counts["documents"]
    records = ["--records", unbroken / "records", "--cache", tmp_path / "cache"]
    done = call(
        "tokenize", "--in", tmp_path / "documents", "--out", tmp_path / "sequences", *records, *common, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert msgspec.json.decode(done.stdout)["metrics"]["tokens.box"] > 0
    shown = call("inspect", tmp_path / "sequences", "--n", "2", "--split", "train")
    assert 'Boxes:\n[{"bbox_2d": [' in shown.stdout and ", box " in shown.stdout


def test_a_notation_that_is_unknown_is_told_before_anything_is_read(call: Call, unbroken: Path, tmp_path: Path) -> None:
    words = ["--in", unbroken / "records", "--out", tmp_path / "out", "--params", PARAMS]
    done = call("template", *words, "--set", "template.boxes=florence2")
    assert done.returncode == 4
    assert 'error: unknown notation "florence2"\n  at template.boxes\nhint: did you mean florence-2?' in done.stderr
