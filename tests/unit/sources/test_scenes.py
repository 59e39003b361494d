"""Scenes as files: equal seed, equal bytes; raw records say what was drawn; broken tars are refused."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from mmgic.errors import InputError
from mmgic.schema.params import Params
from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import read_manifest
from mmgic.sources import scenes
from mmgic.sources.raw import RawFolder
from mmgic.sources.scenery import scene


def test_equal_seeds_give_equal_bytes(scratch: Folder, few_scenes: Params) -> None:
    lines = [
        list(scenes.generate(scratch / name, few_scenes.fetch, seed, None))
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert lines[0] == lines[1]
    assert lines[0][0].blake3 != lines[2][0].blake3
    names = [f"{split}-00000{end}" for split in ("train", "val") for end in (".tar", ".jsonl.zst")]
    assert [line.path for line in lines[0]] == names
    assert (scratch / "a").read("train-00000.tar") == (scratch / "b").read("train-00000.tar")


def test_records_say_what_was_drawn(raw_records: Callable[..., Sequence[RawRecord]], few_scenes: Params) -> None:
    records = raw_records("scenes", params=few_scenes)
    assert [record.split for record in records] == ["train"] * 9 + ["val"] * 3
    drawn, _ = scene(few_scenes.common.seed, "train", 4, 48)
    record = records[4]
    assert (record.key, [caption.text for caption in record.captions]) == (
        "scenes-train-00000004",
        list(drawn.captions),
    )
    assert [(box.label.name, box.box_xyxy_px) for box in record.boxes] == [
        (item.label, item.box_xyxy_px) for item in drawn.objects
    ]
    assert all(box.label.description for box in record.boxes)


def test_a_reference_leads_to_the_pictures_own_bytes(fetched: Callable[..., RawFolder], few_scenes: Params) -> None:
    raw = fetched("scenes", params=few_scenes)
    for record in scenes.raw_records(raw):
        data = raw.read(record.picture.path)[record.picture.offset :][: record.picture.num_bytes]
        assert data.startswith(b"\x89PNG") and data.endswith(b"IEND\xaeB`\x82")


def test_a_limit_makes_fewer_of_the_same(raw_records: Callable[..., Sequence[RawRecord]], few_scenes: Params) -> None:
    assert [record.key for record in raw_records("scenes", params=few_scenes, limit=2)] == [
        f"scenes-{split}-0000000{i}" for split in ("train", "val") for i in (0, 1)
    ]


def test_lines_without_their_pictures_are_refused(fetched: Callable[..., RawFolder], few_scenes: Params) -> None:
    raw = fetched("scenes", params=few_scenes)
    lines = [line for line in raw.lines() if line.path != "scenes/train-00000.tar"]
    manifest = read_manifest(raw.folder, "raw")
    ledger = write_lines(raw.folder, raw.ledger.name, "", lines)
    other = RawFolder(raw.folder, msgspec.structs.replace(manifest, shards=[ledger]), "scenes")
    with other, pytest.raises(InputError, match="no scenes/train-00000.tar in the ledger"):
        list(scenes.raw_records(other))


def test_lines_that_changed_are_refused(fetched: Callable[..., RawFolder], few_scenes: Params) -> None:
    raw = fetched("scenes", params=few_scenes)
    path = "scenes/val-00000.jsonl.zst"
    data = raw.folder.read(path)
    raw.folder.write(path, data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with pytest.raises(InputError, match=r"BLAKE3 \w+ found, \w+ expected"):
        list(scenes.raw_records(raw))
