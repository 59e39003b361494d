"""The benchmark of pictures runs on two files with what every checkout has, and says truly what it did."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.goals import goal_lines, goal_tree
from benchmarks.images import run
from benchmarks.images.make_images import mosaic, photographs
from benchmarks.images.measure import Row
from benchmarks.images.report import figures
from benchmarks.images.samples import REGION_FRACTIONS, main_and_region_crops
from benchmarks.images.works import GOALS, WORKS

TASKS = "jpeg,square,crops,png,batch"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of four small JPEGs and one PNG, instead of the 32 that take seconds to make."""
    folder = tmp_path_factory.mktemp("images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.images.make_images.SIZES", [(320, 240), (240, 320), (1280, 720), (300, 302)])
        run.make_images(folder)
    return folder


@pytest.fixture(scope="module")
def result(images: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run of Pillow and ours on them writes."""
    out = tmp_path_factory.mktemp("out") / "result.json"
    nowhere = images / "no-such-python"
    options = ["--quick", "--rounds", "1", "--works", TASKS, "--engines", "mmgic,pillow", "--out", str(out)]
    places = ["--images", str(images), "--peers", str(nowhere), "--pillow-simd", str(nowhere), "--core", str(nowhere)]
    assert run.main([*options, *places]) == 0
    decoded: dict[str, Any] = json.loads(out.read_text())
    return decoded


def test_every_work_was_timed_for_both(result: dict[str, Any]) -> None:
    for work in result["works"]:
        names = {row["engine"].split(",")[0].split()[0] for row in work["engines"]}
        assert names == {"mmgic", "pillow"}, work["name"]
        assert all(row["seconds"] > 0 and row["pictures_per_second"] > 0 for row in work["engines"])


def test_exact_pixels_are_near_the_reference(result: dict[str, Any]) -> None:
    rows = {(work["name"], row["engine"]): row for work in result["works"] for row in work["engines"]}
    assert rows["jpeg", "mmgic"]["max_difference"] == 0
    assert rows["png", "mmgic"]["max_difference"] == 0
    assert rows["square", "mmgic exact"]["max_difference"] <= 1
    assert rows["crops", "mmgic exact"]["max_difference"] <= 1


def test_it_says_where_it_comes_from_and_what_was_missing(result: dict[str, Any]) -> None:
    assert {"date", "command", "commit", "cpu", "cores", "kernel", "versions", "rounds", "set"} <= set(result)
    assert {"pillow", "mmgic", "pillow: libjpeg_turbo", "crate turbojpeg-sys"} <= set(result["versions"])
    assert sum("no-such-python" in note for note in result["notes"]) == 3


def test_goals_without_their_peer_are_not_called_reached(result: dict[str, Any]) -> None:
    by_pair = {(goal["work"], goal["ours"], goal["peer"]): goal for goal in result["goals"]}
    assert by_pair["jpeg", "mmgic", "simplejpeg"]["reached"] is None
    assert by_pair["jpeg", "mmgic", "pillow"]["reached"] in (True, False)


@pytest.mark.parametrize(("ours", "reached"), [(1.0, True), (1.2, False)])
def test_a_goal_is_the_peers_seconds_over_ours(ours: float, reached: bool) -> None:
    rows = [Row("webp", "mmgic", [ours, ours], None), Row("webp", "pillow", [1.4, 1.4], None)]
    (goal,) = goal_tree(GOALS, figures(rows))
    assert (goal["value"], goal["reached"]) == (pytest.approx(1.4 / ours), reached)
    assert ("NO" in "\n".join(goal_lines([goal]))) is not reached


def test_goals_name_works_that_are_there() -> None:
    assert {goal.work for goal in GOALS} == {work.name for work in WORKS}


def test_crops_lie_inside_the_picture() -> None:
    for width, height in ((640, 480), (480, 640), (33, 57)):
        crops = main_and_region_crops(width, height, 3)
        assert crops.shape == (1 + len(REGION_FRACTIONS), 4)
        assert (crops[:, :2] >= 0).all() and (crops[:, 2:] <= (width, height)).all()
        sides = crops[:, 2:] - crops[:, :2]
        assert (sides[:, 0] == sides[:, 1]).all() and (sides > 0).all()


def test_the_same_seed_gives_the_same_mosaic() -> None:
    photos = photographs()
    first, again = (mosaic(np.random.default_rng(5), photos, 500, 300) for _ in range(2))
    assert first.shape == (300, 500, 3) and np.array_equal(first, again)
