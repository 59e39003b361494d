"""`mmgic caption` as a user calls it: killed and run again, and without a network."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.annotation.makers import saved_model

pytestmark = pytest.mark.slow

# Kills itself when the note of the second shard is in place, or its shard before the note.
_CRASHING = """
import os, signal, sys
from mmgic.cli.main import main
ending = sys.argv.pop(1)
rename = os.rename
def crashing(source, target, **options):
    rename(source, target, **options)
    if str(target).endswith(ending):
        os.kill(os.getpid(), signal.SIGKILL)
os.rename = crashing
main()
"""


@pytest.fixture(scope="module")
def words(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
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
def unbroken_captions(
    call: Callable[..., "subprocess.CompletedProcess[str]"],
    words: Callable[..., list[str]],
    contents: Callable[[Path], dict[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The bytes of a run without a break."""
    out = tmp_path_factory.mktemp("unbroken") / "captioned"
    done = call(*words(out))
    assert done.returncode == 0, done.stderr
    assert "records_captioned" in done.stderr
    return contents(out)


@pytest.mark.parametrize("ending", ["train-00001.tar", "train-00001.tar.json", "manifest.json"])
def test_killed_at_a_step_it_goes_on_and_gives_the_same_bytes(
    call: Callable[..., "subprocess.CompletedProcess[str]"],
    words: Callable[..., list[str]],
    contents: Callable[[Path], dict[str, str]],
    unbroken_captions: dict[str, str],
    tmp_path: Path,
    ending: str,
) -> None:
    out = tmp_path / "captioned"
    killed = subprocess.run([sys.executable, "-c", _CRASHING, ending, *words(out)], capture_output=True, timeout=600)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    done = call(*words(out, "--batch-size", "5"))
    assert done.returncode == 0, done.stderr
    assert contents(out) == unbroken_captions
    assert [path.name for path in tmp_path.iterdir()] == ["captioned"]


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a proxy that answers nothing, and what was asked of it."""
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
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        server.shutdown(socket.SHUT_RDWR)


def test_nothing_is_asked_of_the_network(
    call: Callable[..., "subprocess.CompletedProcess[str]"],
    words: Callable[..., list[str]],
    proxy: tuple[str, list[bytes]],
    tmp_path: Path,
) -> None:
    address, asked = proxy
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    environment = {**dict.fromkeys(names, address), "NO_PROXY": "", "no_proxy": "", "HF_HUB_OFFLINE": "0"}
    probe = "import urllib.request as r; r.urlopen('http://example.invalid/')"
    subprocess.run([sys.executable, "-c", probe], env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    assert len(asked) == 1  # the proxy notices
    done = call(*words(tmp_path / "out"), environment=environment)
    assert done.returncode == 0, done.stderr
    weights = Path(words(tmp_path / "out")[6]) / "model.safetensors"
    assert weights.is_file()
    broken = shutil.copytree(weights.parent, tmp_path / "blip")
    (broken / "model.safetensors").unlink()
    done = call(*words(tmp_path / "other"), "--captioner", broken, environment=environment)
    assert done.returncode == 3 and "cannot read the captioner's weights" in done.stderr
    assert len(asked) == 1
