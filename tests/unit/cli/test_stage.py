"""A stage as a command, called in this process: reports, plans, metrics, and errors as exit codes."""

import errno
import os
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from mmgic import errors
from mmgic.cli.stage import guarded, stage_command


@pytest.fixture(autouse=True)
def sigterm() -> Iterator[None]:
    """Puts back the handler that a stage sets."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def fetch(tmp_path: Path, params_path: Path) -> Callable[..., Result]:
    """Calls `fetch` for five scenes."""

    def called(*arguments: str, out: Path = tmp_path / "raw") -> Result:
        sizes = [word for key in ("train=3", "val=2", "side_px=32") for word in ("--set", f"fetch.scenes.{key}")]
        words = [
            "--out",
            str(out),
            "--params",
            str(params_path),
            "--set",
            "fetch.sources=[scenes]",
            *sizes,
            *arguments,
        ]
        return CliRunner().invoke(stage_command("fetch", "x"), words)

    return called


def test_a_run_reports_on_stderr_and_again_stands(fetch: Callable[..., Result], tmp_path: Path) -> None:
    first, second = fetch(), fetch()
    assert (first.exit_code, first.stdout) == (0, "")
    assert f"fetch: {tmp_path}/raw is finished\n  files.scenes" in first.stderr
    assert f"fetch: {tmp_path}/raw stood finished already\n" in second.stderr


def test_json_goes_to_stdout_and_quiet_says_nothing(fetch: Callable[..., Result], tmp_path: Path) -> None:
    result = fetch("--json", "-q")
    assert result.stderr == ""
    assert msgspec.json.decode(result.stdout) == {
        "stage": "fetch",
        "out": str(tmp_path / "raw"),
        "was_done": False,
        "metrics": {"files.scenes": 4},
    }


def test_a_dry_run_plans_and_touches_nothing(fetch: Callable[..., Result], tmp_path: Path) -> None:
    result = fetch("--dry-run")
    assert result.stdout == ""
    assert result.stderr == f"reads  installed packages (0 bytes)\nwrites {tmp_path}/raw\ncounts 5 pictures.scenes\n"
    plan = msgspec.json.decode(fetch("--dry-run", "--json", "--limit", "2").stdout)
    assert plan == {
        "reads": "installed packages",
        "writes": str(tmp_path / "raw"),
        "counts": {"pictures.scenes": 4},
        "bytes": 0,
    }
    assert list(tmp_path.iterdir()) == []


def test_metrics_are_written_beside(fetch: Callable[..., Result], tmp_path: Path) -> None:
    fetch("--metrics", str(tmp_path / "results" / "fetch.json"))
    assert (tmp_path / "results" / "fetch.json").read_bytes() == b'{\n "files.scenes": 4\n}\n'


def test_options_of_one_stage_reach_it(fetch: Callable[..., Result]) -> None:
    result = fetch("--source", "folder")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: source folder is taken from a local folder\n  at --in\nhint: ")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (errors.UsageError("a", where="b", hint="c"), 2, "error: a\n  at b\nhint: c\n"),
        (errors.InputError("a"), 3, "error: a\n"),
        (errors.TooManyBadError("a"), 6, "error: a\n"),
        (
            KeyboardInterrupt(),
            5,
            "error: stopped before the end\nhint: the same command goes on where this one stopped\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "/x"),
            1,
            "error: No space left on device\n  at /x\n",
        ),
        (OSError("odd"), 1, "error: odd\n"),
        (
            sqlite3.OperationalError("database or disk is full"),
            1,
            f"error: database or disk is full\n  at {tempfile.gettempdir()}\n"
            "hint: make room where temporary files go, or name another place in TMPDIR\n",
        ),
    ],
)
def test_errors_become_exit_codes(
    error: BaseException,
    code: int,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    def fail() -> None:
        raise error

    assert guarded(fail) == code
    assert capsys.readouterr().err == text
    if not isinstance(error, KeyboardInterrupt):
        assert guarded(fail, verbose=2) == code
        told = capsys.readouterr().err
        assert told.startswith("Traceback")
        assert told.endswith(text)


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guarded(fail)


def test_a_request_to_end_is_a_stop(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: os.kill(os.getpid(), signal.SIGTERM)) == 5
    assert "stopped before the end" in capsys.readouterr().err
