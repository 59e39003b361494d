"""A list of URLs to tars and ledger lines: in the order of the list, with a cause for what did not come, at any length."""

import asyncio
import gzip
import random
import tarfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from mmgic.download.ledger import Ledger
from mmgic.download.pictures import taken_urls
from mmgic.errors import MmgicError, TooManyBadError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import Folder
from tests.unit.download.conftest import Settings
from tests.unit.download.server import Request, Server

Picture = Callable[..., bytes]


def _wanted(server: Server, paths: Iterable[str]) -> Iterator[LedgerLine]:
    for number, path in enumerate(paths):
        yield LedgerLine(f"{number:09d}", license="CC0-1.0", origin=server.url(path))


def _taken(place: Path, wanted: Iterable[LedgerLine], params: FetchParams) -> list[LedgerLine]:
    return list(taken_urls(wanted, Folder(str(place / "out")), place / "ledger", params))


def _tars(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((place / "out").glob("*"))}


def _members(place: Path) -> list[list[str]]:
    names = []
    for path in sorted((place / "out").iterdir()):
        with tarfile.open(path) as tar:
            names.append(tar.getnames())
    return names


def test_pictures_and_causes_in_the_order_of_the_list(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    png, jpeg = picture(), picture(format="JPEG")
    server.serve("/a.jpg", png)
    server.serve("/b", jpeg, {"Content-Type": "text/html"})
    server.serve("/page.jpg", b"<!doctype html><html>")
    server.serve("/small.png", picture(3, 3))
    server.serve("/packed", gzip.compress(png), {"Content-Encoding": "gzip"})
    server.serve("/bomb", gzip.compress(png + bytes(10**7)), {"Content-Encoding": "gzip"})
    paths = ["/a.jpg", "/gone", "/b", "/page.jpg", "/small.png", "/packed", "/bomb"]
    params = settings(pictures_per_tar=5, min_picture_side_px=4, max_picture_bytes=10**6)
    lines = _taken(tmp_path, [*_wanted(server, paths), LedgerLine("000000007", origin="no url")], params)
    assert [(line.path, line.cause, line.status, line.tries) for line in lines] == [
        ("000000000", "", 200, 1),
        ("000000001", "not_found", 404, 1),
        ("000000002", "", 200, 1),
        ("000000003", "html_page", 200, 1),
        ("000000004", "too_small_picture", 200, 1),
        ("000000005", "", 200, 1),
        ("000000006", "encoded_body", 200, 1),
        ("000000007", "bad_url", 0, 0),
    ]
    assert all(line.license == "CC0-1.0" and line.origin.startswith("http://127") for line in lines[:7])
    expected = {0: ("pictures-00000.tar", png), 2: ("pictures-00000.tar", jpeg), 5: ("pictures-00001.tar", png)}
    for number, line in enumerate(lines):
        shard, data = expected.get(number, ("", b""))
        assert (line.shard, line.state, line.num_bytes) == (shard, "ok" if shard else "failed", len(data))
        if shard:
            found = (tmp_path / "out" / shard).read_bytes()[line.offset : line.offset + line.num_bytes]
            assert (found, line.blake3) == (data, blake3(data).hexdigest())
    assert _members(tmp_path) == [["000000000.png", "000000002.jpg"], ["000000005.png"]]
    assert list((tmp_path / "ledger").glob("*.spool")) == []


def test_lines_with_other_paths_are_numbered(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    url = server.serve("/a", picture())
    wanted = [LedgerLine(f"val2017/{name}.jpg", origin=url) for name in ("x", "y", "../z")]
    lines = _taken(tmp_path, wanted, settings(pictures_per_tar=2))
    assert [line.path for line in lines] == [line.path for line in wanted]
    assert _members(tmp_path) == [["000000000.png", "000000001.png"], ["000000002.png"]]


def test_the_same_bytes_whatever_the_order_of_arrival(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    pictures = {f"/{number}": picture(10 + number, 10) for number in range(60)}
    order = random.Random(5)

    async def page(request: Request) -> None:
        for _ in range(order.randrange(40)):
            await asyncio.sleep(0)
        await request.reply(200 if request.path in pictures else 404, pictures.get(request.path, b""))

    server.otherwise = page
    results = []
    for concurrency in (1, 7, 64):
        place = tmp_path / str(concurrency)
        lines = _taken(
            place, _wanted(server, [f"/{n}" for n in range(70)]), settings(pictures_per_tar=8, concurrency=concurrency)
        )
        results.append((lines, _tars(place)))
    assert results[0] == results[1] == results[2]
    assert list(results[0][1]) == [f"pictures-{number:05d}.tar" for number in range(8)]  # of the ninth nothing came
    assert sum(line.state == "ok" for line in results[0][0]) == 60


def test_no_more_requests_at_once_than_allowed(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    data = picture()

    async def page(request: Request) -> None:
        await asyncio.sleep(0.001)
        await request.reply(200, data)

    server.otherwise = page
    _taken(tmp_path, _wanted(server, [f"/{n}" for n in range(100)]), settings(concurrency=6, per_host=64))
    assert server.most_open <= 6
    _taken(tmp_path / "b", _wanted(server, [f"/{n}" for n in range(100)]), settings(concurrency=6, per_host=2))
    assert server.most_open <= 6


def test_an_endless_list_is_taken_a_little_at_a_time(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    server.otherwise = server.pages.setdefault("", _replying(picture()))
    most_ahead, taken, ended = 0, 0, 0

    def endless() -> Iterator[LedgerLine]:
        nonlocal taken, most_ahead
        while True:
            yield LedgerLine(f"{taken:09d}", origin=server.url(f"/{taken}"))
            taken += 1
            most_ahead = max(most_ahead, taken - ended)

    def progress(num_done: int) -> None:
        nonlocal ended
        ended = num_done
        if num_done >= 500:
            raise MmgicError("enough")

    params = settings(pictures_per_tar=20, concurrency=5)
    with pytest.raises(MmgicError, match="enough"):
        list(taken_urls(endless(), Folder(str(tmp_path / "out")), tmp_path / "ledger", params, progress=progress))
    assert most_ahead <= 20 + 4 * 5 + 5


def _replying(data: bytes) -> Callable[[Request], object]:
    async def page(request: Request) -> None:
        await request.reply(200, data)

    return page


def test_an_interrupted_run_goes_on_and_gives_the_same(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    server.otherwise = _replying(picture())
    server.serve("/13", b"no picture")
    params = settings(pictures_per_tar=16, concurrency=4, floor_after=10, min_success_fraction=0.0)
    paths = [f"/{number}" for number in range(100)]
    expected = _taken(tmp_path / "unbroken", _wanted(server, paths), params)
    server.log.clear()

    class Stop(Exception):
        pass

    def stop_at(number: int) -> Callable[[int], None]:
        def progress(num_done: int) -> None:
            if num_done >= number:
                raise Stop

        return progress

    for number in (1, 30, 31, 77):
        with pytest.raises(Stop):
            list(
                taken_urls(
                    _wanted(server, paths),
                    Folder(str(tmp_path / "out")),
                    tmp_path / "ledger",
                    params,
                    progress=stop_at(number),
                )
            )
    assert _taken(tmp_path, _wanted(server, paths), params) == expected
    assert _tars(tmp_path) == _tars(tmp_path / "unbroken")
    assert set(server.asked) == set(paths) and server.asked.total() <= 100 + 4 * 4
    server.log.clear()
    assert _taken(tmp_path, _wanted(server, paths), params) == expected
    assert server.log == []


def test_a_run_stops_when_the_network_goes_and_asks_again_what_failed_then(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    """From the 60th request on the server hangs up; 20 failures later the run stops, and all 60 others are kept."""
    data, is_down = picture(), True

    async def page(request: Request) -> None:
        if is_down and server.asked.total() > 60:
            request.reset()
        else:
            await request.reply(200 if int(request.path[1:]) % 10 else 404, data)

    server.otherwise = page
    values = {"pictures_per_tar": 16, "concurrency": 1, "tries": 1, "floor_after": 20}
    paths = [f"/{number}" for number in range(100)]
    with pytest.raises(TooManyBadError) as caught:
        _taken(tmp_path, _wanted(server, paths), settings(min_success_fraction=0.25, **values))
    assert "connection_reset" in caught.value.what
    is_down = False
    first = server.asked
    lines = _taken(tmp_path, _wanted(server, paths), settings(min_success_fraction=0.25, **values))
    assert [line.cause for line in lines] == ["" if number % 10 else "not_found" for number in range(100)]
    again = {path for path, count in server.asked.items() if count > 1}
    assert again == {path for path in first if int(path[1:]) >= 60}
    with Ledger(tmp_path / "ledger") as ledger:
        assert list(ledger.lines()) == lines


def test_an_outage_at_the_end_of_the_list_costs_no_pictures(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    """When the run stops, the last URLs are all in the air: their tars wait for the last of them."""
    data, is_down = picture(), True

    async def page(request: Request) -> None:
        if is_down and int(request.path[1:]) >= 80:
            await asyncio.sleep(0.03)  # time enough to write a tar
            request.reset()
        else:
            await request.reply(200, data)

    server.otherwise = page
    params = settings(pictures_per_tar=4, concurrency=4, tries=1, floor_after=20, min_success_fraction=0.25)
    paths = [f"/{number}" for number in range(100)]
    with pytest.raises(TooManyBadError):
        _taken(tmp_path, _wanted(server, paths), params)
    is_down = False
    assert {line.state for line in _taken(tmp_path, _wanted(server, paths), params)} == {"ok"}
    assert all(server.asked[path] == 1 for path in paths[:80])


def test_a_host_that_wants_a_long_pause_holds_up_nobody(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    """60 URLs of a host that is asked twice at once and wants an hour: the others are not asked, and it is said why."""
    with Server("127.0.0.2") as busy:
        busy.otherwise = _refusing(429, "3600")
        server.serve("/a", picture())
        wanted = list(_wanted(busy, [f"/{number}" for number in range(60)]))
        wanted.append(LedgerLine("000000060", origin=server.url("/a")))
        lines = _taken(tmp_path, wanted, settings(per_host=2, max_wait_s=0.1, min_success_fraction=0.0))
        asked = busy.asked.total()
        assert asked <= 2
    assert [line.cause for line in lines] == ["rate_limited"] * 60 + [""]
    assert sum(line.tries for line in lines[:60]) == sum(line.status == 429 for line in lines[:60]) == asked


def _refusing(status: int, retry_after: str) -> Callable[[Request], Awaitable[None]]:
    async def page(request: Request) -> None:
        await request.reply(status, b"", {"Retry-After": retry_after})

    return page


def test_a_ledger_that_cannot_be_read(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "ledger.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(MmgicError, match="not a database") as caught:
        _taken(tmp_path, [], settings())
    assert caught.value.where == str(tmp_path / "ledger")


def test_trouble_of_this_machine_ends_the_run_and_blames_no_url(
    server: Server, settings: Settings, picture: Picture, tmp_path: Path
) -> None:
    server.serve("/a", picture())
    (tmp_path / "out").write_bytes(b"a file where the folder should be")
    with pytest.raises(FileExistsError):
        _taken(tmp_path, _wanted(server, ["/a"]), settings())
    (tmp_path / "out").unlink()
    assert [line.state for line in _taken(tmp_path, _wanted(server, ["/a"]), settings())] == ["ok"]
    assert server.asked == {"/a": 1}


def test_no_urls(settings: Settings, tmp_path: Path) -> None:
    assert _taken(tmp_path, [], settings()) == []
