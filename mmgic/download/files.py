"""Large files of the catalog: each below the source's folder, taken up where an earlier process left it, checked when whole.

1. Bytes go into `<name>.part`; its URL and the server's name of this state of the file stand beside it. A try that broke off
   after some bytes does not count.
2. A whole file is read once more: size and hash are compared with what the catalog knows, its BLAKE3 goes into the ledger.
3. A line about it is kept, so that the next run neither asks nor reads it again.

Memory is a few chunks of each of the files that are fetched at once.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from blake3 import blake3

from mmgic.download.bodies import FileBody, name_whole_file
from mmgic.download.causes import CAUSES
from mmgic.download.client import Answer, Client, Terms
from mmgic.download.loop import run_loop
from mmgic.errors import MmgicError
from mmgic.schema.catalog import CatalogFile
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import Folder

_AT_ONCE = 4
_CHUNK = 1 << 22
_PACKED = ("gzip", "x-gzip")

FileProgress = Callable[[str, int, int | None], None]
"""Called with a file's name, how many bytes of it there are, and its size where one is known."""


def taken_catalog_files(
    files: Sequence[CatalogFile],
    out: Path,
    notes: Folder,
    params: FetchParams,
    *,
    license: str,
    progress: FileProgress = lambda name, num_bytes, total: None,
) -> list[LedgerLine]:
    """Fetches files into a local folder; returns their lines in order, paths relative to it.

    Args:
        notes: where a line about each whole file is kept.
        license: what the lines say.

    Raises:
        MmgicError: one of them cannot be had; the others were fetched first and are kept.
    """
    return run_loop(_all(files, out, notes, params, license, progress))


async def _all(
    files: Sequence[CatalogFile], out: Path, notes: Folder, params: FetchParams, license: str, progress: FileProgress
) -> list[LedgerLine]:
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(client: Client, file: CatalogFile) -> LedgerLine:
        note = f"{file.name.replace('/', '%2F')}.json"
        if notes.exists(note) and name_whole_file(out / file.name):
            return msgspec.json.decode(notes.read(note), type=LedgerLine)
        async with places:
            line = await _taken(client, file, out, params, progress)
        line = msgspec.structs.replace(line, license=license)
        if line.state == "ok":
            notes.write(note, msgspec.json.encode(line))
            name_whole_file(out / file.name)
        return line

    try:
        async with Client(params) as client, asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one(client, file)) for file in files]
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    lines = [task.result() for task in running]
    failed = [line for line in lines if line.state == "failed"]
    if failed:
        raise MmgicError(
            f"{len(failed)} of {len(lines)} files cannot be had: "
            + ", ".join(f"{line.path} ({_told(line)})" for line in failed),
            where=failed[0].origin,
            hint=f"{failed[0].cause}: {CAUSES[failed[0].cause].hint}",  # type: ignore[index]  # causes are of this table
        )
    return lines


def _told(line: LedgerLine) -> str:
    return f"{line.cause}, HTTP {line.status}" if line.status else line.cause


async def _taken(
    client: Client, file: CatalogFile, out: Path, params: FetchParams, progress: FileProgress
) -> LedgerLine:
    """A file from the first of its URLs that gives it."""
    size = file.num_bytes if isinstance(file.num_bytes, int) else None
    terms = Terms(
        params.max_file_bytes,
        timeout_s=None,
        num_bytes=size,
        # Many servers call a packed file an encoded one: its bytes are those wanted.
        encodings=frozenset(_PACKED if file.name.endswith((".gz", ".tgz")) else ()),
        has_opt_outs=False,
    )
    line = LedgerLine(file.name)
    for url in file.urls:
        with FileBody(out / file.name, url, lambda num_bytes: progress(file.name, num_bytes, size)) as body:
            for _ in range(params.download.tries):
                answer = await _whole(client, url, body, terms)
                tries = line.tries + answer.tries
                line = LedgerLine(file.name, origin=url, tries=tries, status=answer.status)
                if answer.cause:
                    line = msgspec.structs.replace(line, state="failed", cause=answer.cause)
                    break
                is_right, digest = await asyncio.to_thread(_checked, body.part, file)
                if is_right:
                    return msgspec.structs.replace(line, num_bytes=body.num_bytes, blake3=digest)
                body.begin("")
                line = msgspec.structs.replace(line, state="failed", cause="wrong_hash")
    return line


async def _whole(client: Client, url: str, body: FileBody, terms: Terms) -> Answer:
    """Asks until the body is whole or a round of tries brings nothing more."""
    tries = 0
    while True:
        before = body.num_bytes
        answer = await client.download(url, body, terms)
        tries += answer.tries
        if not answer.cause or not CAUSES[answer.cause].is_retryable or body.num_bytes <= before:
            break
    if not answer.cause and terms.num_bytes not in (None, body.num_bytes):
        body.begin("")
        answer = Answer("wrong_size", status=answer.status)
    return msgspec.structs.replace(answer, tries=tries)


def _checked(path: Path, file: CatalogFile) -> tuple[bool, str]:
    """Whether a file has the hashes that the catalog knows, and its BLAKE3."""
    own = blake3(max_threads=blake3.AUTO)
    known = [
        (hashlib.new(name, usedforsecurity=False), wanted)
        for name, wanted in (("sha256", file.sha256), ("md5", file.md5))
        if wanted
    ]
    with path.open("rb") as stream:
        while data := stream.read(_CHUNK):
            own.update(data)
            for digest, _ in known:
                digest.update(data)
        os.fsync(stream.fileno())  # a note comes next that it is whole, and a power cut must not leave that alone
    return all(digest.hexdigest() == wanted for digest, wanted in known), own.hexdigest()
