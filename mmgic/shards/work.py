"""The unfinished output of one run of a stage: a hidden folder beside `--out`, moved into place by one rename.

1. `.<out>.work-<digest>/files` holds finished shards, `units/` a line about each unit of work that is done. The digest covers
   tool version, params and inputs, so another run never takes up these files.
2. A unit's line is written after its shards. A killed run is taken up at the first unit without one.
3. `commit` writes `manifest.json` last and renames `files` to `--out`; what it replaces is moved aside first, so that a run
   killed here finds `--out` whole or not there. DVC never sees the hidden folder.
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from filelock import FileLock, Timeout

from mmgic.errors import InputError, UsageError
from mmgic.params import tree_digest
from mmgic.schema.manifests import Manifest, Rejection, ShardEntry
from mmgic.shards.folder import PART, Folder
from mmgic.shards.manifest import MANIFEST, read_manifest, write_manifest

LOCK = "lock"


class UnitNote(msgspec.Struct, frozen=True):
    """What became of a unit of work: the shards that it wrote, what it rejected, and its counts."""

    entries: list[ShardEntry]
    rejections: list[Rejection]
    counts: dict[str, int]


class UnitNotes:
    """The notes of finished units, so that a killed run is taken up where it was. Goes to workers as it is."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder

    def once(self, name: str, make: Callable[[], UnitNote]) -> UnitNote:
        """The note of unit `name`: from an earlier run, or from `make`, which must have written all the unit's files."""
        if self.folder.exists(f"{name}.json"):
            return self.read(name)
        note = make()
        self.folder.write(f"{name}.json", msgspec.json.encode(note))
        return note

    def read(self, name: str) -> UnitNote:
        """The note of unit `name`, which is done."""
        return msgspec.json.decode(self.folder.read(f"{name}.json"), type=UnitNote)


class Work:
    """Open with `with`; local folders are locked, so that two runs never write the same output.

    Args:
        out: where the finished folder goes.
        manifest: the manifest to be, without shards and counts; its params, inputs and version are the run's identity.
        fresh: drop what earlier runs left, finished or not, whatever their params.

    Raises:
        UsageError: `out` is an input, or holds something that is not ours, or another run of ours and `fresh` is off, or is
            being written.
    """

    def __init__(self, out: Folder, manifest: Manifest, *, fresh: bool) -> None:
        self.out = out
        self.manifest = manifest
        self.fresh = fresh
        self.digest = _identity(manifest)
        self.root = out.sibling(f"{_prefix(out)}{self.digest[:16]}")
        self.files = self.root / "files"
        self.units = UnitNotes(self.root / "units")
        self._lock: FileLock | None = None
        self.is_done = False
        self.was_done = False

    def __enter__(self) -> Self:
        # A raw folder keeps its inputs as they were given, every other one as seen from itself.
        itself = self.out.url if self.manifest.kind == "raw" else "."
        if any(ref.path in (itself, self.out.url) for ref in self.manifest.inputs.values()):
            raise UsageError("the output folder is an input of this run", where=self.out.url, hint="give another --out")
        found = _finished(self.out, self.manifest)
        if found and not self.fresh:
            if _identity(found) != self.digest:
                raise UsageError(
                    f"output folder holds another run: {_difference(found, self.manifest)}",
                    where=self.out.url,
                    hint="give another --out, or --fresh to replace it",
                )
            self.is_done = self.was_done = True
            self.manifest = found
            if self.root.exists() and not _is_locked(self.root):
                self._remove(self.root)
            return self
        self.root.make()
        if self.root.is_local:
            self._lock = FileLock(str(Path(self.root.path) / LOCK))
            try:
                self._lock.acquire(timeout=0)
            except Timeout as error:
                raise UsageError(
                    "another run is writing this output", where=self.root.url, hint="wait for it to end"
                ) from error
        if self.fresh:
            self._remove_works()
        self.files.make()
        self.units.folder.make()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock:
            self._lock.release()

    def commit(self, manifest: Manifest) -> Manifest:
        """Writes the manifest last and moves the folder into place.

        Raises:
            UsageError: another run finished the same output meanwhile.
        """
        for path in self.files.fs.find(self.files.path):
            if PART.search(path):
                self.files.fs.rm(path)
        write_manifest(self.files, manifest)
        replaced = self.root / "replaced"
        if self.out.exists():
            if self.out.names() and not self.fresh:
                raise UsageError(
                    "another run finished this output meanwhile",
                    where=self.out.url,
                    hint="give another --out, or --fresh",
                )
            if replaced.exists():
                self._remove(replaced)
            self.out.fs.mv(self.out.path, replaced.path, recursive=True)
        self.out.fs.mv(self.files.path, self.out.path, recursive=True)
        self._remove(self.root)
        self.is_done = True
        self.manifest = manifest
        return manifest

    def _remove_works(self) -> None:
        """Empties this run's work folder (it holds the lock) and removes the others that no run is writing."""
        for name in self.root.names():
            if name != LOCK:
                self.root.fs.rm(self.root.file(name), recursive=True)
        for other in unfinished_works(self.out):
            if other.path != self.root.path and not _is_locked(other):
                self._remove(other)

    @staticmethod
    def _remove(folder: Folder) -> None:
        folder.fs.rm(folder.path, recursive=True)


def unfinished_works(out: Folder) -> list[Folder]:
    """The work folders beside an output: what unfinished runs left, or are writing."""
    return [out.sibling(name) for name in out.sibling("").names() if name.startswith(_prefix(out))]


def _prefix(out: Folder) -> str:
    return f".{out.name}.work-"


def _finished(out: Folder, wanted: Manifest) -> Manifest | None:
    """The manifest of a finished output of the same kind; nothing where the folder is missing or empty."""
    if not out.exists() or not out.names():
        return None
    if not out.exists(MANIFEST):
        raise UsageError(
            "output folder is not empty and not ours", where=out.url, hint="give another --out, or empty it"
        )
    try:
        return read_manifest(out, wanted.kind)
    except InputError as error:
        raise UsageError(
            f"output folder is not ours: {error}", where=out.url, hint="give another --out, or remove it"
        ) from error


def _difference(found: Manifest, wanted: Manifest) -> str:
    """What tells two runs apart, in both values: the first of tool version, inputs and params."""
    if found.tool_version != wanted.tool_version:
        return f"of version {found.tool_version}, this is {wanted.tool_version}"
    for name, ref in wanted.inputs.items():
        other = found.inputs.get(name)
        if other is None or other.digest != ref.digest:
            old = "none" if other is None else f"{other.path} ({other.digest[:12]})"
            return f"its {name} are {old}, this run has {ref.path} ({ref.digest[:12]})"
    return f"params {found.params_digest[:12]}, this run has {wanted.params_digest[:12]}"


def _identity(manifest: Manifest) -> str:
    return tree_digest(
        {
            "kind": manifest.kind,
            "schema": manifest.schema_version,
            "tool": manifest.tool_version,
            "params": manifest.params_digest,
            "inputs": {name: ref.digest for name, ref in manifest.inputs.items()},
        }
    )


def _is_locked(work: Folder) -> bool:
    if not work.is_local or not work.exists(LOCK):
        return False
    lock = FileLock(work.file(LOCK))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
