"""fetch: takes local sets in their native layout, or makes the built-in ones, and writes a ledger of every file.

Reads a folder of one source (`--source NAME --in DIR`), or nothing. Writes `<out>/<source>/...`, `ledger.jsonl` (path, bytes,
BLAKE3, licence, origin) and the manifest. Params: `fetch`, `common.seed`. A file of a local set that was whole when
a run was killed is not taken again; built-in sources are made anew.

Example: mmgic fetch --source coco --in coco/ --out data/raw --params params.yaml
"""

from collections.abc import Iterator

import msgspec
from blake3 import blake3

from mmgic.errors import InputError, UsageError
from mmgic.execution.call import Outcome, Plan, StageCall
from mmgic.params import section_tree, tree_digest
from mmgic.schema.manifests import InputRef, LedgerLine, Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest
from mmgic.shards.work import Work
from mmgic.sources import SOURCES, Source, source_named
from mmgic.sources.raw import LEDGER

_CHUNK = 1 << 22
_ANNOTATIONS = (".json", ".jsonl", ".tsv")


def plan(call: StageCall) -> Plan:
    """What would be taken or made."""
    sources = _sources(call)
    counts = {f"files.{name}": len(list(_local(call, source))) for name, source in sources.items() if source.is_local}
    if "scenes" in sources:
        sizes = call.params.fetch.scenes.train, call.params.fetch.scenes.val
        counts["pictures.scenes"] = sum(size if call.limit is None else min(size, call.limit) for size in sizes)
    num_bytes = 0
    if call.source:
        num_bytes = sum(
            call.source.fs.size(call.source.file(line.path))
            for s in _sources(call).values()
            for line in _local(call, s)
        )
    return Plan(
        reads=call.source.url if call.source else "installed packages",
        writes=call.out.url,
        counts=counts,
        num_bytes=num_bytes,
    )


def run(call: StageCall) -> Outcome:
    """Takes or makes the files of every source."""
    sources = _sources(call)
    tree = {**section_tree(call.params, "fetch"), "sources": list(sources), "limit": call.limit}
    identity = new_manifest("raw", tree, tree_digest(tree), _origins(call, sources), shards=[], counts={})
    with Work(call.out, identity, fresh=call.fresh) as work:
        if work.is_done:
            return Outcome(work.manifest, was_done=True)
        return Outcome(work.commit(_fetched(call, sources, work)))


def _fetched(call: StageCall, sources: dict[str, Source], work: Work) -> Manifest:
    counts: dict[str, int] = {}
    total = 0
    with work.files.writing(LEDGER) as ledger:
        for name, source in sources.items():
            folder = work.files / name
            if source.is_local:
                lines = _taken(call, source, folder)
            else:
                lines = source.generate(folder, call.params.fetch, call.params.common.seed, call.limit)
            counts[f"files.{name}"] = 0
            for line in lines:
                ledger.write(msgspec.json.encode(msgspec.structs.replace(line, path=f"{name}/{line.path}")) + b"\n")
                counts[f"files.{name}"] += 1
                total += 1
                call.progress("files", total, None)
        entry = ledger.entry(LEDGER, "", total)
    return msgspec.structs.replace(work.manifest, shards=[entry], counts=counts, facts={"sources": list(sources)})


def _sources(call: StageCall) -> dict[str, Source]:
    name = call.extra.get("source")
    if name is None:
        if call.source is not None:
            raise UsageError(
                "--in needs --source", hint=f"one of: {', '.join(s.name for s in SOURCES.values() if s.is_local)}"
            )
        return {name: source_named(name) for name in call.params.fetch.sources}
    source = source_named(name)
    if source.is_local and call.source is None:
        raise UsageError(f"source {name} is taken from a local folder", where="--in", hint=f"--source {name} --in DIR")
    if not source.is_local and call.source is not None:
        raise UsageError(f"source {name} makes its own files and takes no --in", where="--in")
    return {name: source}


def _local(call: StageCall, source: Source) -> Iterator[LedgerLine]:
    """The files of a local set, cut to `--limit`."""
    if call.source is None or not call.source.exists():
        raise InputError("no such folder", where=call.source.url if call.source else "--in")
    return source.local_files(call.source, call.limit)


def _origins(call: StageCall, sources: dict[str, Source]) -> dict[str, InputRef]:
    """A local set as an input: its path, and a digest of its annotations and of the names and sizes of its pictures."""
    if call.source is None:
        return {}
    digest = blake3()
    for source in sources.values():
        for line in _local(call, source):
            digest.update(f"{line.path}\0{call.source.fs.size(call.source.file(line.path))}\n".encode())
            if line.path.endswith(_ANNOTATIONS):
                digest.update(call.source.read(line.path))
    return {"origin": InputRef(path=call.source.url, digest=digest.hexdigest())}


def _taken(call: StageCall, source: Source, folder: Folder) -> Iterator[LedgerLine]:
    """Copies the files of a local set, or hashes those that an earlier run left whole."""
    if call.source is None:
        return
    for line in _local(call, source):
        size = call.source.fs.size(call.source.file(line.path))
        if folder.exists(line.path) and folder.fs.size(folder.file(line.path)) == size:
            with folder.open(line.path) as stream:
                digest = blake3()
                while data := stream.read(_CHUNK):
                    digest.update(data)
            yield msgspec.structs.replace(line, num_bytes=size, blake3=digest.hexdigest())
            continue
        with call.source.open(line.path) as stream, folder.writing(line.path) as copy:
            while data := stream.read(_CHUNK):
                copy.write(data)
            entry = copy.entry(line.path, "", 0)
        yield msgspec.structs.replace(line, num_bytes=entry.num_bytes, blake3=entry.blake3)
