"""The stages as a user calls them: the console command in a process of its own, on a small generated set."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from blake3 import blake3

PARAMS = Path(__file__).parents[2] / "params.yaml"
MMGIC = [sys.executable, "-c", "from mmgic.cli.main import main; main()"]
VALUES = {
    "fetch": ["fetch.sources=[scenes]", "fetch.scenes.train=48", "fetch.scenes.val=6"],
    "normalize": ["normalize.records_per_shard=16"],
    "tokenize": [
        "tokenize.row_length=256",
        "tokenize.visual.num_codes=32",
        "tokenize.text.vocabulary_size=400",
    ],
    "pretrain": [
        "pretrain.model.layers=2",
        "pretrain.model.width=32",
        "pretrain.model.mlp_width=64",
        "pretrain.model.heads=2",
        "pretrain.model.kv_heads=2",
        "pretrain.rows_per_step=4",
        "pretrain.rows_per_pass=2",
        "pretrain.log_every=1",
    ],
}
"""What makes each stage small."""

Command = Callable[..., list[str]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def command() -> Command:
    """Words of a call: `command("fetch", "--out", path, values=["fetch.scenes.train=9"])`."""

    def words(name: str, *arguments: object, values: tuple[str, ...] | list[str] = (), workers: int = 1) -> list[str]:
        settings = [word for value in (*VALUES.get(name, ()), *values) for word in ("--set", value)]
        return [
            *MMGIC,
            name,
            *map(str, arguments),
            "--params",
            str(PARAMS),
            "--workers",
            str(workers),
            *settings,
        ]

    return words


@pytest.fixture(scope="session")
def run(command: Command) -> Run:
    """Calls a stage and checks its exit code."""

    def called(
        name: str,
        *arguments: object,
        values: tuple[str, ...] | list[str] = (),
        workers: int = 1,
        code: int = 0,
    ) -> "subprocess.CompletedProcess[str]":
        words = command(name, *arguments, values=values, workers=workers)
        environment = {**os.environ, "NO_COLOR": "1"}
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, env=environment)
        assert done.returncode == code, done.stderr
        return done

    return called


@pytest.fixture(scope="session")
def made(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `raw`, `records`, `documents` and `sequences`."""
    place = tmp_path_factory.mktemp("made")
    run("fetch", "--out", place / "raw")
    run("normalize", "--in", place / "raw", "--out", place / "records")
    run("template", "--in", place / "records", "--out", place / "documents")
    run("tokenize", "--in", place / "documents", "--out", place / "sequences")
    return place


@pytest.fixture(scope="session")
def model(run: Run, made: Path) -> Path:
    """A model of eight steps, trained by one rank without ZeRO."""
    values = ["pretrain.zero_stage=0", "pretrain.steps=8", "pretrain.checkpoint_every=8"]
    run("pretrain", "--in", made / "sequences", "--out", made / "model", values=values)
    return made / "model"


@pytest.fixture(scope="session")
def call() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Calls `mmgic` with just these words, whatever it answers."""

    def called(
        *words: object, environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*MMGIC, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=600,
            cwd=cwd or PARAMS.parent,
            env={**os.environ, "NO_COLOR": "1", **(environment or {})},
        )

    return called


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, str]]:
    """Hash of every file below a folder, by its path."""

    def hashes(folder: Path) -> dict[str, str]:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): blake3(path.read_bytes()).hexdigest() for path in paths}

    return hashes


STAGE_INPUTS = {"fetch": None, "normalize": "raw", "template": "records", "tokenize": "documents"}
STAGE_OUTPUTS = {"fetch": "raw", "normalize": "records", "template": "documents", "tokenize": "sequences"}
BOTH_SOURCES = ["fetch.sources=[photos, scenes]", "normalize.records_per_shard=8"]


@pytest.fixture(scope="session")
def unbroken(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `made`, with photographs too and in more shards: each stage run once, by one worker, without a break."""
    place = tmp_path_factory.mktemp("unbroken")
    for name, source in STAGE_INPUTS.items():
        given = ["--in", place / source] if source else []
        run(name, *given, "--out", place / STAGE_OUTPUTS[name], values=BOTH_SOURCES)
    return place


@pytest.fixture(scope="session")
def again(command: Command, unbroken: Path) -> Callable[..., tuple[list[str], Path]]:
    """The call that repeats a stage of `unbroken` into another folder beside, and that folder."""

    def words(name: str, suffix: str, *arguments: object, workers: int = 1) -> tuple[list[str], Path]:
        out, source = unbroken / f"{STAGE_OUTPUTS[name]}-{suffix}", STAGE_INPUTS[name]
        given: list[object] = ["--in", unbroken / source] if source else []
        cache: list[object] = ["--cache", unbroken / f".codes-{suffix}"] if name == "tokenize" else []
        return command(name, *given, "--out", out, *cache, *arguments, values=BOTH_SOURCES, workers=workers), out

    return words


@pytest.fixture(scope="session")
def processes_of() -> Callable[[int], list[int]]:
    """Processes of a session, but for zombies."""

    def found(session: int) -> list[int]:
        alive = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                alive.append(int(path.parent.name))
        return alive

    return found
