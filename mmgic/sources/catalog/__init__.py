"""The catalog: what is known of each data set, one TOML file each beside this module.

Cost: the files are read and checked together, once, when the catalog is first asked for.
"""

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import get_args

import msgspec

from mmgic.errors import InputError, UsageError
from mmgic.schema.catalog import CatalogEntry, CatalogFile, Kind
from mmgic.shards.folder import is_safe_name


@cache
def catalog() -> Mapping[str, CatalogEntry]:
    """Every entry by its name: detection sets, then captions, then benchmarks, each in the order of their names."""
    return entries_from(files("mmgic.sources.catalog"))


def entries_from(folder: Traversable) -> Mapping[str, CatalogEntry]:
    """The entries of a folder of TOML files.

    Raises:
        InputError: a file is not as it must be, or two say different things of one file; names the TOML file and the field.
    """
    kinds = get_args(Kind)
    found = [_entry(item) for item in folder.iterdir() if item.name.endswith(".toml")]
    entries = {entry.name: entry for entry in sorted(found, key=lambda entry: (kinds.index(entry.kind), entry.name))}
    for name, entry in entries.items():
        _check_needs(name, entry, entries)
    _check_urls(entries)
    return MappingProxyType(entries)


def entry_named(name: str) -> CatalogEntry:
    """The entry called `name`.

    Raises:
        UsageError: there is none; the hint names the nearest.
    """
    entries = catalog()
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"the catalog has no `{name}`", where="NAME", hint=f"{hint}known are {', '.join(entries)}")
    return entries[name]


def _entry(item: Traversable) -> CatalogEntry:
    where = f"mmgic/sources/catalog/{item.name}"
    try:
        entry = msgspec.toml.decode(item.read_bytes(), type=CatalogEntry)
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
    ) as error:  # what is of a wrong type or breaks a rule, with its path
        raise InputError(f"an entry of the catalog is broken: {error}", where=where) from None
    if f"{entry.name}.toml" != item.name:
        raise InputError(f"the entry is called `{entry.name}`, its file is not", where=f"{where}, name")
    for file in entry.all_files():
        if not is_safe_name(file.name):
            raise InputError(f"`{file.name}` would leave the raw folder", where=f"{where}, files.name")
    return entry


def _check_needs(name: str, entry: CatalogEntry, entries: Mapping[str, CatalogEntry]) -> None:
    for need in entry.needs:
        other, _, file = need.partition("/")
        if other not in entries or file not in {listed.name for listed in entries[other].all_files()}:
            raise InputError(f"no entry lists `{need}`", where=f"mmgic/sources/catalog/{name}.toml, needs")


def _check_urls(entries: Mapping[str, CatalogEntry]) -> None:
    """The bytes of a URL are the same wherever it is listed."""
    seen: dict[str, tuple[str, CatalogFile]] = {}
    for name, entry in entries.items():
        for file in entry.all_files():
            for url in file.urls:
                other, first = seen.setdefault(url, (name, file))
                if (first.num_bytes, first.sha256, first.md5) != (file.num_bytes, file.sha256, file.md5):
                    where = f"mmgic/sources/catalog/{name}.toml, files.{file.name}"
                    raise InputError(f"{url} has other bytes in {other}.toml", where=where)
