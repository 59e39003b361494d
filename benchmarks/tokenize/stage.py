"""Stages of some checkout as child processes, with the seconds that they took: of wall, and of CPU with all their workers."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MAIN = "import sys; from mmgic.cli.main import main; sys.argv[0] = 'mmgic'; main()"


@dataclass(frozen=True)
class Checkout:
    """A checkout with a built library in its `mmgic/`; `overrides` are params of every stage."""

    path: Path
    overrides: tuple[str, ...]

    def command(self, *arguments: str | Path) -> list[str]:
        """A command of this checkout's `mmgic`, on this Python's packages."""
        sets = [word for override in self.overrides for word in ("--set", override)]
        params = ["--params", str(self.path / "params.yaml"), *sets]
        return [sys.executable, "-c", _MAIN, *map(str, arguments), *params, "--quiet"]

    def environment(self) -> dict[str, str]:
        """Where this checkout's modules are the first to be found, and nothing is kept of an earlier run."""
        return {**os.environ, "PYTHONPATH": str(self.path)}

    def run(self, *arguments: str | Path) -> dict[str, float]:
        """Runs a command; its `wall` and `cpu` seconds.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        command = self.command(*arguments)
        before, start = os.times(), time.perf_counter()
        subprocess.run(command, cwd=self.path, env=self.environment(), check=True)
        wall, after = time.perf_counter() - start, os.times()
        cpu = after.children_user - before.children_user + after.children_system - before.children_system
        return {"wall": wall, "cpu": cpu}


def make_documents(checkout: Checkout, coco: Path, work: Path, workers: int) -> Path:
    """Fetches, normalizes and templates the set with the checkout's own code, below `work`; returns the documents."""
    shutil.rmtree(work, ignore_errors=True)
    raw, records, documents = work / "raw", work / "records", work / "documents"
    checkout.run("fetch", "--source", "coco", "--in", coco, "--out", raw)
    checkout.run("normalize", "--in", raw, "--out", records, "--workers", str(workers))
    checkout.run("template", "--in", records, "--out", documents, "--workers", str(workers))
    return documents


def tokenize_arguments(documents: Path, work: Path, workers: int, records: int) -> Sequence[str | Path]:
    """Arguments of a `tokenize` of the first so many records that finds nothing of an earlier one."""
    out, cache = work / "sequences", work / "codes"
    for folder in (out, cache):
        shutil.rmtree(folder, ignore_errors=True)
    counts = ["--workers", str(workers), "--limit", str(records)]
    return ["tokenize", "--in", documents, "--out", out, "--cache", cache, "--fresh", *counts]
