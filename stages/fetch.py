"""fetch: takes local sets, downloads those of the catalog and the pictures of URL tables, or makes the built-in sets.

Reads a folder of one source (`--source NAME --in DIR`), or those of params `fetch.origins`; without either the files that the
catalog lists for the source are downloaded. Where tables name pictures by URL, these are asked for.

Writes native files as they are and pictures as tars below `<out>/<source>/`, a `ledger.jsonl.zst` a source (path, bytes,
BLAKE3, licence, origin, tar; what failed with its cause) and the manifest. Params: `fetch`, `common.seed`. What was whole or
recorded when a run was killed is not taken or asked again; built-in sources are made anew.

With `--retry-failed` the URLs of a finished folder that failed are asked again, and what comes is put into it.

Example: mmgic fetch --source coco --in coco/ --out data/raw --params params.yaml
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from mmgic.download.pictures import taken_urls
from mmgic.download.retry import RetriedCauses, is_pending, num_retryable, retried
from mmgic.download.sets import downloaded_set
from mmgic.download.summary import count_name, summary_lines
from mmgic.errors import UsageError
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import LedgerLine, Manifest, ShardEntry
from mmgic.schema.params import Columns
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import new_manifest, read_manifest
from mmgic.shards.work import Work
from mmgic.sources.origins import Origin, origin_refs, origins_of
from mmgic.sources.raw import LEDGER
from mmgic.sources.taking import taken_files, taken_pictures


def plan(call: StageCall) -> Plan:
    """What would be taken, asked for or made."""
    if causes := call.extra.get("retry_failed"):
        manifest = read_manifest(call.out, "raw")
        counts = {f"urls.{name}": num_retryable(manifest, name, causes) for name in _retried_sources(call, manifest)}
        return Plan(reads=call.out.url, writes=call.out.url, counts=counts, num_bytes=0)
    counts, num_bytes, reads = Counter[str](), 0, []
    for name, origin in _origins(call).items():
        if origin.folder is not None:
            folder, source = origin.folder, origin.source
            reads.append(folder.url)
            files = list(source.local_files(folder))
            counts[f"files.{name}"] = len(files)
            counts[f"pictures.{name}"] = sum(1 for _ in source.local_pictures(folder, call.limit))
            if source.has_urls:
                counts[f"urls.{name}"] = sum(1 for _ in source.url_rows(folder, _columns(call, name), call.limit))
            num_bytes += sum(folder.fs.size(folder.file(file)) for file in files)
        elif origin.entry is not None:
            reads.append(f"catalog:{origin.entry.name}")
            counts[f"downloads.{name}"] = len(origin.files)
            num_bytes += sum(file.num_bytes for file in origin.files if isinstance(file.num_bytes, int))
        elif name == "scenes":
            sizes = call.params.fetch.scenes.train, call.params.fetch.scenes.val
            counts["pictures.scenes"] = sum(size if call.limit is None else min(size, call.limit) for size in sizes)
    return Plan(reads=", ".join(reads) or "installed packages", writes=call.out.url, counts=counts, num_bytes=num_bytes)


def run(call: StageCall) -> Outcome:
    """Takes, downloads or makes the files of every source.

    Raises:
        UsageError: the call makes no sense, or downloads are to go to a folder that is not local.
        TooManyBadError: too few of the last URLs came; what came is kept for the next run.
        MmgicError: a file of the catalog cannot be had.
    """
    if causes := call.extra.get("retry_failed"):
        return _asked_again(call, causes)
    origins = _origins(call)
    tree = {**section_tree(call.params, "fetch"), "sources": list(origins), "limit": call.limit}
    identity = new_manifest("raw", tree, tree_digest(tree), origin_refs(origins), shards=[], counts={})
    with Work(call.out, identity, fresh=call.fresh) as work:
        if work.is_done:
            _drop_downloads(call.out, origins)
            return Outcome(work.manifest, was_done=True)
        with _downloads(call.out, origins) as downloads:
            manifest = work.commit(_fetched(call, origins, work, downloads))
    return Outcome(manifest, lines=tuple(summary_lines(manifest.counts, origins)))


def _origins(call: StageCall) -> dict[str, Origin]:
    """Where each source comes from."""
    name, files = call.extra.get("source"), call.extra.get("files") or ()
    has_accepted = bool(call.extra.get("terms_accepted"))
    origins = origins_of(call.params.fetch, name, call.source, files, has_accepted=has_accepted)
    if not call.out.is_local and any(origin.entry or origin.source.has_urls for origin in origins.values()):
        raise UsageError("downloads need a local --out", where=call.out.url, hint="copy the finished folder afterwards")
    return origins


def _columns(call: StageCall, name: str) -> Columns:
    return next((columns for source, columns in call.params.fetch.columns.items() if source == name), {})


def _fetched(call: StageCall, origins: dict[str, Origin], work: Work, downloads: Path) -> Manifest:
    counts: Counter[str] = Counter()
    entries: list[ShardEntry] = []

    def lines(name: str, origin: Origin) -> Iterator[LedgerLine]:
        for line in _lines(call, origin, work, downloads / name):
            counts[count_name(line, name)] += 1
            call.progress(f"files and pictures of {name}", sum(counts.values()), None)
            shard = f"{name}/{line.shard}" if line.shard else ""
            yield msgspec.structs.replace(line, path=f"{name}/{line.path}", shard=shard)

    for name, origin in origins.items():
        entries.append(write_lines(work.files, f"{name}/{LEDGER}", "", lines(name, origin)))
    facts = {"sources": list(origins)}
    return msgspec.structs.replace(work.manifest, shards=entries, counts=dict(sorted(counts.items())), facts=facts)


def _lines(call: StageCall, origin: Origin, work: Work, downloads: Path) -> Iterator[LedgerLine]:
    source, folder, params = origin.source, origin.folder, call.params.fetch
    out = work.files / source.name
    known: dict[str, LedgerLine] = {}
    if origin.entry is not None:
        license = origin.entry.license_annotations
        folder, known = downloaded_set(origin.files, downloads, params, license=license, progress=call.progress)
    if folder is None:
        yield from source.generate(out, params, call.params.common.seed, call.limit)
        return
    for line in taken_files(folder, out, source.local_files(folder)):
        found = known.get(line.path, line)
        facts = {"license": found.license, "origin": found.origin, "tries": found.tries, "status": found.status}
        yield msgspec.structs.replace(line, **facts)
    yield from taken_pictures(
        source,
        folder,
        out,
        work.units.folder / source.name,
        limit=call.limit,
        per_tar=params.pictures_per_tar,
        max_bytes=params.max_picture_bytes,
    )
    if source.has_urls:
        rows = source.url_rows(folder, _columns(call, source.name), call.limit)
        yield from taken_urls(
            (LedgerLine(f"{row.number:09d}", license=row.license, origin=row.url) for row in rows),
            out,
            Path(work.root.path) / f"urls-{source.name}",
            params,
            progress=_counting(call, f"URLs of {source.name}"),
        )


def _counting(call: StageCall, what: str) -> Callable[[int], None]:
    return lambda num_done: call.progress(what, num_done, None)


@contextmanager
def _downloads(out: Folder, origins: dict[str, Origin]) -> Iterator[Path]:
    """The hidden folder of downloads beside `--out`, for one run at a time; runs with other params find them again.

    They go when the block ends without an error: then all is in `--out`.
    """
    place = Path(out.sibling(f".{out.name}.downloads").path)
    names = [name for name, origin in origins.items() if origin.entry is not None]
    if not names:
        yield place
        return
    place.mkdir(parents=True, exist_ok=True)
    lock = FileLock(str(place / "lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError("another run downloads here", where=str(place), hint="wait for it to end") from error
    try:
        yield place
        for name in names:
            if (place / name).exists():
                shutil.rmtree(place / name)
        if {path.name for path in place.iterdir()} == {"lock"}:
            shutil.rmtree(place)
    finally:
        lock.release()


def _drop_downloads(out: Folder, origins: dict[str, Origin]) -> None:
    """Ends a run that was killed when all was in `--out` and its downloads were still there."""
    if Path(out.sibling(f".{out.name}.downloads").path).exists():
        with suppress(UsageError), _downloads(out, origins):  # or another run is at them
            pass


def _asked_again(call: StageCall, causes: RetriedCauses) -> Outcome:
    """Asks the failed URLs of a finished folder again."""
    manifest = read_manifest(call.out, "raw")
    sources = _retried_sources(call, manifest)
    names = [name for name in sources if num_retryable(manifest, name, causes) or is_pending(call.out, name)]
    for name in names:
        manifest = retried(
            call.out,
            name,
            call.params.fetch,
            causes=causes,
            limit=call.limit,
            progress=_counting(call, f"URLs of {name}"),
        )
    lines = summary_lines(manifest.counts, names) or [_none_left(manifest, sources, causes)]
    return Outcome(manifest, was_done=not names, lines=tuple(lines))


def _none_left(manifest: Manifest, sources: list[str], causes: RetriedCauses) -> str:
    rest = 0 if causes == "all" else sum(num_retryable(manifest, name, "all") for name in sources)
    if not rest:
        return "no failed URL is left to ask again"
    return f"{rest} failed URLs have causes that do not pass by themselves: `--retry-failed all` asks them too"


def _retried_sources(call: StageCall, manifest: Manifest) -> list[str]:
    if call.source is not None or call.extra.get("files"):
        raise UsageError("--retry-failed asks the URLs of --out again and goes without --in and --file")
    name, known = call.extra.get("source"), list(manifest.facts.get("sources", []))
    if name is not None and name not in known:
        raise UsageError(f"the folder has no source {name}", where=call.out.url, hint=f"it has {', '.join(known)}")
    return [name] if name else known
