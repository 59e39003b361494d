"""A whole run with a tiny model: what is written, what a killed run leaves, what a person changes."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock

from mmgic.annotation.clues import Gap
from mmgic.annotation.describe import DescribeCall, describe
from mmgic.annotation.review import read_review, write_review
from mmgic.errors import InputError, UsageError
from mmgic.execution.call import Progress

PROMPT = "instruction = 'Describe it.'\nrules = ['One sentence.']\nexamples = []\n"


def quiet(what: str, done: int, total: int | None) -> None:
    """No progress."""


@pytest.fixture
def call(tmp_path: Path, model_path: Callable[[str], Path]) -> DescribeCall:
    """Seven labels in batches of three."""
    (tmp_path / "prompt.toml").write_text(PROMPT)
    return DescribeCall(
        gaps=[
            Gap(id=f"toy:{n}", name=name, source="toy")
            for n, name in enumerate(["cup", "spoon", "cat", "dog", "boat", "shop", "man"])
        ],
        review=tmp_path / "side" / "review.tsv",
        model=model_path("llama"),
        prompt=tmp_path / "prompt.toml",
        max_tokens=8,
        precision="fp32",
        device="cpu",
        batch_size=3,
        progress=quiet,
    )


def stopping(at: int) -> Progress:
    """Breaks off a run before the batch that follows `at` labels."""

    def progress(what: str, done: int, total: int | None) -> None:
        if done >= at:
            raise KeyboardInterrupt

    return progress


def test_every_gap_becomes_a_line_to_review(call: DescribeCall) -> None:
    assert describe(call) == {"labels": 7, "written": 7, "there_before": 0, "with_findings": 7, "left_out": 0}
    lines = read_review(call.review)
    assert [(line.id, line.name, line.status) for line in lines] == [(gap.id, gap.name, "new") for gap in call.gaps]
    assert len({line.description for line in lines}) >= 4
    assert [path.name for path in call.review.parent.iterdir()] == ["review.tsv"]


@pytest.mark.parametrize("cut", [0, 7, 100])
def test_a_run_that_broke_off_gives_the_bytes_of_an_unbroken_one(call: DescribeCall, cut: int) -> None:
    whole = replace(call, review=call.review.with_name("whole.tsv"))
    describe(whole)
    with pytest.raises(KeyboardInterrupt):
        describe(replace(call, progress=stopping(6)))
    data = call.review.read_bytes()
    assert data.count(b"\n") == 7
    call.review.write_bytes(data[: len(data) - cut])  # as a kill in the middle of a write leaves it
    counts = describe(call)
    assert 1 <= counts["written"] < 7
    assert call.review.read_bytes() == whole.review.read_bytes()


def test_batches_change_no_byte(call: DescribeCall) -> None:
    other = replace(call, review=call.review.with_name("other.tsv"), batch_size=100)
    describe(call)
    describe(other)
    assert call.review.read_bytes() == other.review.read_bytes()


def test_what_a_person_wrote_stays_and_is_checked(call: DescribeCall) -> None:
    describe(replace(call, gaps=call.gaps[:3]))
    first, second, third = read_review(call.review)
    text = "A small vessel with a handle on its side, of china or glass, from which hot drinks are drunk."
    edited = [
        msgspec.structs.replace(first, description=text, status="ok"),
        msgspec.structs.replace(second, status="no"),
    ]
    write_review(call.review, edited)
    assert describe(call) == {
        "labels": 7, "written": 5, "there_before": 2, "with_findings": 5, "left_out": 0
    }  # fmt: skip
    lines = {line.id: line for line in read_review(call.review)}
    assert (lines["toy:0"].description, lines["toy:0"].status, lines["toy:0"].findings) == (text, "ok", "")
    assert (lines["toy:1"].status, lines["toy:1"].findings) == ("no", "")
    assert lines["toy:2"].description == third.description  # it was deleted, so it was asked for again


def test_a_file_that_is_whole_needs_no_model(call: DescribeCall, tmp_path: Path) -> None:
    describe(call)
    empty = tmp_path / "empty-model"
    empty.mkdir()
    (empty / "config.json").write_text("{}")
    assert describe(replace(call, model=empty))["written"] == 0


def test_an_id_that_no_table_can_hold_is_left_out_and_counted(call: DescribeCall) -> None:
    odd = [Gap(id=label_id, name="x", source="toy") for label_id in ("toy:a\tb", "toy:a  b", "toy:a\n")]
    for _ in range(2):
        counts = describe(replace(call, gaps=[*odd, *call.gaps]))
        assert (counts["labels"], counts["left_out"], len(read_review(call.review))) == (10, 3, 7)


def test_two_runs_do_not_write_one_file(call: DescribeCall) -> None:
    call.review.parent.mkdir()
    with FileLock(call.review.with_name(".review.tsv.lock")), pytest.raises(UsageError, match="another run is writing"):
        describe(call)


def test_a_missing_model_ends_the_run_before_anything_is_written(call: DescribeCall, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder for the language model"):
        describe(replace(call, model=tmp_path / "Qwen3-8B"))
    assert not call.review.parent.exists()
