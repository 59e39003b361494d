"""The pool: order kept, units taken lazily, errors passed on, a dead worker told as such, nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmgic.errors import InputError, MmgicError
from mmgic.execution import run_units


def _slow_first(unit: int) -> tuple[int, int]:
    if unit == 0:
        time.sleep(0.3)
    return unit, os.getpid()


def _fail_at_three(unit: int) -> int:
    if unit == 3:
        raise InputError("three is bad", where="unit 3", hint="skip it")
    return unit


def _die_at_two(unit: int) -> int:
    if unit == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return unit


def _sleep(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_units(workers: int) -> None:
    results = list(run_units(_slow_first, range(12), workers))
    assert [unit for unit, _ in results] == list(range(12))
    processes = {process for _, process in results}
    assert (os.getpid() in processes) == (workers == 1)
    assert len(processes) <= workers


@pytest.mark.parametrize("workers", [1, 2])
def test_units_are_taken_as_they_are_needed(workers: int) -> None:
    taken: list[int] = []

    def units() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = run_units(_slow_first, units(), workers)
    next(results)
    assert len(taken) <= 2 * workers
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_unit_comes_through_whole(workers: int) -> None:
    done: list[int] = []
    with pytest.raises(InputError) as caught:
        done.extend(run_units(_fail_at_three, range(9), workers))
    assert (caught.value.what, caught.value.where, caught.value.hint) == ("three is bad", "unit 3", "skip it")


def test_a_killed_worker_is_told_with_a_way_on() -> None:
    with pytest.raises(MmgicError, match="a worker process died") as caught:
        list(run_units(_die_at_two, range(9), 2))
    assert "fewer --workers" in caught.value.hint


def test_workers_end_soon_after_their_parent_was_killed(project: Path) -> None:
    code = (
        "from mmgic.execution import run_units\n"
        "from tests.unit.execution.test_pool import _sleep\n"
        "for _ in run_units(_sleep, [0.0, 0.0, 0.0, 0.0, 60.0, 60.0], 2): print(1, flush=True)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=project, start_new_session=True)
    assert parent.stdout is not None and parent.stdout.readline()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 10
    while _in_session(parent.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _in_session(parent.pid) == []


def test_an_interrupt_from_the_keyboard_is_left_to_the_parent(project: Path) -> None:
    code = """import time
from mmgic.execution import run_units
from tests.unit.execution.test_pool import _sleep
results = run_units(_sleep, [0.0] * 4, 2)
next(results)
print("idle", flush=True)
try:
    time.sleep(30)
except KeyboardInterrupt:
    results.close()
    print("told", flush=True)"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=project,
        start_new_session=True,
    )
    assert parent.stdout is not None and parent.stdout.readline() == b"idle\n"
    time.sleep(0.3)
    os.killpg(parent.pid, signal.SIGINT)
    assert parent.communicate(timeout=30) == (b"told\n", b"")
    assert parent.returncode == 0


def _in_session(session: int) -> list[int]:
    """Processes of a session that are no zombies."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found
