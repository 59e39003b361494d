"""5,000 URLs and kill -9 in the middle, many times: nothing is missing, and nothing that was recorded is asked for twice.

The server runs in the test's process, so that its log outlives every kill; the downloader is a process of its own.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from mmgic.download.ledger import Ledger
from tests.unit.download.programs import started, take_pictures
from tests.unit.download.server import Request, Server

_NUM_URLS = 5000
_PER_TAR = 400
_CONCURRENCY = 16
_KILLED_AFTER = (1, 150, 399, 401, 1300, 1301, 2222, 3999, 4990, 5000)
"""Requests in all at which the downloader is killed."""


def _values() -> list[str]:
    download = {"concurrency": _CONCURRENCY, "per_host": 64, "floor_after": 300, "trust_env": "false"}
    own = {"allow_private": "true", "pictures_per_tar": _PER_TAR, "min_picture_side_px": 1}
    return [f"fetch.{k}={v}" for k, v in own.items()] + [f"fetch.download.{k}={v}" for k, v in download.items()]


def _recorded(place: Path) -> set[str]:
    """The paths on the server that a killed downloader had recorded."""
    with Ledger(place / "ledger") as ledger:
        finished = {f"/{int(line.path)}" for line in ledger.lines()}
        units = range(-(-_NUM_URLS // _PER_TAR))
        return finished | {f"/{unit * _PER_TAR + number}" for unit in units for number in ledger.rows(unit)}


@pytest.mark.timeout(900)
def test_nothing_is_missing_and_nothing_recorded_is_asked_for_again(
    picture: Callable[..., bytes], params_path: Path, tmp_path: Path
) -> None:
    pictures = [picture(20 + number, 20) for number in range(50)]
    reached = threading.Event()
    limits = [*_KILLED_AFTER]

    async def page(request: Request) -> None:
        number = int(request.path[1:])
        if limits and len(server.log) >= limits[0]:
            reached.set()
        if number % 7 == 0:
            await request.reply(404, b"gone")
        else:
            await request.reply(200, pictures[number % 50] + str(number).encode())

    def start(place: Path) -> AbstractContextManager[ForkServerProcess]:
        return started(take_pictures, 0, place, server.url("/"), _NUM_URLS, params_path, _values())

    def whole(place: Path) -> bool:
        with start(place) as process:
            process.join(timeout=600)
            return process.exitcode == 0

    def outputs(place: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((place / "out").iterdir())}

    with Server() as server:
        server.otherwise = page
        assert whole(tmp_path / "unbroken")
        expected = outputs(tmp_path / "unbroken")
        assert len(server.log) == _NUM_URLS and server.most_open <= _CONCURRENCY
        server.log.clear()

        place, recorded = tmp_path / "killed", set[str]()
        while limits:
            reached.clear()
            first = len(server.log)
            with start(place) as process:
                assert reached.wait(timeout=300)
                process.kill()
            server.wait_until_quiet()
            limits.pop(0)
            asked = {request.path for request in server.log[first:]}
            assert asked.isdisjoint(recorded)
            before, recorded = recorded, _recorded(place)
            assert before <= recorded
            assert len(asked - recorded) <= _CONCURRENCY
        first = len(server.log)
        assert whole(place)
        assert {request.path for request in server.log[first:]}.isdisjoint(recorded)
        assert set(server.asked) == {f"/{number}" for number in range(_NUM_URLS)}
        assert max(server.asked.values()) <= 1 + len(_KILLED_AFTER)
        assert len(server.log) <= _NUM_URLS + _CONCURRENCY * len(_KILLED_AFTER)
    found = {name: data for name, data in outputs(place).items() if not name.endswith(".part")}
    assert found == expected


def test_killed_at_any_step(server: Server, picture: Callable[..., bytes], params_path: Path, tmp_path: Path) -> None:
    """Each new folder, sync, renaming and removal is a step: before and after a tar gets its name, its unit its end."""
    data = picture()

    async def page(request: Request) -> None:
        number = int(request.path[1:])
        await request.reply(404 if number % 7 == 0 else 200, data + str(number).encode())

    server.otherwise = page
    values = [*_values(), "fetch.pictures_per_tar=8", "fetch.download.concurrency=4", "fetch.download.floor_after=5"]

    def run(step: int, place: Path) -> int | None:
        with started(take_pictures, step, place, server.url("/"), 30, params_path, values) as process:
            process.join(timeout=60)
            return process.exitcode

    def outputs(place: Path) -> dict[str, bytes]:
        found = sorted((place / "out").iterdir())
        return {path.name: path.read_bytes() for path in found if path.suffix != ".part"}

    assert run(0, tmp_path / "unbroken") == 0
    num_steps = int((tmp_path / "unbroken" / "num_steps").read_text())
    for step in range(1, num_steps + 1):
        server.log.clear()
        assert run(step, tmp_path / str(step)) == -9
        assert run(0, tmp_path / str(step)) == 0
        assert outputs(tmp_path / str(step)) == outputs(tmp_path / "unbroken")
        assert len(server.asked) == 30 and server.asked.total() <= 30 + 4
        assert list((tmp_path / str(step)).rglob("*.spool")) == []
