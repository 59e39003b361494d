"""Reads and writes `manifest.json`, and refuses what does not match, naming both values."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
from blake3 import blake3

import mmgic
from mmgic.errors import InputError
from mmgic.schema.manifests import SCHEMA_VERSION, FolderKind, InputRef, Manifest, Rejection, ShardEntry
from mmgic.shards.folder import Folder, is_safe_name

Item = TypeVar("Item")

MANIFEST = "manifest.json"
REJECTED = "rejected.jsonl"

_SPLIT = re.compile(r"[A-Za-z0-9_-]*")

_MADE_BY: dict[FolderKind, str] = {
    "raw": "mmgic fetch",
    "exclusions": "mmgic decontaminate",
    "records": "mmgic normalize",
    "documents": "mmgic template",
    "sequences": "mmgic tokenize",
    "model": "mmgic pretrain",
    "results": "mmgic eval",
}


def new_manifest(
    kind: FolderKind, params: dict[str, Any], digest: str, inputs: dict[str, InputRef], **rest: Any
) -> Manifest:
    """A manifest of this version of the tool."""
    return Manifest(
        schema_version=SCHEMA_VERSION,
        kind=kind,
        tool_version=mmgic.__version__,
        params_digest=digest,
        params=params,
        inputs=inputs,
        **rest,
    )


def write_manifest(folder: Folder, manifest: Manifest) -> None:
    """Writes the manifest; call it after everything else."""
    folder.write(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def read_manifest(folder: Folder, kind: FolderKind) -> Manifest:
    """The manifest of a folder of `kind`.

    Raises:
        InputError: no folder, no manifest, another kind, or another schema version.
    """
    if not folder.exists():
        raise InputError("no such folder", where=folder.url, hint=f"`{_MADE_BY[kind]}` makes it")
    if not folder.exists(MANIFEST):
        raise InputError(
            f"not a finished folder of {kind}: it has no {MANIFEST}",
            where=folder.url,
            hint=f"`{_MADE_BY[kind]}` makes one",
        )
    where = folder.file(MANIFEST)
    try:
        tree = msgspec.json.decode(folder.read(MANIFEST))
    except msgspec.DecodeError as error:
        raise InputError(f"cannot read the manifest: {error}", where=where) from error
    found = tree.get("schema_version") if isinstance(tree, dict) else None
    if found != SCHEMA_VERSION:
        raise InputError(
            f"manifest of schema version {found}, this tool reads {SCHEMA_VERSION}",
            where=where,
            hint=f"make the folder again with `{_MADE_BY[kind]}`",
        )
    try:
        manifest = msgspec.convert(tree, Manifest)
    except msgspec.ValidationError as error:
        raise InputError(f"cannot read the manifest: {error}", where=where) from error
    if manifest.kind != kind:
        raise InputError(
            f"a folder of {manifest.kind} where one of {kind} is wanted",
            where=folder.url,
            hint=f"`{_MADE_BY[kind]}` makes one",
        )
    for entry in manifest.shards:
        if not is_safe_name(entry.name) or not _SPLIT.fullmatch(entry.split):
            raise InputError(f"shard name leaves the folder: {entry.name!r}, split {entry.split!r}", where=where)
    return manifest


def fact(manifest: Manifest, name: str, folder: Folder) -> Any:
    """What a folder's manifest says of `name`.

    Raises:
        InputError: it says nothing.
    """
    if name not in manifest.facts:
        raise InputError(
            f"the manifest has no fact `{name}`",
            where=folder.file(MANIFEST),
            hint=f"`{_MADE_BY[manifest.kind]}` writes it",
        )
    return manifest.facts[name]


def manifest_digest(manifest: Manifest) -> str:
    """Hex BLAKE3 of all that the manifest says but the paths of its inputs, so that a moved folder keeps its digest."""
    tree = msgspec.to_builtins(manifest)
    tree["inputs"] = {name: ref.digest for name, ref in manifest.inputs.items()}
    return str(blake3(msgspec.json.encode(tree, order="deterministic")).hexdigest())


def input_ref(folder: Folder, manifest: Manifest, seen_from: Folder) -> InputRef:
    """How a folder made at `seen_from` refers to its input: a relative path where both are local, else the URL."""
    path = folder.url
    if folder.is_local and seen_from.is_local:
        path = os.path.relpath(folder.path, seen_from.path)
    return InputRef(path=path, digest=manifest_digest(manifest))


def input_folder(folder: Folder, manifest: Manifest, name: str) -> Folder:
    """The folder that `manifest` names as its input `name`.

    Raises:
        InputError: it names none.
    """
    if name not in manifest.inputs:
        raise InputError(f"the manifest names no input `{name}`", where=folder.file(MANIFEST))
    ref = manifest.inputs[name]
    url = (
        os.path.normpath(os.path.join(folder.path, ref.path)) if folder.is_local and "://" not in ref.path else ref.path
    )
    return Folder(url)


def check_input(folder: Folder, manifest: Manifest, ref: InputRef, made_from_it: Folder) -> None:
    """Refuses an input that is not the one a folder was made from.

    Raises:
        InputError: the digests differ; both are named.
    """
    found = manifest_digest(manifest)
    if found != ref.digest:
        raise InputError(
            f"{folder.url} has digest {found[:16]}, but {made_from_it.url} was made from {ref.digest[:16]}",
            where=folder.url,
            hint=f"make {made_from_it.url} again from it",
        )


def write_rejections(folder: Folder, rejections: Iterable[Rejection]) -> dict[str, int]:
    """Writes `rejected.jsonl` in the given order and returns the count of each cause, sorted by name."""
    counts: Counter[str] = Counter()
    with folder.writing(REJECTED) as stream:
        for rejection in rejections:
            counts[rejection.cause] += 1
            stream.write(msgspec.json.encode(rejection) + b"\n")
    return dict(sorted(counts.items()))


class ShardCut(msgspec.Struct, frozen=True):
    """The first `count` records of a shard: all of them, or fewer under `--limit`."""

    entry: ShardEntry
    count: int

    def of(self, items: Iterable[Item]) -> Iterator[Item]:
        """The first `count` of the shard's items; the rest is read too, since a shard's hash is known at its end."""
        for number, item in enumerate(items):
            if number < self.count:
                yield item


def limited(shards: Iterable[ShardEntry], limit: int | None) -> list[ShardCut]:
    """Shards cut so that each split has at most `limit` records; all of them without a limit."""
    if limit is None:
        return [ShardCut(entry, entry.count) for entry in shards]
    taken: Counter[str] = Counter()
    cuts: list[ShardCut] = []
    for entry in shards:
        count = min(entry.count, limit - taken[entry.split])
        taken[entry.split] += count
        if count:
            cuts.append(ShardCut(entry, count))
    return cuts
