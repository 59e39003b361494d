"""A whole run on two shards, with tiny models."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from mmgic.annotation.candidates import usable_texts
from mmgic.annotation.captioner import load_captioner
from mmgic.annotation.captions import CaptionCall, plan, run
from mmgic.annotation.ranker import load_ranker
from mmgic.annotation.settings import CaptionSettings
from mmgic.annotation.shards import main_crops
from mmgic.errors import InputError, UsageError
from mmgic.execution.call import Progress
from mmgic.schema.records import Caption, Record
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import manifest_digest, new_manifest, read_manifest, write_manifest
from mmgic.shards.records import read_record_shard, write_record_shard

Model = Callable[[str], Path]
Call = Callable[..., CaptionCall]


def quiet(what: str, done: int, total: int | None) -> None:
    """No progress."""


@pytest.fixture
def records(scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]) -> Folder:
    """Three shards of 4 records; every third record has a caption, and all of the last shard."""
    folder = scratch / "records"
    entries = []
    for number, (name, split) in enumerate([("train-00000", "train"), ("train-00001", "train"), ("val-00000", "val")]):
        pairs = [
            (
                record(
                    f"{split}-{place}",
                    split=split,
                    captions=[Caption("A cup.", "toy")] if place % 3 == 0 or split == "val" else [],
                ),
                picture(colour=(20 * place, 90, 200 - 15 * place), box=(9 + place, 3, 30, 25)),
            )
            for place in range(4 * number, 4 * number + 4)
        ]
        entries.append(write_record_shard(folder, f"{name}.tar", split, pairs))
    write_manifest(folder, new_manifest("records", {}, "", {}, shards=entries, counts={}))
    return folder


@pytest.fixture
def call(records: Folder, scratch: Folder, model_path: Model, settings: Callable[..., CaptionSettings]) -> Call:
    """A call on `records`; settings by name, and what else a call holds."""
    own = {"batch_size", "workers", "limit", "fresh", "out", "captioner", "ranker", "progress"}

    def made(**values: Any) -> CaptionCall:
        plain = CaptionCall(
            source=records,
            out=scratch / "captioned",
            captioner=model_path("blip"),
            ranker=model_path("clip"),
            settings=settings(**{name: value for name, value in values.items() if name not in own}),
            progress=quiet,
            batch_size=3,
            device="cpu",
            workers=1,
            limit=None,
            fresh=False,
        )
        return replace(plain, **{name: value for name, value in values.items() if name in own})

    return made


def pairs(folder: Folder) -> Iterator[tuple[Record, bytes]]:
    for entry in read_manifest(folder, "records").shards:
        yield from read_record_shard(folder, entry)


def contents(folder: Folder) -> dict[str, bytes]:
    root = Path(folder.path)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_only_images_without_a_caption_get_one_and_nothing_else_changes(call: Call, records: Folder) -> None:
    made = call()
    manifest = run(made).manifest
    for (before, picture), (after, other) in zip(pairs(records), pairs(made.out), strict=True):
        assert picture == other
        assert msgspec.structs.replace(after, captions=[]) == msgspec.structs.replace(before, captions=[])
        if before.captions:
            assert after == before
        else:
            (caption,) = after.captions
            assert caption.origin == "tiny" and caption.score is not None and -1 <= caption.score <= 1
    # A shard without gaps keeps its bytes.
    assert manifest.shards[2] == read_manifest(records, "records").shards[2]
    counts = manifest.counts
    assert (counts["records"], counts["records_captioned"], counts["records_kept"]) == (12, 5, 7)
    dropped = sum(count for name, count in counts.items() if name.startswith("dropped_candidates."))
    assert counts["candidates"] == 5 * 4 and 0 < dropped < 20
    assert manifest.inputs["records"].digest == manifest_digest(read_manifest(records, "records"))
    assert manifest.inputs["records"].path == "../records"
    assert manifest.params["caption"]["candidates"] == 4 and set(manifest.params["models"]) == {"captioner", "ranker"}


def test_the_candidate_with_the_highest_score_is_kept(
    call: Call, records: Folder, model_path: Model, settings: Callable[..., CaptionSettings]
) -> None:
    made = call(keep=2)
    run(made)
    captioner = load_captioner(model_path("blip"), settings(), torch.device("cpu"))
    ranker = load_ranker(model_path("clip"), "fp32", None, torch.device("cpu"))
    seen = 0
    for (before, picture), (after, _) in zip(pairs(records), pairs(made.out), strict=True):
        if before.captions:
            continue
        images, _ = main_crops([(before, picture)], 24, threads=1)
        texts, _ = usable_texts(captioner.candidates(images, [before.key])[0])
        scores = ranker.scores(images, [texts])[0]
        order = np.argsort(-np.array(scores), kind="stable")[:2]
        assert after.captions == [Caption(texts[place], "tiny", scores[place]) for place in order]
        seen += len(texts)
    assert seen > 10


def test_all_images_get_one_beside_their_own_if_asked(call: Call, records: Folder) -> None:
    made = call(only_missing=False)
    manifest = run(made).manifest
    for (before, _), (after, _) in zip(pairs(records), pairs(made.out), strict=True):
        assert after.captions[: len(before.captions)] == before.captions
        assert len(after.captions) == len(before.captions) + 1
    assert manifest.counts["records_captioned"] == manifest.counts["captions_made"] == 12
    assert manifest.counts["captions"] == 12 + 7


@pytest.mark.parametrize(
    "other", [{"batch_size": 1}, {"batch_size": 100}, pytest.param({"workers": 2}, marks=pytest.mark.slow)]
)
def test_batches_and_workers_change_no_byte(call: Call, scratch: Folder, other: dict[str, int]) -> None:
    run(call())
    run(call(out=scratch / "other", **other))
    assert contents(scratch / "captioned") == contents(scratch / "other")


@pytest.mark.parametrize("other", [{"seed": 2}, {"top_p": 0.5}, {"origin": "another"}, {"ranker": "siglip"}])
def test_what_shapes_the_captions_is_another_run(call: Call, model_path: Model, other: dict[str, Any]) -> None:
    run(call())
    if "ranker" in other:
        other = {"ranker": model_path(other["ranker"])}
    with pytest.raises(UsageError, match="output folder holds another run: params"):
        run(call(**other))
    assert not run(call(**other, fresh=True)).was_done
    assert run(call(**other)).was_done


def test_a_run_that_broke_off_goes_on_after_the_last_whole_shard(call: Call, scratch: Folder) -> None:
    expected = call(out=scratch / "unbroken")
    run(expected)

    def stopping(at: int) -> Progress:
        def progress(what: str, done: int, total: int | None) -> None:
            if what == "records" and done == at:
                raise KeyboardInterrupt

        return progress

    for at in (4, 8):
        with pytest.raises(KeyboardInterrupt):
            run(call(progress=stopping(at)))
    work = [path for path in Path(scratch.path).iterdir() if path.name.startswith(".captioned.work-")]
    assert len(work) == 1 and len(list((work[0] / "units").iterdir())) == 2
    first_done = []
    run(call(progress=lambda what, done, total: first_done.append(done)))
    assert contents(scratch / "captioned") == contents(scratch / "unbroken")
    assert not work[0].exists()


def test_figures_are_those_of_the_new_records(call: Call) -> None:
    made = call()
    run(made)
    stats = msgspec.json.decode(made.out.read("stats.json"), type=RecordStats)
    assert stats.captions_by_origin == {"tiny": 5, "toy": 7}
    assert stats.histograms["captions"] == {1: 12}
    assert sorted((made.out / "stats").names()) == ["train-00000.json", "train-00001.json", "val-00000.json"]
    assert plan(replace(made, source=made.out)).counts == {"records": 12, "records without a caption": 0}


def test_the_limit_is_of_each_split(call: Call) -> None:
    made = call(limit=2)
    assert plan(made).counts == {"records": 4}
    assert [entry.count for entry in run(made).manifest.shards] == [2, 2]


def test_a_record_whose_candidates_are_all_bad_stays_without_and_is_counted(call: Call) -> None:
    made = call(max_tokens=1)
    counts = run(made).manifest.counts
    assert counts["records_without_caption.no_candidate"] + counts.get("records_captioned", 0) == 5
    assert counts["records_without_caption.no_candidate"] > 0
    kept = [record for record, _ in pairs(made.out) if not record.captions]
    assert len(kept) == counts["records_without_caption.no_candidate"]


def test_a_picture_that_cannot_be_decoded_is_counted(
    call: Call, scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]
) -> None:
    broken = [(record("a", captions=[]), picture()[:80]), (record("b", captions=[]), picture())]
    entry = write_record_shard(scratch / "broken", "train-00000.tar", "train", broken)
    write_manifest(scratch / "broken", new_manifest("records", {}, "", {}, shards=[entry], counts={}))
    counts = run(replace(call(), source=scratch / "broken")).manifest.counts
    assert counts["records_captioned"] == 1
    assert sum(count for name, count in counts.items() if name.startswith("records_without_caption.")) == 1


def test_no_model_is_loaded_where_no_caption_is_missing(
    call: Call, scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes], tmp_path: Path
) -> None:
    entry = write_record_shard(scratch / "whole", "train-00000.tar", "train", [(record(), picture())])
    write_manifest(scratch / "whole", new_manifest("records", {}, "", {}, shards=[entry], counts={}))
    empty = tmp_path / "empty-model"
    empty.mkdir()
    (empty / "config.json").write_text("{}")
    assert run(replace(call(captioner=empty), source=scratch / "whole")).manifest.counts["records_kept"] == 1


def test_a_missing_model_ends_the_run_before_anything_is_written(call: Call, scratch: Folder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder for the ranker"):
        run(call(ranker=tmp_path / "clip-vit-base-patch32"))
    assert sorted(Path(scratch.path).iterdir()) == [Path(scratch.path) / "records"]


def test_a_shard_that_was_changed_is_named(call: Call, records: Folder) -> None:
    path = Path(records.path) / "train-00001.tar"
    data = bytearray(path.read_bytes())
    data[700] ^= 255
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="shard differs from its manifest"):
        run(call())
