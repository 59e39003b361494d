"""The second pass of `normalize`: what shards lose, what is written again, and what a run that was killed finds."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from blake3 import blake3

from mmgic.duplicates.builder import Built, write_exclusions
from mmgic.duplicates.exclusions import Exclusion, exclusion_list
from mmgic.duplicates.in_benchmarks import Contamination
from mmgic.schema.params import Params
from mmgic.schema.records import Caption, PictureRef, RawRecord
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest
from mmgic.shards.records import read_record_shard
from mmgic.shards.work import UnitNote, Work
from mmgic.sources.cleaning import (
    Cleaning,
    decided_about,
    decontamination_of,
    shards_decided,
    units_with_drops,
)
from mmgic.sources.descriptions import descriptions_for
from mmgic.sources.normalize import RecordUnit, stats_name, write_records

Shards = dict[str, dict[str, dict[str, str]]]
"""By shard and key: names in other sets."""


class Run:
    """A run of `normalize` whose first pass is through: the pictures of some keys are the same."""

    def __init__(self, place: Folder, params: Params, picture: Callable[..., bytes]) -> None:
        self.place, self.params, self.picture = place, params, picture
        self.work = Work(place / "records", new_manifest("records", {}, "0", {}, shards=[], counts={}), fresh=False)
        self.first, self.drafts = self.work.root / "first", self.work.root / "drafts"
        self.cleaning = Cleaning(self.work, self.first, self.drafts)

    def first_pass(self, shards: Shards, excluded: dict[str, str] | None = None) -> None:
        """Writes the shards; the same first letter of two keys: the same picture. `excluded`: names on a list, by set."""
        listed = None
        if excluded:
            lines = {Exclusion("pope", "id", namespace, value) for namespace, value in excluded.items()}
            write_exclusions(Built(exclusions=lines), self.place / "list")
            listed, _ = exclusion_list((self.place / "list").url, -1, self.place)
        for shard, pictures in shards.items():
            images = []
            for key, ids in pictures.items():
                data = self.picture(colour=(ord(key[0]), 40, 60), box=(10, 10, 30, 30))
                (self.place / "raw").write(f"{key}.png", data)
                where = PictureRef(f"{key}.png", blake3=blake3(data).hexdigest())
                images.append(RawRecord(key, "toy", "train", where, [Caption("A cup.", "toy")], [], ids=ids))
            unit = RecordUnit(shard, shard.rpartition("-")[0], images)  # type: ignore[arg-type]
            normalize = self.params.normalize
            descriptions = descriptions_for(normalize.descriptions)
            folders = (self.place / "raw", self.first, self.drafts)
            write_records(unit, *folders, self.work.units, normalize, descriptions, listed, 1)

    def second_pass(self, shards: Shards) -> dict[str, UnitNote]:
        names = list(shards)
        with decided_about(names, self.drafts, self.work, self.params.normalize.duplicates) as decisions:
            notes = {unit.shard: self.cleaning.write(unit) for unit in units_with_drops(decisions, names)}
            return {
                shard: self.cleaning.take_cleaned(shard, notes[shard]) if loses else self.cleaning.take_first(shard)
                for shard, loses in shards_decided(decisions, names)
            }

    def keys(self, notes: dict[str, UnitNote]) -> dict[str, list[str]]:
        files = self.work.files
        return {
            shard: [record.key for entry in note.entries for record, _ in read_record_shard(files, entry)]
            for shard, note in notes.items()
        }


@pytest.fixture
def run(scratch: Folder, params: Params, picture: Callable[..., bytes]) -> Any:
    made = Run(scratch, params, picture)
    with made.work:
        yield made


def rejected(note: UnitNote) -> list[tuple[str, str, str]]:
    return [(each.key, each.cause, each.detail) for each in note.rejections]


def test_shards_come_in_their_order_and_held_out_ones_lose_nothing_to_training(run: Run) -> None:
    shards: Shards = {
        "train-00000.tar": {"a1": {}, "b1": {}, "c1": {}},
        "val-00000.tar": {"a2": {}, "d2": {}},
        "train-00001.tar": {"e3": {}},
        "restval-00000.tar": {"b4": {}},
        "test-00000.tar": {"d5": {}, "c5": {}},
    }
    run.first_pass(shards)
    notes = run.second_pass(shards)
    assert list(notes) == list(shards)
    assert run.keys(notes) == {
        "train-00000.tar": [],
        "val-00000.tar": ["a2"],
        "train-00001.tar": ["e3"],
        "restval-00000.tar": ["b4"],
        "test-00000.tar": ["d5", "c5"],
    }
    assert rejected(notes["train-00000.tar"]) == [
        ("a1", "duplicate_exact", "a2 in val-00000.tar"),
        ("b1", "duplicate_exact", "b4 in restval-00000.tar"),
        ("c1", "duplicate_exact", "c5 in test-00000.tar"),
    ]
    assert rejected(notes["val-00000.tar"]) == [("d2", "duplicate_exact", "d5 in test-00000.tar")]


def test_a_shard_without_a_record_leaves_its_figures_alone(run: Run) -> None:
    shards: Shards = {"train-00000.tar": {"a1": {}}, "train-00001.tar": {"a2": {}, "a3": {}}}
    run.first_pass(shards)
    notes = run.second_pass(shards)
    assert notes["train-00001.tar"].entries == []
    files = run.work.files
    assert files.names() == ["stats", "train-00000.tar"]
    stats = msgspec.json.decode(files.read(stats_name("train-00001.tar")), type=RecordStats)
    assert stats.counts == notes["train-00001.tar"].counts
    assert (stats.counts["pictures"], stats.counts["rejected"], stats.counts.get("records", 0)) == (2, 2, 0)
    assert stats.sources["toy"].rejected == {"duplicate_exact": 2}


def test_copies_of_excluded_pictures_go_wherever_they_stand(run: Run) -> None:
    shards: Shards = {
        "train-00000.tar": {"a1": {}, "b1": {"flickr": "7"}, "c1": {}},
        "val-00000.tar": {"a2": {"coco": "9", "flickr": "7"}},
    }
    run.first_pass(shards, excluded={"coco": "9"})
    notes = run.second_pass(shards)
    assert run.keys(notes) == {"train-00000.tar": ["c1"], "val-00000.tar": []}
    assert rejected(notes["train-00000.tar"]) == [
        ("a1", "in_benchmark", "pope by exact, as a2"),
        ("b1", "in_benchmark", "pope by id, as a2"),
    ]
    report = decontamination_of(list(shards), run.drafts)
    assert report.pictures == 3
    assert report.dropped == [Contamination("pope", "toy", "exact", 1), Contamination("pope", "toy", "id", 2)]


@pytest.mark.parametrize("steps", range(6))
def test_it_goes_on_where_it_was_killed(run: Run, steps: int) -> None:
    """Whatever was moved is not looked for again; whatever was written, and perhaps moved, is not written again."""
    shards: Shards = {"train-00000.tar": {"a0": {}}, "train-00001.tar": {"a1": {}, "b1": {}}}
    kept, losing = shards
    run.first_pass(shards)
    files, first, cleaned = run.work.files, run.first, run.cleaning.cleaned
    with decided_about(list(shards), run.drafts, run.work, run.params.normalize.duplicates) as decisions:
        (unit,) = units_with_drops(decisions, list(shards))
    (files / "stats").make()
    of_first_run = [
        lambda: run.cleaning.write(unit),
        lambda: files.fs.mv(first.file(kept), files.file(kept)),
        lambda: files.fs.mv(first.file(stats_name(kept)), files.file(stats_name(kept))),
        lambda: files.fs.mv(cleaned.file(losing), files.file(losing)),
        lambda: files.fs.mv(cleaned.file(stats_name(losing)), files.file(stats_name(losing))),
    ]
    for step in of_first_run[:steps]:
        step()
    notes = run.second_pass(shards)
    assert run.keys(notes) == {kept: ["a0"], losing: ["b1"]}
    assert rejected(notes[losing]) == [("a1", "duplicate_exact", "a0 in train-00000.tar")]
    assert files.names() == ["stats", *shards]
    assert (files / "stats").names() == ["train-00000.json", "train-00001.json"]
    assert cleaned.names() == ["stats"]
