"""5,000 URLs and kill -9 in the middle, many times: nothing is missing, and nothing that was recorded is asked for twice.

The server runs in the test's process, so that its log outlives every kill; the downloader is a process of its own.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mmgic.download.ledger import Ledger
from tests.unit.download.server import Request, Server

_NUM_URLS = 5000
_PER_TAR = 400
_CONCURRENCY = 16
_KILLED_AFTER = (1, 150, 399, 401, 1300, 1301, 2222, 3999, 4990, 5000)
"""Requests in all at which the downloader is killed."""

_PROGRAM = """
import sys
from pathlib import Path
from mmgic.download.pictures import taken_urls
from mmgic.params import load_params
from mmgic.schema.manifests import LedgerLine
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines

place, url, num_urls, params, *values = sys.argv[1:]
fetch = load_params(Path(params), values).fetch
wanted = (LedgerLine(f"{number:09d}", origin=f"{url}{number}") for number in range(int(num_urls)))
lines = taken_urls(wanted, Folder(place + "/out"), Path(place) / "ledger", fetch)
write_lines(Folder(place + "/out"), "ledger.jsonl.zst", "", lines)
"""


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

    def start(place: Path) -> "subprocess.Popen[bytes]":
        place.mkdir(exist_ok=True)
        words = [str(place), server.url("/"), str(_NUM_URLS), str(params_path), *_values()]
        return subprocess.Popen([sys.executable, "-c", _PROGRAM, *words], env={**os.environ, "PYTHONPATH": os.getcwd()})

    def outputs(place: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((place / "out").iterdir())}

    with Server() as server:
        server.otherwise = page
        assert start(tmp_path / "unbroken").wait(timeout=600) == 0
        expected = outputs(tmp_path / "unbroken")
        assert len(server.log) == _NUM_URLS and server.most_open <= _CONCURRENCY
        server.log.clear()

        place, recorded = tmp_path / "killed", set[str]()
        while limits:
            reached.clear()
            first = len(server.log)
            process = start(place)
            assert reached.wait(timeout=300)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=60)
            server.wait_until_quiet()
            limits.pop(0)
            asked = {request.path for request in server.log[first:]}
            assert asked.isdisjoint(recorded)
            before, recorded = recorded, _recorded(place)
            assert before <= recorded
            assert len(asked - recorded) <= _CONCURRENCY
        first = len(server.log)
        assert start(place).wait(timeout=600) == 0
        assert {request.path for request in server.log[first:]}.isdisjoint(recorded)
        assert set(server.asked) == {f"/{number}" for number in range(_NUM_URLS)}
        assert max(server.asked.values()) <= 1 + len(_KILLED_AFTER)
        assert len(server.log) <= _NUM_URLS + _CONCURRENCY * len(_KILLED_AFTER)
    found = {name: data for name, data in outputs(place).items() if not name.endswith(".part")}
    assert found == expected
