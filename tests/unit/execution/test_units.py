"""The end of a stage: counts are summed, rejections written in order, and losses bounded."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError, TooManyBadError
from mmgic.execution import commit_units
from mmgic.execution.call import Outcome
from mmgic.execution.units import check_bad_fraction
from mmgic.schema.manifests import Rejection, ShardEntry
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest, read_manifest
from mmgic.shards.work import UnitNote, Work


def _committed(folder: Folder, notes: list[UnitNote], *, limit: float = 1.0, needed: str = "") -> Outcome:
    identity = new_manifest("records", {}, "p", {}, shards=[], counts={})
    with Work(folder / "out", identity, fresh=False) as work:
        return commit_units(work, notes, total="pictures", max_bad_fraction=limit, needed=needed, facts={"a": 1})


def _note(name: str, count: int, *causes: str) -> UnitNote:
    entry = ShardEntry(name, "train", count, 1, "h")
    return UnitNote(
        [entry],
        [Rejection(f"{name}{i}", cause) for i, cause in enumerate(causes)],
        {"pictures": count + len(causes)},
    )


def test_notes_become_the_manifest_in_their_order(scratch: Folder) -> None:
    outcome = _committed(scratch, [_note("b", 3, "late", "early"), _note("a", 4, "late")])
    manifest = read_manifest(scratch / "out", "records")
    assert outcome.manifest == manifest and not outcome.was_done
    assert [entry.name for entry in manifest.shards] == ["b", "a"]
    assert manifest.counts == {"pictures": 10, "rejected.early": 1, "rejected.late": 2}
    assert list(manifest.counts) == sorted(manifest.counts)
    assert manifest.facts == {"a": 1}
    lines = (scratch / "out").read("rejected.jsonl").splitlines()
    assert [msgspec.json.decode(line)["key"] for line in lines] == ["b0", "b1", "a0"]


def test_losses_past_the_limit_leave_no_output_but_the_list(scratch: Folder) -> None:
    notes = [_note("a", 7, "truncated", "truncated", "missing_picture")]
    with pytest.raises(TooManyBadError) as caught:
        _committed(scratch, notes, limit=0.29)
    assert caught.value.what == "3 of 10 were rejected, more than max_bad_fraction 0.29: truncated 2, missing_picture 1"
    with open(caught.value.where, "rb") as stream:
        assert len(stream.readlines()) == 3
    assert not (scratch / "out").exists()
    assert _committed(scratch, notes, limit=0.3).manifest.counts["pictures"] == 10


def test_losses_that_were_asked_for_do_not_count_for_the_limit(scratch: Folder) -> None:
    notes = [_note("a", 1, "filtered", "filtered", "truncated")]
    identity = new_manifest("records", {}, "p", {}, shards=[], counts={})
    with Work(scratch / "out", identity, fresh=False) as work:
        outcome = commit_units(work, notes, total="pictures", max_bad_fraction=0.25, wanted={"filtered"})
    assert outcome.manifest.counts == {"pictures": 4, "rejected.filtered": 2, "rejected.truncated": 1}


def test_nothing_left_of_what_is_needed_is_an_error_after_losses_were_judged(scratch: Folder) -> None:
    with pytest.raises(InputError, match="2 pictures leave no rows.train"):
        _committed(scratch, [_note("a", 2)], needed="rows.train")
    with pytest.raises(TooManyBadError):
        _committed(scratch, [_note("a", 0, "too_long")], limit=0.5, needed="rows.train")


@given(num_bad=st.integers(0, 50), num_good=st.integers(0, 50), limit=st.floats(0, 1))
def test_the_limit_is_a_share_of_all(num_bad: int, num_good: int, limit: float) -> None:
    causes = {"c": num_bad} if num_bad else {}
    if num_bad <= limit * (num_bad + num_good):
        check_bad_fraction(causes, num_bad + num_good, limit, "here")
    else:
        with pytest.raises(TooManyBadError):
            check_bad_fraction(causes, num_bad + num_good, limit, "here")


def test_the_commonest_cause_has_its_own_remedy() -> None:
    with pytest.raises(TooManyBadError) as caught:
        check_bad_fraction({"no_caption": 5, "too_long": 1}, 6, 0.5, "here")
    assert caught.value.hint.startswith("let `mmgic caption` write captions")
