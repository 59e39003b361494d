"""What every stage is called with, and what it answers: the seam between the command line and the six programs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmgic.errors import UsageError
from mmgic.execution.cores import available_cores
from mmgic.schema.manifests import Manifest
from mmgic.schema.params import Params
from mmgic.shards.folder import Folder

Progress = Callable[[str, int, int | None], None]
"""Called with what is counted, how many are done, and how many there will be (None: unknown)."""


@dataclass(frozen=True)
class StageCall:
    """A stage's arguments after the command line was read.

    `source` is the input folder of the stage (None for `fetch` without `--in`); `extra` holds the options that one stage
    alone has.
    """

    source: Folder | None
    out: Folder
    params: Params
    progress: Progress
    limit: int | None = None
    workers: int = 1
    fresh: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def input(self) -> Folder:
        """The input folder.

        Raises:
            UsageError: none was given.
        """
        if self.source is None:
            raise UsageError("no input folder", hint="--in FOLDER")
        return self.source

    @property
    def threads(self) -> int:
        """Threads of the Rust core in one worker: the cores, shared out."""
        return max(1, available_cores() // max(1, self.workers))


@dataclass(frozen=True)
class Plan:
    """What a stage would do: for `--dry-run`."""

    reads: str
    writes: str
    counts: Mapping[str, int]
    num_bytes: int


@dataclass(frozen=True)
class Outcome:
    """What a stage did. `was_done` where the output stood finished already; `lines` are for people, with paths to open."""

    manifest: Manifest
    was_done: bool = False
    metrics: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
