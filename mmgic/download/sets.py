"""Files of the catalog to a folder that looks like a set which somebody downloaded by hand and unpacked.

1. `files/` has what was downloaded, `set/` the same by links.
2. Of an archive that holds annotations `set/` has the members, at their names below the archive's own folder. An archive of
   pictures, which shows by its first file, stays as it is: pictures are taken from it without unpacking.

What was unpacked is noted, and not unpacked again. Memory is a few megabytes.
"""

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

import msgspec

from mmgic.download.files import FileProgress, taken_catalog_files
from mmgic.errors import InputError
from mmgic.schema.catalog import CatalogFile
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.shards.archives import BrokenMember, Member, archive_members
from mmgic.shards.folder import Folder, is_safe_name

_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_CHUNK = 1 << 22


def downloaded_set(
    files: Sequence[CatalogFile], place: Path, params: FetchParams, *, license: str, progress: FileProgress
) -> tuple[Folder, dict[str, LedgerLine]]:
    """Downloads files below `place` and returns the set's folder, and of each of its files where it came from.

    Raises:
        MmgicError: a file cannot be had; see `taken_catalog_files`.
        InputError: an archive is broken, or would unpack to outside of its folder.
    """
    downloads, notes = Folder(str(place / "files")), Folder(str(place / "notes"))
    lines = taken_catalog_files(files, place / "files", notes / "files", params, license=license, progress=progress)
    origins: dict[str, LedgerLine] = {}
    for file, line in zip(files, lines, strict=True):
        members = _unpacked(downloads, file.name, Folder(str(place / "set")), notes, params) if file.archive else {}
        for name, member in members.items():
            origins[name] = LedgerLine(name, license=license, origin=f"{line.origin}#{member}")
        if not members:
            origins[file.name] = line
            _link(place / "files" / file.name, place / "set" / file.name)
    return Folder(str(place / "set")), origins


def _unpacked(downloads: Folder, archive: str, out: Folder, notes: Folder, params: FetchParams) -> dict[str, str]:
    """The members of an archive of annotations by the names that they got; none of one of pictures."""
    note = f"unpacked/{archive.replace('/', '%2F')}.json"
    if notes.exists(note):
        return msgspec.json.decode(notes.read(note), type=dict[str, str])
    names: dict[str, str] = {}
    for member in archive_members(downloads, archive):
        if not member.is_file or member.name.rpartition("/")[2].startswith("."):
            continue
        if member.name.lower().endswith(_PICTURES):
            if not names:
                break
            continue
        name = posixpath.normpath(posixpath.join(posixpath.dirname(archive), member.name))
        if not is_safe_name(member.name) or not is_safe_name(name):
            raise InputError(f"a member would leave the folder: {member.name!r}", where=downloads.file(archive))
        _unpack(member, name, out, params.max_file_bytes, downloads.file(archive))
        names[name] = member.name
    notes.write(note, msgspec.json.encode(names))
    return names


def _unpack(member: Member, name: str, out: Folder, max_bytes: int, where: str) -> None:
    num_bytes = 0
    try:
        with out.writing(name) as stream:
            for data in member.chunks(_CHUNK):
                num_bytes += len(data)
                if num_bytes > max_bytes:
                    raise InputError(f"{member.name} has more than max_file_bytes {max_bytes:,}", where=where)
                stream.write(data)
    except BrokenMember as error:
        raise InputError(
            f"cannot unpack {member.name}: {error}", where=where, hint="is the download whole? get it again"
        ) from error


def _link(path: Path, link: Path) -> None:
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, link)
