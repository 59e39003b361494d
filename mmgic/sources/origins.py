"""Where `fetch` takes each source from: a local set, the catalog's downloads, or nowhere, since it makes its own files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from blake3 import blake3

from mmgic.errors import InputError, UsageError
from mmgic.schema.catalog import CatalogEntry, CatalogFile
from mmgic.schema.manifests import InputRef
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import Folder
from mmgic.sources.catalog import catalog
from mmgic.sources.registry import SOURCES, Source, source_named


@dataclass(frozen=True)
class Origin:
    """A source with the folder of its local set, or with the catalog's entry and its files, or with neither."""

    source: Source
    folder: Folder | None = None
    entry: CatalogEntry | None = None
    files: Sequence[CatalogFile] = ()


def origins_of(
    params: FetchParams, name: str | None, folder: Folder | None, files: Sequence[str], *, has_accepted: bool
) -> dict[str, Origin]:
    """The origin of each source that is to be fetched.

    Args:
        name: `--source`; without it those of the params.
        folder: `--in`.
        files: `--file`: names of the catalog's files, all where empty.
        has_accepted: whether the user has accepted the terms of a set that asks for that.

    Raises:
        UsageError: the call makes no sense.
        InputError: a local folder is not there.
    """
    if name is None and (folder is not None or files):
        local = [source.name for source in SOURCES.values() if source.is_local]
        raise UsageError(
            f"--{'in' if folder is not None else 'file'} needs --source", hint=f"one of: {', '.join(local)}"
        )
    found: dict[str, Origin] = {}
    for wanted in [name] if name else params.sources:
        source = source_named(wanted)
        place = folder
        if place is None and wanted in params.origins:
            place = Folder(params.origins[wanted])
        if not source.is_local and place is not None:
            raise UsageError(f"source {wanted} makes its own files and takes no --in", where="--in")
        if place is not None and files:
            raise UsageError("--file names files of the catalog and goes without a local set", where="--file")
        if place is not None and not place.exists():
            raise InputError("no such folder", where=place.url)
        is_download = source.is_local and place is None
        found[wanted] = _downloads(source, files, has_accepted) if is_download else Origin(source, place)
    return found


def origin_refs(origins: Mapping[str, Origin]) -> dict[str, InputRef]:
    """Each local set and each entry of the catalog as an input, with a digest.

    That of a set covers its native files, and the names and sizes of all that it holds. The second is a sum of hashes, which
    no order matters to: a folder of millions of pictures is never listed whole.
    """
    refs: dict[str, InputRef] = {}
    for name, origin in origins.items():
        if origin.folder is not None:
            refs[f"origin.{name}"] = InputRef(path=origin.folder.url, digest=_digest(origin.source, origin.folder))
        elif origin.entry is not None:
            text = msgspec.json.encode([[file.name, file.urls] for file in origin.files])
            refs[f"origin.{name}"] = InputRef(path=f"catalog:{origin.entry.name}", digest=blake3(text).hexdigest())
    return refs


def _digest(source: Source, folder: Folder) -> str:
    digest = blake3()
    for file in source.local_files(folder):
        with folder.open(file) as stream:
            while data := stream.read(1 << 22):
                digest.update(data)
    # Names of local files need not be UTF-8.
    entries = (f"{path}\0{size}".encode(errors="surrogateescape") for path, size in folder.walk())
    total = sum(int.from_bytes(blake3(entry).digest()) for entry in entries)
    digest.update(str(total).encode())
    return digest.hexdigest()


def _downloads(source: Source, names: Sequence[str], has_accepted: bool) -> Origin:
    local = f"--source {source.name} --in DIR, or params fetch.origins: {{{source.name}: DIR}}"
    entries = [entry for entry in catalog().values() if (entry.reader or entry.name) == source.name]
    if not entries:
        raise UsageError(f"source {source.name} is taken from a local folder", where="--in", hint=local)
    entry = entries[0]
    if len(entries) > 1 or entry.access == "form" or not (entry.files or entry.needs):
        known = ", ".join(f"`mmgic sources {entry.name}`" for entry in entries)
        raise UsageError(
            f"source {source.name} cannot be downloaded as it is", where="--in", hint=f"see {known}, then {local}"
        )
    if entry.access == "agreement" and not has_accepted:
        raise UsageError(
            f"source {source.name} is given to those who accept its terms",
            where="--terms-accepted",
            hint=f"{entry.how_to_get} Terms: `mmgic sources {entry.name}`",
        )
    return Origin(source, entry=entry, files=list(_chosen(entry, names)))


def _chosen(entry: CatalogEntry, names: Sequence[str]) -> Iterator[CatalogFile]:
    """The named files of an entry; without names all that are not optional, and what it needs of other entries."""
    known = {file.name: file for file in entry.all_files()}
    for need in entry.needs:
        other, _, name = need.partition("/")
        known |= {file.name: file for file in catalog()[other].all_files() if file.name == name}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(
            f"the catalog knows no file `{unknown[0]}` of {entry.name}",
            where="--file",
            hint=f"`mmgic sources {entry.name}` lists them",
        )
    yield from (file for name, file in known.items() if (name in names if names else not file.is_optional))
