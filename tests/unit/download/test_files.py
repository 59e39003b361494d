"""Files of the catalog: whole, checked, taken up after a kill, from the first URL that gives them."""

import hashlib
import os
import threading
from pathlib import Path

import pytest
from blake3 import blake3

from mmgic.download.files import taken_catalog_files
from mmgic.errors import MmgicError
from mmgic.schema.catalog import CatalogFile
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import Folder
from tests.unit.download.conftest import Settings
from tests.unit.download.programs import started, take_file
from tests.unit.download.server import Request, Server

_DATA = os.urandom(700_000)


def _file(name: str, *urls: str, **facts: object) -> CatalogFile:
    return CatalogFile(name=name, urls=list(urls), holds="bytes", source="here", **facts)


def _taken(place: Path, params: FetchParams, *files: CatalogFile) -> list[LedgerLine]:
    return taken_catalog_files(files, place / "out", Folder(str(place / "notes")), params, license="CC0-1.0")


def _ranged(data: bytes, most: int, tag: str = '"v1"') -> object:
    """A page that gives at most so many bytes and then hangs up, from any start."""

    async def page(request: Request) -> None:
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if start and request.headers["if-range"] != tag:
            start = 0
        if start >= len(data):
            await request.reply(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            return
        head = f"Content-Length: {len(data) - start}\r\nETag: {tag}\r\n"
        if start:
            head += f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n"
        await request.send(f"HTTP/1.1 {206 if start else 200} x\r\n{head}\r\n".encode() + data[start : start + most])
        request.writer.close()

    return page


def test_files_with_what_the_catalog_knows_of_them(server: Server, settings: Settings, tmp_path: Path) -> None:
    url = server.serve("/a", _DATA)
    known = {
        "num_bytes": len(_DATA),
        "sha256": hashlib.sha256(_DATA).hexdigest(),
        "md5": hashlib.md5(_DATA).hexdigest(),
    }
    files = [
        _file("a.zip", url, **known),
        _file("deep/b.csv", url),
        _file("c.gz", server.serve("/c", _DATA, {"Content-Encoding": "x-gzip"})),
    ]
    lines = _taken(tmp_path, settings(), *files)
    assert lines[:2] == [
        LedgerLine(name, len(_DATA), blake3(_DATA).hexdigest(), "CC0-1.0", url, tries=1, status=200)
        for name in ("a.zip", "deep/b.csv")
    ]
    found = {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    assert found == {"a.zip": _DATA, "deep/b.csv": _DATA, "c.gz": _DATA}
    assert _taken(tmp_path, settings(), *files) == lines
    assert len(server.log) == 3


def test_what_was_removed_is_fetched_again_and_what_was_whole_gets_its_name(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    """A kill may fall between the line about a whole file and its renaming."""
    files = _file("a", server.serve("/a", _DATA)), _file("b", server.serve("/b", _DATA))
    lines = _taken(tmp_path, settings(), *files)
    (tmp_path / "out" / "a").rename(tmp_path / "out" / "a.part")
    (tmp_path / "out" / "b").unlink()
    assert _taken(tmp_path, settings(), *files) == lines
    assert server.asked == {"/a": 1, "/b": 2}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b"]


def test_a_file_comes_in_many_pieces_whatever_the_number_of_tries(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    server.pages["/a"] = _ranged(_DATA, 30_000)
    (line,) = _taken(
        tmp_path, settings(tries=2), _file("a", server.url("/a"), sha256=hashlib.sha256(_DATA).hexdigest())
    )
    assert (line.num_bytes, line.tries, line.status) == (700_000, 24, 206)
    assert (tmp_path / "out" / "a").read_bytes() == _DATA


def test_a_file_that_changed_since_the_process_before(server: Server, settings: Settings, tmp_path: Path) -> None:
    old, new = bytes(700_000), _DATA
    server.pages["/a"] = _ranged(old, 300_000)

    async def gone(request: Request) -> None:
        await request.reply(404)

    pages = [_ranged(old, 300_000), gone]

    async def first_then_gone(request: Request) -> None:
        await pages[min(request.number, 2) - 1](request)

    server.pages["/a"] = first_then_gone
    with pytest.raises(MmgicError, match="not_found"):
        _taken(tmp_path, settings(), _file("a", server.url("/a")))
    assert (tmp_path / "out" / "a.part").stat().st_size == 300_000
    server.pages["/a"] = _ranged(new, 10**6, '"v2"')
    _taken(tmp_path, settings(), _file("a", server.url("/a")))
    assert server.log[-1].headers["if-range"] == '"v1"'
    assert (tmp_path / "out" / "a").read_bytes() == new


@pytest.mark.parametrize(
    ("facts", "cause", "asked"),
    [
        ({"sha256": "0" * 64}, "wrong_hash", 2),
        ({"md5": "0" * 32}, "wrong_hash", 2),
        ({"num_bytes": 5}, "wrong_size", 1),
    ],
)
def test_bytes_that_are_not_those_of_the_catalog(
    server: Server, settings: Settings, tmp_path: Path, facts: dict[str, object], cause: str, asked: int
) -> None:
    url = server.serve("/a", _DATA)
    server.serve("/b", _DATA)
    with pytest.raises(MmgicError) as caught:
        _taken(tmp_path, settings(tries=2), _file("a", url, **facts), _file("b", server.url("/b")))
    assert caught.value.what == f"1 of 2 files cannot be had: a ({cause}, HTTP 200)"
    assert caught.value.where == url and caught.value.hint.startswith(f"{cause}: not the ")
    assert server.asked == {"/a": asked, "/b": 1}
    assert not (tmp_path / "out" / "a").exists() and (tmp_path / "out" / "b").read_bytes() == _DATA


def test_a_size_that_no_header_told(server: Server, settings: Settings, tmp_path: Path) -> None:
    @server.page("/a")
    async def page(request: Request) -> None:
        await request.send(b"HTTP/1.1 200 x\r\n\r\n" + _DATA)
        request.writer.close()

    with pytest.raises(MmgicError, match="wrong_size"):
        _taken(tmp_path, settings(), _file("a", server.url("/a"), num_bytes=5))
    _taken(tmp_path, settings(), _file("a", server.url("/a"), num_bytes=len(_DATA)))


def test_the_next_url_is_asked_where_one_does_not_give_it(server: Server, settings: Settings, tmp_path: Path) -> None:
    server.serve("/broken", b"other bytes")
    server.serve("/a", _DATA)
    urls = [server.url("/gone"), server.url("/broken"), server.url("/a")]
    (line,) = _taken(tmp_path, settings(tries=1), _file("a", *urls, sha256=hashlib.sha256(_DATA).hexdigest()))
    assert (line.origin, line.tries, line.cause, line.state) == (urls[2], 3, "", "ok")


def test_limits_of_files_are_their_own(server: Server, settings: Settings, tmp_path: Path) -> None:
    url = server.serve("/a", _DATA, {"X-Robots-Tag": "noai"})
    with pytest.raises(MmgicError, match="too_many_bytes"):
        _taken(tmp_path, settings(max_file_bytes=1000), _file("a", url))
    _taken(tmp_path, settings(max_picture_bytes=1000), _file("a", url))


def test_trouble_of_the_disk_is_not_blamed_on_the_url(server: Server, settings: Settings, tmp_path: Path) -> None:
    url = server.serve("/a", _DATA, {"ETag": '"1"'})
    (tmp_path / "out" / "a.part.json.new").mkdir(parents=True)
    with pytest.raises(MmgicError, match="directory") as caught:
        _taken(tmp_path, settings(tries=3), _file("a", url))
    assert caught.value.where == str(tmp_path / "out" / "a.part")
    assert server.asked == {"/a": 1}


def test_a_killed_process_leaves_bytes_that_the_next_one_does_not_ask_for(
    server: Server, settings: Settings, params_path: Path, tmp_path: Path
) -> None:
    part, asked = tmp_path / "out" / "a.part", threading.Event()
    starts: list[int] = []

    @server.page("/a")
    async def page(request: Request) -> None:
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        starts.append(start)
        length = f'Content-Length: {len(_DATA) - start}\r\nETag: "v1"\r\n'
        if start:
            length += f"Content-Range: bytes {start}-{len(_DATA) - 1}/{len(_DATA)}\r\n"
        await request.send(f"HTTP/1.1 {206 if start else 200} x\r\n{length}\r\n".encode())
        end = min(start + 200_000, len(_DATA))
        await request.send(_DATA[start:end])
        if end < len(_DATA):
            asked.set()
            await request.reader.read()  # until the client is gone

    values = ["fetch.allow_private=true", "fetch.download.trust_env=false"]
    words = tmp_path, server.url("/a"), params_path, values
    for number in range(1, 4):
        asked.clear()
        with started(take_file, *words) as process:
            assert asked.wait(timeout=60)
            while not part.exists() or part.stat().st_size < number * 200_000:
                pass
            process.kill()
    with started(take_file, *words) as process:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert starts == [0, 200_000, 400_000, 600_000]
    assert (tmp_path / "out" / "a").read_bytes() == _DATA
