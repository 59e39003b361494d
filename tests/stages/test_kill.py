"""A stage killed at any point: run again, it gives the bytes of an unbroken run, and leaves no process and no work folder."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.stages.crashing import crashing

Again = Callable[..., tuple[list[str], Path]]
Contents = Callable[[Path], dict[str, str]]
Processes = Callable[[int], list[int]]
STAGES = {"fetch": "raw", "normalize": "records", "template": "documents", "tokenize": "sequences"}


def _finished(words: list[str], out: Path, expected: dict[str, str], contents: Contents) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert contents(out) == expected
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(f".{out.name}.work-")] == []


@pytest.fixture(scope="module")
def seconds_of(again: Again) -> Callable[[str], float]:
    """How long a stage takes from start to end, measured once."""

    @cache
    def measured(name: str) -> float:
        start = time.monotonic()
        subprocess.run(again(name, "timed", workers=2)[0], check=True, stderr=subprocess.DEVNULL)
        return time.monotonic() - start

    return measured


@pytest.mark.parametrize("name", STAGES)
@pytest.mark.parametrize("whole_group", [True, False], ids=["group", "parent"])
def test_killed_at_random_points(
    again: Again,
    unbroken: Path,
    contents: Contents,
    processes_of: Processes,
    seconds_of: Callable[[str], float],
    name: str,
    whole_group: bool,
) -> None:
    words, out = again(name, f"killed-{whole_group}", workers=2)
    expected = contents(unbroken / STAGES[name])
    seconds = seconds_of(name)
    draws = random.Random(f"{name}{whole_group}")
    kills = 0
    for attempt in range(8):
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            assert process.wait(seconds * draws.uniform(0.4, 0.95)) == 0
            assert contents(out) == expected
            shutil.rmtree(out)
            seconds *= 0.7  # the machine has less to do than when a run was timed
        except subprocess.TimeoutExpired:
            (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        if attempt % 2:  # else the next run starts while the workers of this one may still live
            _wait_until_gone(process.pid, processes_of)
        if kills == (2 if name == "tokenize" else 4):
            break
    _finished(words, out, expected, contents)
    _wait_until_gone(process.pid, processes_of)
    assert kills >= 2


def _wait_until_gone(session: int, processes_of: Processes) -> None:
    deadline = time.monotonic() + 15
    while processes_of(session) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_of(session) == []


@pytest.mark.parametrize("fresh", [False, True], ids=["first", "replacing"])
def test_killed_at_every_step_to_the_output(again: Again, unbroken: Path, contents: Contents, fresh: bool) -> None:
    expected = contents(unbroken / "documents")
    words, out = again("template", f"steps-{fresh}")
    arguments = words[words.index("template") :]
    step, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        if out.exists() and not fresh:
            shutil.rmtree(out)
        step += 1 if 20 <= step < 27 else 5  # shards and notes before, removals after are all alike
        command = [*crashing(step), *arguments, *(["--fresh"] if fresh else [])]
        code = subprocess.run(command, stderr=subprocess.DEVNULL, timeout=300).returncode
        assert step < 90
        _finished(words, out, expected, contents)
    assert (code, step > 30) == (0, True)


@pytest.mark.parametrize(("name", "line"), [("tokenize", "tokenize: vocabulary"), ("normalize", "normalize: pictures")])
@pytest.mark.parametrize("workers", [1, 2])
def test_asked_to_end_a_stage_says_that_it_can_go_on(
    again: Again,
    unbroken: Path,
    contents: Contents,
    processes_of: Processes,
    name: str,
    line: str,
    workers: int,
) -> None:
    words, out = again(name, f"stopped-{workers}", workers=workers)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith(line)
    process.send_signal(signal.SIGTERM)
    output, talk = process.communicate(timeout=60)
    assert (process.returncode, output) == (5, "")
    assert talk.endswith("error: stopped before the end\nhint: the same command goes on where this one stopped\n")
    _wait_until_gone(process.pid, processes_of)
    assert not out.exists()
    _finished(words, out, contents(unbroken / STAGES[name]), contents)


def test_an_interrupt_from_the_keyboard_is_told_once(again: Again, processes_of: Processes) -> None:
    words, out = again("normalize", "interrupted", workers=2)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None and process.stderr.readline().startswith("normalize: pictures")
    os.killpg(process.pid, signal.SIGINT)
    _, talk = process.communicate(timeout=60)
    assert process.returncode == 5
    assert "Traceback" not in talk and talk.count("stopped before the end") == 1
    _wait_until_gone(process.pid, processes_of)
    assert not out.exists()
