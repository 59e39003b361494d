"""Talk on stderr, data on stdout: progress bars on a terminal, a line a minute elsewhere; errors as what, where, hint."""

import os
import sys
import time
from types import TracebackType
from typing import Any, Self

import click
import msgspec

from mmgic.errors import MmgicError

_LINE_EVERY_S = 60.0


class ProgressReport:
    """Shows how far a stage is; a progress callable for `StageCall`."""

    def __init__(self, stage: str, *, quiet: bool) -> None:
        self._stage = stage
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._what = ""
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
            self._bar = Progress(
                *columns, TextColumn("{task.fields[note]}"), console=Console(stderr=True), transient=True
            )
            self._bar.start()
        return self

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Shows `done` of `total` of what is counted."""
        if self._bar is not None:
            if what != self._what:
                self._task = self._bar.add_task(f"{self._stage}: {what}", total=total, note="")
                self._what = what
            self._bar.update(self._task, completed=done, total=total)
        elif not self._quiet and (what != self._what or time.monotonic() - self._last >= _LINE_EVERY_S):
            self._what, self._last = what, time.monotonic()
            of = f" of {total:,}" if total is not None else ""
            say(f"{self._stage}: {what} {done:,}{of}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def say(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(text, err=True)


def show_json(value: Any) -> None:
    """One object for programs, on stdout."""
    click.echo(msgspec.json.encode(value).decode())


def show_error(error: MmgicError) -> None:
    """What, where and hint on stderr."""
    say(_styled("error:", fg="red", bold=True) + f" {error}")
    if error.where:
        say(f"  at {error.where}")
    if error.hint:
        say(_styled("hint:", fg="cyan") + f" {error.hint}")


def _styled(text: str, **style: Any) -> str:
    """As click styles it, but for NO_COLOR, which click does not know."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)
