"""URLs of a finished raw folder that failed: asked again, and what comes now is put into the folder that stands.

1. The failed lines of a source's ledger are the list; their pictures go into `pictures-retry<n>-00000.tar` and following, in
   the n-th retry. Tars that stand are not touched.
2. The new ledger has the same lines in the same order, those that were asked again with what became of them.
3. New tars, ledger and manifest wait in a hidden folder beside; a marker says that they are whole. Then they are moved, and the
   folder's manifest is written last, with what it says of other sources as it is by then. A run that was killed while it moved
   them is ended by the next, unless the folder was made anew meanwhile.

There is no floor under the success rate here: what fails again is what failed before. Memory is that of `pictures`.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock, Timeout

from mmgic.download.causes import CAUSES, is_retryable
from mmgic.download.pictures import taken_urls
from mmgic.download.summary import count_name
from mmgic.errors import UsageError
from mmgic.params import tree_digest
from mmgic.schema.manifests import LedgerLine, Manifest, ShardEntry
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import PART, Folder
from mmgic.shards.lines import read_lines, write_lines
from mmgic.shards.manifest import MANIFEST, read_manifest, write_manifest

RetriedCauses = Literal["retryable", "all"]
"""Which failures are asked again: those that another try may mend, or all."""

_READY = "ready"


def retried(
    out: Folder,
    source: str,
    params: FetchParams,
    *,
    causes: RetriedCauses,
    limit: int | None = None,
    progress: Callable[[int], None] = lambda num_done: None,
) -> Manifest:
    """Asks the failed URLs of a source again (the first `limit` of them), and returns the folder's new manifest.

    Raises:
        UsageError: the folder is not local, has no ledger of the source, or another run is at it.
        InputError: the folder is no finished raw folder.
    """
    if not out.is_local:
        raise UsageError("failed URLs can be asked again in a local folder alone", where=out.url)
    _ledger_of(read_manifest(out, "raw"), source)
    with _locked(out):
        entry = _ledger_of(read_manifest(out, "raw"), source)
        work = _work(out, source)
        work.mkdir(exist_ok=True)
        if not _is_ready(work, entry):
            _prepare(out, entry, source, params, work, causes, limit, progress)
        return _moved(work, out, source)


@contextmanager
def _locked(out: Folder) -> Iterator[None]:
    path = Path(out.path).with_name(f".{out.name}.retry.lock")
    lock = FileLock(str(path))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError("another run asks again in this folder", where=out.url, hint="wait for it to end") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def _prepare(
    out: Folder,
    entry: ShardEntry,
    source: str,
    params: FetchParams,
    work: Path,
    causes: RetriedCauses,
    limit: int | None,
    progress: Callable[[int], None],
) -> None:
    """Asks again, and writes the new tars, ledger and manifest into a folder that the marker then names."""
    content = {name: value for name, value in msgspec.to_builtins(params).items() if name != "download"}
    digest = tree_digest({"ledger": entry.blake3, "causes": causes, "limit": limit, "params": content})[:16]
    for other in work.iterdir():
        if other.is_dir() and other.name != digest:
            shutil.rmtree(other)
    files = Folder(str(work / digest / "files"))
    manifest = read_manifest(out, "raw")
    number = manifest.facts.get("retries", {}).get(source, 0) + 1
    lines = taken_urls(
        islice(_failed(out, entry, source, causes), limit),
        files / source,
        work / digest / "ledger",
        msgspec.structs.replace(params, download=msgspec.structs.replace(params.download, min_success_fraction=0.0)),
        prefix=f"pictures-retry{number}",
        progress=progress,
    )
    counts: Counter[str] = Counter()
    replaced = _counted(_replaced(out, entry, source, causes, limit, lines), source, counts)
    new = write_lines(files, entry.name, "", replaced)
    facts = {"retries": {source: number}}
    write_manifest(files, msgspec.structs.replace(manifest, shards=[new], counts=dict(counts), facts=facts))
    marker = work / f"{_READY}.part"
    marker.write_text(f"{digest} {entry.blake3}")
    marker.rename(work / _READY)


def _is_ready(work: Path, entry: ShardEntry) -> bool:
    """Whether an earlier run left all that is to replace the ledger `entry`, or has moved it in; what was of another goes."""
    if not (work / _READY).exists():
        return False
    digest, old = (work / _READY).read_text().split()
    files = Folder(str(work / digest / "files"))
    known = [old]
    if files.exists(MANIFEST):
        known += [new.blake3 for new in read_manifest(files, "raw").shards if new.name == entry.name]
    if entry.blake3 in known or len(known) == 1:  # or all is moved, and its removal was broken off
        return True
    (work / _READY).unlink()
    return False


def num_retryable(manifest: Manifest, source: str, causes: RetriedCauses) -> int:
    """How many URLs of a source would be asked again, by the counts of its manifest."""
    counts = {cause: manifest.counts.get(f"failed.{source}.{cause}", 0) for cause in CAUSES}
    return sum(count for cause, count in counts.items() if causes == "all" or is_retryable(cause))


def is_pending(out: Folder, source: str) -> bool:
    """Whether an earlier call was killed before its end."""
    return _work(out, source).exists()


def _work(out: Folder, source: str) -> Path:
    return Path(out.path).with_name(f".{out.name}.retry-{source}")


def _ledger_of(manifest: Manifest, source: str) -> ShardEntry:
    found = [entry for entry in manifest.shards if entry.name.startswith(f"{source}/")]
    if not found:
        raise UsageError(f"the folder has no ledger of source {source}", hint=f"mmgic fetch --source {source}")
    return found[0]


def _is_wanted(line: LedgerLine, causes: RetriedCauses) -> bool:
    return line.state == "failed" and line.cause in CAUSES and (causes == "all" or is_retryable(line.cause))


def _failed(out: Folder, entry: ShardEntry, source: str, causes: RetriedCauses) -> Iterator[LedgerLine]:
    for line in read_lines(out, entry, LedgerLine):
        if _is_wanted(line, causes):
            path = line.path.removeprefix(f"{source}/")
            yield LedgerLine(path, license=line.license, origin=line.origin)


def _replaced(
    out: Folder,
    entry: ShardEntry,
    source: str,
    causes: RetriedCauses,
    limit: int | None,
    answers: Iterator[LedgerLine],
) -> Iterator[LedgerLine]:
    num_asked = 0
    for line in read_lines(out, entry, LedgerLine):
        if not _is_wanted(line, causes) or num_asked == limit:
            yield line
            continue
        num_asked += 1
        new = next(answers)
        shard = f"{source}/{new.shard}" if new.shard else ""
        yield msgspec.structs.replace(new, path=line.path, shard=shard, tries=line.tries + new.tries)
    for _ in answers:  # to its end: the ledger of the run is closed there
        pass


def _counted(lines: Iterable[LedgerLine], source: str, counts: Counter[str]) -> Iterator[LedgerLine]:
    for line in lines:
        counts[count_name(line, source)] += 1
        yield line


def _is_of(name: str, source: str) -> bool:
    return name in (f"pictures.{source}", f"files.{source}") or name.startswith(f"failed.{source}.")


def _moved(work: Path, out: Folder, source: str) -> Manifest:
    """Moves what is whole into the folder, the manifest last; whatever was moved before is not there any more."""
    files = work / (work / _READY).read_text().split()[0] / "files"
    found = [path for path in files.rglob("*") if path.is_file() and not PART.search(path.name)]
    for path in sorted(found, key=lambda path: (not path.name.endswith(".tar"), path)):
        if path.name != MANIFEST:
            path.replace(Path(out.path) / path.relative_to(files))
    manifest = read_manifest(out, "raw")
    if (files / MANIFEST).exists():
        manifest = _joined(manifest, read_manifest(Folder(str(files)), "raw"), source)
        write_manifest(Folder(str(files.parent)), manifest)  # no half file may stay in the finished folder
        (files.parent / MANIFEST).replace(Path(out.path) / MANIFEST)
    for path in work.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    (work / _READY).unlink()
    work.rmdir()
    return manifest


def _joined(manifest: Manifest, new: Manifest, source: str) -> Manifest:
    """The folder's manifest with what a new one says of a source."""
    entry = _ledger_of(new, source)
    own = {name: count for name, count in new.counts.items() if _is_of(name, source)}
    others = {name: count for name, count in manifest.counts.items() if not _is_of(name, source)}
    retries = {**manifest.facts.get("retries", {}), source: new.facts["retries"][source]}
    return msgspec.structs.replace(
        manifest,
        shards=[entry if shard.name == entry.name else shard for shard in manifest.shards],
        counts=dict(sorted({**others, **own}.items())),
        facts={**manifest.facts, "retries": retries},
    )
