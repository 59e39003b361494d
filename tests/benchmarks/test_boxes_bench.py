"""The benchmark of boxes runs on small batches with what every checkout has, and says truly what it did."""

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.boxes import run
from benchmarks.boxes.engines import _regions
from benchmarks.boxes.inputs import LABELS, largest_error, make_batch
from benchmarks.boxes.plain import NOTATIONS
from benchmarks.boxes.works import GOALS, works
from mmgic import geometry

WORKS = "write,read,iou"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run of ours and of code by hand writes."""
    out = tmp_path_factory.mktemp("out") / "result.json"
    options = ["--quick", "--rounds", "1", "--works", WORKS, "--engines", "mmgic,by-hand", "--out", str(out)]
    assert run.main([*options, "--peers", str(out.parent / "no-such-python")]) == 0
    decoded: dict[str, Any] = json.loads(out.read_text())
    return decoded


def test_every_work_was_timed(result: dict[str, Any]) -> None:
    assert [work["name"] for work in result["works"]] == [work.name for work in works(400, 100) if work.name != "ids"]
    for work in result["works"]:
        names = {row["engine"] for row in work["engines"]}
        assert names == {"mmgic"} if work["name"] == "iou" else names == {"mmgic", "by hand"}, work["name"]
        assert all(row["seconds"] > 0 and row["units"] > 0 for row in work["engines"])


def test_ours_writes_what_code_by_hand_writes(result: dict[str, Any]) -> None:
    shares = {
        (work["name"], row["engine"]): row["same_text"]
        for work in result["works"]
        if work["name"].startswith("write")
        for row in work["engines"]
    }
    assert len(shares) == 2 * len(NOTATIONS)
    assert set(shares.values()) == {1.0}


def test_what_is_read_lies_within_the_bound_of_the_notation(result: dict[str, Any]) -> None:
    for work in result["works"]:
        if not work["name"].startswith("read") or "qwen2.5" in work["name"]:  # its bound is in pixels
            continue
        error, parts = geometry.NOTATIONS[work["name"].removeprefix("read ")].error_bound
        assert all(0 < row["max_error"] <= 1000 * error / parts + 1e-9 for row in work["engines"]), work["name"]


def test_it_says_where_it_comes_from_and_what_was_missing(result: dict[str, Any]) -> None:
    assert {"date", "command", "commit", "cpu", "cores", "versions", "rounds", "notes", "goals"} <= set(result)
    assert "mmgic" in result["versions"]
    assert sum("no-such-python" in note for note in result["notes"]) == 1


def test_goals_without_their_peer_are_not_called_reached(result: dict[str, Any]) -> None:
    reached = {(goal["work"], goal["peer"]): goal["reached"] for goal in result["goals"]}
    assert reached["read paligemma", "supervision"] is None
    assert reached["write kosmos-2", None] in (True, False)


def test_goals_name_works_that_are_there() -> None:
    assert {goal.work for goal in GOALS} <= {work.name for work in works(1, 1)}


def test_the_table_of_notations_is_whole() -> None:
    assert set(NOTATIONS) == set(geometry.NOTATIONS)


@pytest.mark.parametrize("name", NOTATIONS)
def test_code_by_hand_reads_what_it_writes(name: str) -> None:
    batch = make_batch({"boxes": 80, "per_text": 8, "seed": 3})
    texts = [NOTATIONS[name].write(boxes, batch.labels) for boxes in batch.boxes.tolist()]
    found = [NOTATIONS[name].read(text) for text in texts]
    boxes = np.array([[box for _, box in text] for text in found])
    assert [[label for label, _ in text] for text in found] == [list(LABELS)] * 10
    assert np.abs(boxes - batch.boxes).max() <= 1 / 32 + 1e-9


def test_a_box_that_was_not_read_is_told() -> None:
    boxes = np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.75, 1.0]])
    assert largest_error(boxes, boxes + 0.001, ["a", "b"], ["a", "b"]) == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"boxes of shape \(1, 4\)"):
        largest_error(boxes, boxes[:1], ["a", "b"], ["a"])
    with pytest.raises(ValueError, match="first difference \\('c', 'b'\\)"):
        largest_error(boxes, boxes, ["a", "b"], ["a", "c"])


def test_a_text_of_florence_2_falls_into_its_regions() -> None:
    assert _regions("cat<loc_1><loc_2><loc_3><loc_4>red dog<loc_5><loc_6><loc_7><loc_8>") == [
        "cat<loc_1><loc_2><loc_3><loc_4>",
        "red dog<loc_5><loc_6><loc_7><loc_8>",
    ]
