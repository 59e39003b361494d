"""Failed URLs asked again in a folder that stands: only those, in place, whole after a kill at any step."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock

from mmgic.download.pictures import taken_urls
from mmgic.download.retry import num_retryable, retried
from mmgic.download.summary import count_name
from mmgic.errors import InputError, MmgicError, UsageError
from mmgic.schema.manifests import LedgerLine, Manifest
from mmgic.schema.params import FetchParams
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines, write_lines
from mmgic.shards.manifest import new_manifest, read_manifest, write_manifest
from tests.unit.download.conftest import Settings
from tests.unit.download.programs import ask_again, started
from tests.unit.download.server import Request, Server

_LEDGER = "web/ledger.jsonl.zst"


class Web:
    """30 pictures: every third is gone, every fifth fails as long as `is_bad`."""

    def __init__(self, server: Server, data: bytes) -> None:
        self.is_bad = True
        self.server = server

        async def page(request: Request) -> None:
            number = int(request.path[1:])
            if number % 3 == 0:
                await request.reply(404)
            elif number % 5 == 0 and self.is_bad:
                await request.reply(503)
            else:
                await request.reply(200, data + str(number).encode())

        server.otherwise = page


@pytest.fixture
def web(server: Server, picture: Callable[..., bytes]) -> Web:
    return Web(server, picture())


@pytest.fixture
def fetch(settings: Settings) -> FetchParams:
    return settings(pictures_per_tar=8, tries=2, min_success_fraction=0.0)


def _fetched(out: Path, web: Web, fetch: FetchParams) -> Manifest:
    """A finished raw folder of two sources, one of them of URLs."""
    folder, counts = Folder(str(out)), Counter[str]()
    wanted = [LedgerLine(f"{number:09d}", license="CC0", origin=web.server.url(f"/{number}")) for number in range(30)]
    lines = []
    for line in taken_urls(wanted, folder / "web", out.with_name("ledger"), fetch):
        shard = f"web/{line.shard}" if line.shard else ""
        lines.append(msgspec.structs.replace(line, path=f"web/{line.path}", shard=shard))
        counts[count_name(line, "web")] += 1
    lines.insert(0, LedgerLine("web/table.tsv", 3, "b"))
    entries = [write_lines(folder, _LEDGER, "", lines), write_lines(folder, "other/ledger.jsonl.zst", "", [])]
    counts["files.web"] += 1
    counts["pictures.other"] += 7
    manifest = new_manifest(
        "raw", {}, "d", {}, shards=entries, counts=dict(counts), facts={"sources": ["web", "other"]}
    )
    write_manifest(folder, manifest)
    web.server.log.clear()
    return manifest


def _lines(out: Path) -> list[LedgerLine]:
    folder = Folder(str(out))
    entry = next(entry for entry in read_manifest(folder, "raw").shards if entry.name == _LEDGER)
    return list(read_lines(folder, entry, LedgerLine))


def _contents(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_only_what_may_come_is_asked_again(web: Web, fetch: FetchParams, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    before, old = _fetched(out, web, fetch), _contents(out)
    old_lines = _lines(out)
    assert before.counts == {
        "files.web": 1,
        "pictures.web": 16,
        "failed.web.not_found": 10,
        "failed.web.server_error": 4,
        "pictures.other": 7,
    }
    assert (num_retryable(before, "web", "retryable"), num_retryable(before, "web", "all")) == (4, 14)
    web.is_bad = False
    manifest = retried(Folder(str(out)), "web", fetch, causes="retryable")
    assert web.server.asked == {"/5": 1, "/10": 1, "/20": 1, "/25": 1}
    assert manifest == read_manifest(Folder(str(out)), "raw")
    assert manifest.counts == {"files.web": 1, "pictures.web": 20, "failed.web.not_found": 10, "pictures.other": 7}
    assert manifest.facts == {"sources": ["web", "other"], "retries": {"web": 1}}
    new_lines = _lines(out)
    for old_line, line in zip(old_lines, new_lines, strict=True):
        if old_line.cause != "server_error":
            assert line == old_line
            continue
        assert (line.path, line.license, line.origin) == (old_line.path, "CC0", old_line.origin)
        assert (line.state, line.cause, line.tries, line.status) == ("ok", "", 3, 200)
        data = (out / line.shard).read_bytes()[line.offset : line.offset + line.num_bytes]
        assert data.endswith(str(int(line.path[-9:])).encode())
    new = _contents(out)
    assert set(new) - set(old) == {"web/pictures-retry1-00000.tar"}
    assert all(new[name] == old[name] for name in old if name.endswith(".tar"))
    assert list(tmp_path.glob(".raw*")) == []


def test_again_and_again(web: Web, fetch: FetchParams, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    _fetched(out, web, fetch)
    manifest = retried(Folder(str(out)), "web", fetch, causes="retryable")
    assert manifest.counts["failed.web.server_error"] == 4 and manifest.facts["retries"] == {"web": 1}
    assert [line.tries for line in _lines(out) if line.cause == "server_error"] == [4] * 4
    web.is_bad = False
    web.server.log.clear()
    manifest = retried(Folder(str(out)), "web", fetch, causes="all", limit=5)
    assert web.server.asked == {"/0": 1, "/3": 1, "/5": 1, "/6": 1, "/9": 1}
    assert manifest.counts["failed.web.server_error"] == 3
    assert {line.shard for line in _lines(out) if line.path == "web/000000005"} == {"web/pictures-retry2-00000.tar"}


def test_killed_at_any_step_and_run_again(web: Web, fetch: FetchParams, params_path: Path, tmp_path: Path) -> None:
    """Each rename, removal, sync and new folder is a step; up to the end of the moves a second run ends the first."""
    _fetched(tmp_path / "first" / "raw", web, fetch)
    web.is_bad = False
    values = {"pictures_per_tar": 8, "allow_private": "true", "min_picture_side_px": 1, "download.trust_env": "false"}
    words = [f"fetch.{name}={value}" for name, value in values.items()]

    def run(step: int, place: Path) -> int | None:
        with started(ask_again, step, place, params_path, words) as process:
            process.join(timeout=60)
            return process.exitcode

    shutil.copytree(tmp_path / "first", tmp_path / "unbroken")
    assert run(0, tmp_path / "unbroken") == 0
    last = int((tmp_path / "unbroken" / "num_steps").read_text())
    expected = _contents(tmp_path / "unbroken" / "raw")
    for step in range(1, last + 1):
        place = tmp_path / str(step)
        shutil.copytree(tmp_path / "first", place)
        assert run(step, place) == -9
        if (place / ".raw.retry-web" / "ready").exists() and not (tmp_path / "ready").exists():
            shutil.copytree(place, tmp_path / "ready")
        if _contents(place / "raw") != expected or (place / ".raw.retry-web" / "ready").exists():
            assert run(0, place) == 0
            assert list(place.glob(".raw*")) == []
        assert _contents(place / "raw") == expected, step

    # Meanwhile another source is asked again; what was ready of the first must not undo that.
    folder = Folder(str(tmp_path / "ready" / "raw"))
    old = read_manifest(folder, "raw")
    counts = {**old.counts, "pictures.other": 8}
    write_manifest(folder, msgspec.structs.replace(old, counts=counts, facts={**old.facts, "retries": {"other": 1}}))
    assert run(0, tmp_path / "ready") == 0
    manifest = read_manifest(folder, "raw")
    assert (manifest.counts["pictures.web"], manifest.counts["pictures.other"]) == (20, 8)
    assert manifest.facts["retries"] == {"other": 1, "web": 1}
    assert sum(line.state == "ok" for line in _lines(tmp_path / "ready" / "raw")) == 21


def test_what_a_broken_off_retry_left_is_taken_up_or_dropped(web: Web, fetch: FetchParams, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    _fetched(out, web, fetch)
    web.is_bad = False

    def stop(num_done: int) -> None:
        if num_done == 2:
            raise MmgicError("stopped")

    one_by_one = msgspec.structs.replace(fetch, download=msgspec.structs.replace(fetch.download, concurrency=1))
    with pytest.raises(MmgicError, match="stopped"):
        retried(Folder(str(out)), "web", one_by_one, causes="retryable", progress=stop)
    assert [path.name for path in tmp_path.glob(".raw*")] == [".raw.retry-web"]
    retried(Folder(str(out)), "web", fetch, causes="retryable")
    assert set(web.server.asked) == {"/5", "/10", "/20", "/25"} and web.server.asked.total() <= 5


def test_what_was_ready_for_a_folder_that_was_made_anew_is_dropped(
    web: Web, fetch: FetchParams, tmp_path: Path
) -> None:
    out = tmp_path / "raw"
    _fetched(out, web, fetch)
    web.is_bad = False
    (work := tmp_path / ".raw.retry-web").mkdir()
    old = {path.name: path.read_bytes() for path in (out / "web").glob("ledger*")}
    shutil.copytree(out, work / "digest" / "files")
    (work / "ready").write_text("digest 0123")
    shutil.rmtree(out)
    shutil.rmtree(tmp_path / "ledger")
    _fetched(out, web, fetch)
    assert old != {path.name: path.read_bytes() for path in (out / "web").glob("ledger*")}
    manifest = retried(Folder(str(out)), "web", fetch, causes="retryable")
    assert (manifest.counts["pictures.web"], web.server.asked) == (20, {})
    assert sum(line.state == "ok" for line in _lines(out)) == 21
    assert list(tmp_path.glob(".raw*")) == []


def test_calls_that_make_no_sense(web: Web, fetch: FetchParams, tmp_path: Path) -> None:
    out = tmp_path / "raw"
    with pytest.raises(InputError, match="no such folder"):
        retried(Folder(str(out)), "web", fetch, causes="all")
    _fetched(out, web, fetch)
    with pytest.raises(UsageError, match="no ledger of source coco"):
        retried(Folder(str(out)), "coco", fetch, causes="all")
    with pytest.raises(UsageError, match="local folder alone"):
        retried(Folder("memory://raw"), "web", fetch, causes="all")
    with FileLock(str(tmp_path / ".raw.retry.lock")), pytest.raises(UsageError, match="another run"):
        retried(Folder(str(out)), "web", fetch, causes="all")
