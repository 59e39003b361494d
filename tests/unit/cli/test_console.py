"""The console: talk on stderr, data on stdout; errors in three lines; a bar on a terminal alone; NO_COLOR."""

import contextlib
import os
import pty

import pytest

from mmgic.cli.console import ProgressReport, say, show_error, show_json
from mmgic.errors import InputError


def test_talk_and_data_keep_apart(capsys: pytest.CaptureFixture[str]) -> None:
    say("hello")
    show_json({"a": [1, 2.5]})
    assert tuple(capsys.readouterr()) == ('{"a":[1,2.5]}\n', "hello\n")


def test_an_error_says_what_where_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(InputError("it is gone", where="a/b", hint="look again"))
    assert capsys.readouterr().err == "error: it is gone\n  at a/b\nhint: look again\n"
    show_error(InputError("it is gone"))
    assert capsys.readouterr().err == "error: it is gone\n"


def test_progress_is_a_line_at_the_start_and_then_one_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("mmgic.cli.console.time.monotonic", lambda: clock[0])
    with ProgressReport("template", quiet=False) as progress:
        for step, (done, total) in enumerate([(0, 5000), (1, 5000), (2, 5000), (1234, 5000), (3, None)]):
            clock[0] = 1000.0 + [0, 30, 59, 61, 130][step]
            progress("records", done, total)
    assert (
        capsys.readouterr().err
        == "template: records 0 of 5,000\ntemplate: records 1,234 of 5,000\ntemplate: records 3\n"
    )
    with ProgressReport("template", quiet=True) as progress:
        progress("records", 0, 1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("no_color", [False, True])
def test_on_a_terminal_there_is_a_bar_and_colour_unless_it_is_refused(
    no_color: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, side = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    with os.fdopen(side, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        with ProgressReport("template", quiet=False) as progress:
            progress("records", 3, 5)
            progress("pictures", 1, None)
        show_error(InputError("it is gone", hint="look"))
    seen = ""
    with contextlib.suppress(OSError):  # Linux answers so at the end of what a closed terminal was sent
        while data := os.read(main, 1 << 16):
            seen += data.decode(errors="replace")
    os.close(main)
    assert "template: records" in seen and "template: pictures" in seen and "3/5" in seen
    colours = [code for code in ("\x1b[31m", "\x1b[36m", "\x1b[32m", "\x1b[90m") if code in seen]
    assert bool(colours) == (not no_color)
    assert ("error: it is gone" in seen) == no_color
