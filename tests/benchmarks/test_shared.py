"""What the benchmarks share: goals, turns of engines in processes, and the tables of peers."""

import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.engines import Work, forget_files
from benchmarks.goals import Goal, goal_lines, goal_tree
from benchmarks.machine import ROOT
from benchmarks.processes import KEEP_MEMORY, EngineFailed, PeerProcess
from benchmarks.turns import figures, measure, work_tree

BATCH = {"boxes": 16, "per_text": 8, "seed": 0}


@pytest.fixture
def process() -> Iterator[PeerProcess]:
    """Code by hand for boxes, which every Python has."""
    python = Path(sys.executable)
    with closing(PeerProcess(python, "benchmarks.worker", ["benchmarks.boxes.engines", "by-hand"], KEEP_MEMORY)) as it:
        yield it


def _work(notation: str, task: str = "write kosmos-2") -> Work:
    return Work("name", "what", task, "box", "by hand", BATCH | {"notation": notation})


def test_a_work_gives_rows_and_figures(process: PeerProcess) -> None:
    work = _work("kosmos-2")
    rows, notes = measure([process], work, rounds=2, max_seconds=1)
    assert not notes and [(row.engine, row.units, row.rounds) for row in rows] == [("by hand", 16, 2)]
    (told,) = work_tree(work, rows)["engines"]
    assert told["ratio"] == 1.0 and told["same_text"] == 1.0
    found = figures(work, rows)["name", "by hand"]
    assert (
        found["microseconds"] == pytest.approx(1e6 * found["seconds"]) == pytest.approx(told["microseconds_per_unit"])
    )
    assert found["run_seconds"] == pytest.approx(16 * found["seconds"])


def test_an_engine_that_fails_is_named(process: PeerProcess) -> None:
    rows, notes = measure([process], _work("no such"), rounds=1, max_seconds=1)
    assert not rows and notes == ["name: by hand failed: KeyError: 'no such'"]
    assert measure([process], _work("kosmos-2"), rounds=1, max_seconds=1)[0], "the process goes on"


def test_a_process_that_ended_is_named(process: PeerProcess) -> None:
    os.kill(process._child.pid, signal.SIGKILL)
    rows, notes = measure([process], _work("kosmos-2"), rounds=1, max_seconds=1)
    assert not rows and len(notes) == 1 and "ended with -9" in notes[0]


@pytest.mark.skipif(find_spec("seqpacker") is not None, reason="seqpacker is installed here")
def test_a_library_that_is_missing_is_told() -> None:
    module = ["benchmarks.pack.engines", "seqpacker,in-order"]
    with closing(PeerProcess(Path(sys.executable), "benchmarks.worker", module, {})) as it:
        assert it.engines == [("pack", "in order")]
        assert it.missing == {"seqpacker": "ModuleNotFoundError: No module named 'seqpacker'"}
        with pytest.raises(EngineFailed, match="KeyError"):
            it.command(do="time", work="pack", engine="in order", calls=1)


@pytest.mark.parametrize(
    ("goal", "value", "reached"),
    [
        (Goal("w", "ours", "peer", at_least=2), 3.0, True),
        (Goal("w", "ours", "peer", at_least=4), 3.0, False),
        (Goal("w", "ours", "absent", at_least=2), None, None),
        (Goal("w", "ours", at_most=0.5, figure="run_seconds"), 0.5, True),
        (Goal("w", "ours", at_most=0.4, figure="run_seconds"), 0.5, False),
        (Goal("w", "ours", at_most=0.4, figure="unknown"), None, None),
    ],
)
def test_goals(goal: Goal, value: float | None, reached: bool | None) -> None:
    known = {("w", "ours"): {"seconds": 2.0, "run_seconds": 0.5}, ("w", "peer"): {"seconds": 6.0}}
    (told,) = goal_tree([goal, Goal("another", "ours", at_most=1)], known)
    assert (told["value"], told["reached"]) == (value, reached)
    assert {True: "  yes", False: "  NO", None: "  not measured"}[reached] in "\n".join(goal_lines([told]))


@pytest.mark.parametrize("table", sorted(ROOT.glob("benchmarks/*/peers.txt")), ids=lambda path: path.parent.name)
def test_peers_are_pinned(table: Path) -> None:
    lines = [line for line in table.read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z-]+ +[a-z0-9-]+==[0-9a-z.]+( +(alone|avx2))?", line), line
    assert table.parent.name in {line.split()[0] for line in lines}


def test_forgotten_files_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 10_000)
    forget_files([tmp_path / "file"])
    assert (tmp_path / "file").read_bytes() == b"x" * 10_000
