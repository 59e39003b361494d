"""The runner's end of the processes that do the work: Python environments, and the Rust core without Python."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.images.samples import SIDE_PX, Sample

ROOT = Path(__file__).resolve().parents[2]

KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 29), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
"""Freed memory stays with the process (glibc): else page faults decide, not decoding."""


class EngineFailed(Exception):
    """An engine raised where it ran; the message is its own."""


class _Process:
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

    def _line(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise EngineFailed(f"{self._child.args!r} ended with {self._child.wait()}")
        return line

    def _ask(self, line: str) -> str:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()
        return self._line()

    def close(self) -> None:
        """Ends the child."""
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.close()
        self._child.wait()
        self._child.stdout.close()


class Peers(_Process):
    """`benchmarks.images.worker` on some Python. `engines` lists (work, name); times are CPU and wall seconds."""

    def __init__(self, python: Path, folder: Path, families: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__([python, "-m", "benchmarks.images.worker", folder.resolve(), ",".join(families)], environment)
        hello = json.loads(self._line())
        self.engines: list[tuple[str, str]] = [(work, name) for work, name in hello["engines"]]
        self.versions: dict[str, str] = hello["versions"]
        self.missing: dict[str, str] = hello["missing"]

    def time(self, work: str, engine: str, samples: Sequence[Sample], threads: int) -> dict[str, float]:
        """Seconds of one run: `cpu` and `wall`."""
        return self._command(do="time", work=work, engine=engine, samples=[s.name for s in samples], threads=threads)

    def save(self, work: str, engine: str, sample: Sample, to: Path) -> None:
        """Writes what the engine makes of a sample as .npy."""
        self._command(do="save", work=work, engine=engine, samples=[sample.name], threads=0, to=str(to))

    def _command(self, **command: Any) -> dict[str, float]:
        answer: dict[str, Any] = json.loads(self._ask(json.dumps(command)))
        if "error" in answer:
            raise EngineFailed(answer["error"])
        return answer


class Core(_Process):
    """The example `time_images` of the Rust core: the same calls without Python, on one thread, in wall seconds."""

    def __init__(self, program: Path, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__([program.resolve()], environment)
        self._folder = folder.resolve()

    def time(self, work: str, sample: Sample) -> dict[str, float]:
        """Seconds of one run."""
        crops = " ".join(str(value) for value in sample.crops.ravel().tolist()) if work == "crops" else ""
        line = f"{SIDE_PX if work == 'crops' else 0} {self._folder / sample.name} {crops}".strip()
        answer = self._ask(line).strip()
        try:
            return {"wall": float(answer)}
        except ValueError as error:
            raise EngineFailed(answer) from error
