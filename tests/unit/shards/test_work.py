"""Work folders: taken up after a kill, moved into place whole, and refused where the output is not ours."""

import multiprocessing
import os
import sys
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from filelock import FileLock

from mmgic.errors import UsageError
from mmgic.schema.manifests import InputRef, Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import input_ref, manifest_digest, new_manifest, read_manifest, write_manifest
from mmgic.shards.work import UnitNote, Work, unfinished_works


@pytest.fixture(params=["local", "memory"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(str(tmp_path / "out") if request.param == "local" else f"memory://{uuid.uuid4().hex}/out")


def _identity(digest: str = "p1", origin: str = "d") -> Manifest:
    return new_manifest("records", {}, digest, {"raw": InputRef("../raw", origin)}, shards=[], counts={})


def _finish(out: Folder, identity: Manifest, content: bytes, *, fresh: bool = False) -> Manifest:
    with Work(out, identity, fresh=fresh) as work:
        if work.is_done:
            return work.manifest
        with work.files.writing("a") as stream:
            stream.write(content)
            entry = stream.entry("a", "train", 1)
        return work.commit(msgspec.structs.replace(identity, shards=[entry], counts={"n": 1}))


def _left(out: Folder) -> list[str]:
    return [name for name in out.sibling("").names() if name != "out"]


def test_a_finished_folder_is_whole_and_nothing_else_stays(out: Folder) -> None:
    manifest = _finish(out, _identity(), b"1")
    assert (out.names(), out.read("a"), _left(out)) == (["a", "manifest.json"], b"1", [])
    assert read_manifest(out, "records") == manifest
    with out.verified(manifest.shards[0]) as stream:
        assert stream.read() == b"1"


def test_the_same_run_again_does_nothing(out: Folder) -> None:
    first = _finish(out, _identity(), b"1")
    assert _finish(out, _identity(), b"2") == first
    assert out.read("a") == b"1"


@pytest.mark.parametrize("other", [_identity("p2"), _identity("p1", "e")])
def test_another_run_is_refused_and_fresh_replaces_it(out: Folder, other: Manifest) -> None:
    _finish(out, _identity(), b"1")
    with pytest.raises(UsageError, match="output folder holds another run") as caught:
        _finish(out, other, b"2")
    assert "--fresh" in caught.value.hint
    _finish(out, other, b"2", fresh=True)
    assert (out.read("a"), out.names(), _left(out)) == (b"2", ["a", "manifest.json"], [])


@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_not_ours_is_refused_and_untouched(out: Folder, fresh: bool) -> None:
    out.write("diary.txt", b"mine")
    with pytest.raises(UsageError, match="output folder is not empty and not ours"):
        _finish(out, _identity(), b"1", fresh=fresh)
    write_manifest(out, msgspec.structs.replace(_identity(), kind="documents"))
    with pytest.raises(UsageError, match="not ours: a folder of documents where one of records is wanted"):
        _finish(out, _identity(), b"1", fresh=fresh)
    assert out.read("diary.txt") == b"mine"


@pytest.mark.parametrize("fresh", [False, True])
def test_an_input_is_never_replaced(out: Folder, fresh: bool) -> None:
    first = _finish(out, _identity(), b"1")
    inputs = {"records": input_ref(out, first, out)}
    captioned = new_manifest("records", {}, "p2", inputs, shards=[], counts={})
    with pytest.raises(UsageError, match="is an input of this run"):
        _finish(out, captioned, b"2", fresh=fresh)
    assert (out.read("a"), _left(out)) == (b"1", [])


def test_an_empty_folder_is_filled(out: Folder) -> None:
    out.make()
    _finish(out, _identity(), b"1")
    assert out.names() == ["a", "manifest.json"]


def test_units_done_before_a_stop_are_not_done_again(out: Folder) -> None:
    note = UnitNote([], [], {"n": 1})
    with pytest.raises(KeyboardInterrupt), Work(out, _identity(), fresh=False) as work:
        assert work.units.once("one", lambda: note) == note
        raise KeyboardInterrupt
    done: list[str] = []

    def make(name: str) -> UnitNote:
        done.append(name)
        return note

    with Work(out, _identity(), fresh=False) as work:
        assert [work.units.once(name, partial(make, name)) for name in ("one", "two")] == [note, note]
    assert done == ["two"]
    with Work(out, _identity("p2"), fresh=False) as work:
        work.units.once("one", lambda: make("other run"))
    with Work(out, _identity(), fresh=True) as work:
        work.units.once("one", lambda: make("fresh"))
    assert done == ["two", "other run", "fresh"]


def test_the_works_of_runs_with_other_params_stay_until_a_fresh_start(out: Folder) -> None:
    for digest in ("p1", "p2"):
        with Work(out, _identity(digest), fresh=False):
            pass
    assert len(_left(out)) == 2
    _finish(out, _identity("p3"), b"1")
    assert len(_left(out)) == 2, "hours of another run's work may lie there"
    with Work(out, _identity("p3"), fresh=True) as work:
        assert [left.path for left in unfinished_works(out)] == [work.root.path]
        work.files.write("a", b"2")
        work.commit(work.manifest)
    assert _left(out) == []


def test_finding_the_output_finished_never_takes_the_files_of_a_live_fresh_run(out: Folder) -> None:
    if not out.is_local:
        pytest.skip("remote folders have no locks")
    _finish(out, _identity(), b"1")
    with Work(out, _identity(), fresh=True) as live:
        live.files.write("a", b"2")
        with Work(out, _identity(), fresh=False) as second:
            assert second.was_done
        assert live.files.read("a") == b"2"
        live.commit(live.manifest)
    assert out.read("a") == b"2"


def test_a_fresh_start_never_takes_the_files_of_a_live_run(out: Folder) -> None:
    if not out.is_local:
        pytest.skip("remote folders have no locks")
    with Work(out, _identity(), fresh=False) as live:
        live.files.write("a", b"1")
        with (
            pytest.raises(UsageError, match="another run is writing this output"),
            Work(out, _identity(), fresh=True),
        ):
            pass
        with Work(out, _identity("p2"), fresh=True):
            pass
        assert live.files.read("a") == b"1"


def test_files_that_a_killed_run_left_half_are_not_in_the_output(out: Folder) -> None:
    with Work(out, _identity(), fresh=False) as work:
        work.files.write("vocabulary/b.12345.part", b"half")
    _finish(out, _identity(), b"1")
    assert out.names() == ["a", "manifest.json", "vocabulary"]
    assert not [path for path in out.fs.find(out.path) if path.endswith(".part")]


def _hold(path: str, ready: Any, leave: Any) -> None:
    with Work(Folder(path), _identity(), fresh=False) as work:
        ready.set()
        leave.wait(30)
        try:
            work.commit(_identity())
        except UsageError as error:
            sys.exit(int("meanwhile" in error.what))


def test_a_second_run_of_the_same_output_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, leave = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(str(tmp_path / "out"), ready, leave))
    holder.start()
    assert ready.wait(30)
    out = Folder(str(tmp_path / "out"))
    with pytest.raises(UsageError, match="another run is writing this output"):
        _finish(out, _identity(), b"1")
    _finish(out, _identity("p2"), b"2")
    assert len(_left(out)) == 1, "the live run's work folder must stay"
    leave.set()
    holder.join(30)
    assert holder.exitcode == 1, "the live run found the output filled, and did not replace it"
    assert out.read("a") == b"2"
    assert _left(out) == [left.name for left in [Work(out, _identity(), fresh=False).root]]


def test_a_lock_left_by_a_dead_process_does_not_bind(tmp_path: Path) -> None:
    out = Folder(str(tmp_path / "out"))
    with Work(out, _identity(), fresh=False) as work:
        lock = Path(work.root.path) / "lock"
    lock.write_text("")
    assert os.path.exists(lock)
    assert FileLock(str(lock)).is_locked is False
    _finish(out, _identity(), b"1")
    assert out.read("a") == b"1"


def test_an_output_moved_elsewhere_keeps_its_digest(tmp_path: Path) -> None:
    out = Folder(str(tmp_path / "out"))
    digest = manifest_digest(_finish(out, _identity(), b"1"))
    (tmp_path / "out").rename(tmp_path / "moved")
    assert manifest_digest(read_manifest(Folder(str(tmp_path / "moved")), "records")) == digest
