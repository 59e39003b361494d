"""`mmgic caption` as a user calls it: killed and run again, and without a network."""

import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mmgic.cli.main import main
from tests.unit.annotation.makers import saved_model

pytestmark = pytest.mark.slow

Words = Callable[..., list[str]]


@pytest.fixture(scope="module")
def words(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Words:
    """Words of a call that captions all the records of `made`."""
    models = tmp_path_factory.mktemp("models")
    for name in ("blip", "clip"):
        saved_model(name, models / name)

    def given(out: Path, *more: str) -> list[str]:
        paths = {"in": made / "records", "out": out, "captioner": models / "blip", "ranker": models / "clip"}
        options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
        return ["caption", *options, "--all", "--temperature", "2", "--max-tokens", "12", "--limit", "20", *more]

    return given


@pytest.fixture(scope="module")
def proxy() -> Iterator[tuple[dict[str, str], list[bytes]]]:
    """The environment of a machine whose proxy answers nothing, and what was asked of that."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(200))

        threading.Thread(target=serve, daemon=True).start()
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        yield {**dict.fromkeys(names, address), "NO_PROXY": "", "no_proxy": "", "HF_HUB_OFFLINE": "0"}, asked
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def unbroken_captions(
    call: Callable[..., "subprocess.CompletedProcess[str]"],
    words: Words,
    proxy: tuple[dict[str, str], list[bytes]],
    contents: Callable[[Path], dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The bytes of a run without a break, on the machine with the proxy."""
    out = tmp_path_factory.mktemp("unbroken") / "captioned"
    done = call(*words(out), environment=proxy[0])
    assert done.returncode == 0, done.stderr
    assert "records_captioned" in done.stderr
    return contents(out)


def _called(words: list[str], ending: str) -> None:
    """Calls `mmgic`; with an ending, kills it once a path that ends so was renamed into place."""
    rename = os.rename

    def crashing(source: Any, target: Any, **options: Any) -> None:
        rename(source, target, **options)
        if str(target).endswith(ending):
            os.kill(os.getpid(), signal.SIGKILL)

    if ending:
        os.rename = crashing
    main(words)


def test_killed_at_any_step_it_goes_on_and_gives_the_same_bytes(
    words: Words, contents: Callable[[Path], dict[str, str]], unbroken_captions: dict[str, str], tmp_path: Path
) -> None:
    # Each call is a process of its own, forked from one that has done nothing but import torch, which takes the most time.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["mmgic.annotation.shards", __name__])

    def ended(ending: str, *more: str) -> int | None:
        process = processes.Process(target=_called, args=(words(out, *more), ending), daemon=True)
        process.start()
        process.join(timeout=300)
        return process.exitcode

    out = tmp_path / "captioned"
    for ending in ("train-00001.tar", "train-00001.tar.json", "manifest.json"):
        assert ended(ending) == -signal.SIGKILL
        assert not out.exists()
    assert ended("", "--batch-size", "5") == 0
    assert contents(out) == unbroken_captions
    assert [path.name for path in tmp_path.iterdir()] == ["captioned"]


def test_nothing_is_asked_of_the_network(
    call: Callable[..., "subprocess.CompletedProcess[str]"],
    words: Words,
    proxy: tuple[dict[str, str], list[bytes]],
    unbroken_captions: dict[str, str],
    tmp_path: Path,
) -> None:
    environment, asked = proxy
    assert asked == []
    broken = shutil.copytree(Path(words(tmp_path)[6]), tmp_path / "blip")
    (broken / "model.safetensors").unlink()
    done = call(*words(tmp_path / "out"), "--captioner", broken, environment=environment)
    assert done.returncode == 3 and "cannot read the captioner's weights" in done.stderr
    assert asked == []
    probe = "import urllib.request as r; r.urlopen('http://example.invalid/')"
    subprocess.run([sys.executable, "-c", probe], env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    assert len(asked) == 1  # the proxy notices
