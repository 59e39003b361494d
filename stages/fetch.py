"""fetch: takes local sets in their native layout, or makes the built-in ones, and writes a ledger of every file.

Reads a folder of one source (`--source NAME --in DIR`), or those of params `fetch.origins`. Writes native files as they are and
pictures as tars below `<out>/<source>/`, a `ledger.jsonl.zst` a source (path, bytes, BLAKE3, licence, origin, tar) and the
manifest. Params: `fetch`, `common.seed`. What was whole when a run was killed is not taken again; built-in sources are made
anew.

Example: mmgic fetch --source coco --in coco/ --out data/raw --params params.yaml
"""

from collections import Counter
from collections.abc import Iterator

import msgspec
from blake3 import blake3

from mmgic.errors import InputError, UsageError
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import InputRef, LedgerLine, Manifest, ShardEntry
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import new_manifest
from mmgic.shards.work import Work
from mmgic.sources import SOURCES, Source, source_named
from mmgic.sources.raw import LEDGER
from mmgic.sources.taking import taken_files, taken_pictures


def plan(call: StageCall) -> Plan:
    """What would be taken or made."""
    counts: dict[str, int] = {}
    num_bytes = 0
    reads = []
    for name, (source, origin) in _sources(call).items():
        if origin is None:
            if name == "scenes":
                sizes = call.params.fetch.scenes.train, call.params.fetch.scenes.val
                counts["pictures.scenes"] = sum(size if call.limit is None else min(size, call.limit) for size in sizes)
            continue
        reads.append(origin.url)
        files = list(source.local_files(origin))
        counts[f"files.{name}"] = len(files)
        counts[f"pictures.{name}"] = sum(1 for _ in source.local_pictures(origin, call.limit))
        num_bytes += sum(origin.fs.size(origin.file(file)) for file in files)
    return Plan(reads=", ".join(reads) or "installed packages", writes=call.out.url, counts=counts, num_bytes=num_bytes)


def run(call: StageCall) -> Outcome:
    """Takes or makes the files of every source."""
    sources = _sources(call)
    tree = {**section_tree(call.params, "fetch"), "sources": list(sources), "limit": call.limit}
    identity = new_manifest("raw", tree, tree_digest(tree), _origins(sources), shards=[], counts={})
    with Work(call.out, identity, fresh=call.fresh) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True)
        return Outcome(work.commit(_fetched(call, sources, work)))


def _fetched(call: StageCall, sources: dict[str, tuple[Source, Folder | None]], work: Work) -> Manifest:
    counts: Counter[str] = Counter()
    entries: list[ShardEntry] = []

    def lines(name: str, source: Source, origin: Folder | None) -> Iterator[LedgerLine]:
        for line in _lines(call, source, origin, work):
            what = "pictures" if line.shard else "files"
            counts[f"{what}.{name}" if line.state == "ok" else f"failed.{name}.{line.cause}"] += 1
            call.progress(f"files and pictures of {name}", sum(counts.values()), None)
            shard = f"{name}/{line.shard}" if line.shard else ""
            yield msgspec.structs.replace(line, path=f"{name}/{line.path}", shard=shard)

    for name, (source, origin) in sources.items():
        entries.append(write_lines(work.files, f"{name}/{LEDGER}", "", lines(name, source, origin)))
    facts = {"sources": list(sources)}
    return msgspec.structs.replace(work.manifest, shards=entries, counts=dict(sorted(counts.items())), facts=facts)


def _lines(call: StageCall, source: Source, origin: Folder | None, work: Work) -> Iterator[LedgerLine]:
    out, params = work.files / source.name, call.params.fetch
    if origin is None:
        yield from source.generate(out, params, call.params.common.seed, call.limit)
        return
    yield from taken_files(origin, out, source.local_files(origin))
    yield from taken_pictures(
        source,
        origin,
        out,
        work.units.folder / source.name,
        limit=call.limit,
        per_tar=params.pictures_per_tar,
        max_bytes=params.max_picture_bytes,
    )


def _sources(call: StageCall) -> dict[str, tuple[Source, Folder | None]]:
    """Each source with the folder of its local set, None where it makes its own files."""
    name = call.extra.get("source")
    local = [source.name for source in SOURCES.values() if source.is_local]
    if name is None and call.source is not None:
        raise UsageError("--in needs --source", hint=f"one of: {', '.join(local)}")
    found: dict[str, tuple[Source, Folder | None]] = {}
    for wanted in [name] if name else call.params.fetch.sources:
        source = source_named(wanted)
        origin = call.source
        if origin is None and wanted in call.params.fetch.origins:
            origin = Folder(call.params.fetch.origins[wanted])
        if source.is_local and origin is None:
            hint = f"--source {wanted} --in DIR, or params fetch.origins: {{{wanted}: DIR}}"
            raise UsageError(f"source {wanted} is taken from a local folder", where="--in", hint=hint)
        if not source.is_local and origin is not None:
            raise UsageError(f"source {wanted} makes its own files and takes no --in", where="--in")
        if origin is not None and not origin.exists():
            raise InputError("no such folder", where=origin.url)
        found[wanted] = source, origin
    return found


def _origins(sources: dict[str, tuple[Source, Folder | None]]) -> dict[str, InputRef]:
    """Each local set as an input: its path, and a digest of its native files and of the names and sizes of all that it holds.

    The second is a sum of hashes, which no order matters to: a folder of millions of pictures is never listed whole.
    """
    refs: dict[str, InputRef] = {}
    for name, (source, origin) in sources.items():
        if origin is None:
            continue
        digest = blake3()
        for file in source.local_files(origin):
            with origin.open(file) as stream:
                while data := stream.read(1 << 22):
                    digest.update(data)
        total = sum(int.from_bytes(blake3(f"{path}\0{size}".encode()).digest()) for path, size in origin.walk())
        digest.update(str(total).encode())
        refs[f"origin.{name}"] = InputRef(path=origin.url, digest=digest.hexdigest())
    return refs
