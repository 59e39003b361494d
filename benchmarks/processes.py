"""The runner's end of the processes that do the work. Each library has one of its own, with its memory to itself."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 29), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
"""Freed memory stays with the process (glibc): else page faults decide, not the libraries."""


class EngineFailed(Exception):
    """An engine raised where it ran; the message is its own."""


class Process:
    """A child that answers one line for each line."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        self._child = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line that the child says."""
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise EngineFailed(f"{self._child.args!r} ended with {self._child.wait()}")
        return line

    def ask(self, line: str) -> str:
        """The child's answer to a line."""
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise EngineFailed(f"{self._child.args!r} ended with {self._child.wait()}") from error
        return self.line()

    def close(self) -> None:
        """Ends the child."""
        assert self._child.stdin is not None and self._child.stdout is not None
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()


class PeerProcess(Process):
    """A worker module on some Python: it says hello with its engines, versions and what is missing, then answers commands."""

    def __init__(
        self, python: Path, module: str, arguments: Sequence[str | Path], environment: Mapping[str, str]
    ) -> None:
        super().__init__([python, "-m", module, *arguments], environment)
        hello = json.loads(self.line())
        self.engines: list[tuple[str, str]] = [(work, name) for work, name in hello["engines"]]
        self.versions: dict[str, str] = hello["versions"]
        self.missing: dict[str, str] = hello["missing"]

    def command(self, **command: Any) -> dict[str, Any]:
        """The answer to a command.

        Raises:
            EngineFailed: The engine raised, or the process ended.
        """
        answer: dict[str, Any] = json.loads(self.ask(json.dumps(command)))
        if "error" in answer:
            raise EngineFailed(answer["error"])
        return answer
