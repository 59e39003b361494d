"""The command's options and errors; what it writes is tested in tests/unit/annotation, kills in tests/stages."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from mmgic.cli.caption import caption
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest, read_manifest, write_manifest
from mmgic.shards.records import read_record_shard, write_record_shard
from tests.unit.annotation.makers import saved_model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny models."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("blip", "clip", "llava"):
        saved_model(name, folder / name)
    return folder


@pytest.fixture
def called(
    models: Path, scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]
) -> Callable[..., Result]:
    """Calls the command on two records; later options win."""
    pairs = [(record(f"toy-{number}", captions=[]), picture()) for number in range(2)]
    entry = write_record_shard(scratch / "records", "train-00000.tar", "train", pairs)
    write_manifest(scratch / "records", new_manifest("records", {}, "", {}, shards=[entry], counts={}))

    def call(*words: str) -> Result:
        paths = {"in": scratch / "records", "out": scratch / "out"}
        given = [word for name, folder in paths.items() for word in (f"--{name}", folder.url)]
        given += ["--captioner", str(models / "blip"), "--ranker", str(models / "clip"), "--device", "cpu"]
        return CliRunner().invoke(caption, [*given, "--temperature", "2", *words])

    return call


def test_captions_carry_the_folders_name_or_the_one_given(called: Callable[..., Result], scratch: Folder) -> None:
    def origins() -> set[str]:
        entries = read_manifest(scratch / "out", "records").shards
        return {c.origin for entry in entries for r, _ in read_record_shard(scratch / "out", entry) for c in r.captions}

    done = called("--json", "-q", "--metrics", str(Path(scratch.path) / "metrics.json"))
    assert (done.exit_code, done.stderr) == (0, "")
    told = msgspec.json.decode(done.stdout)
    assert told["stage"] == "caption" and told["metrics"]["records_captioned"] == 2
    assert msgspec.json.decode(scratch.read("metrics.json")) == told["metrics"]
    assert origins() == {"blip"}
    assert "stood finished already" in called().stderr
    assert called("--origin", "blip-large", "--fresh").exit_code == 0
    assert origins() == {"blip-large"}


def test_a_dry_run_counts_and_loads_no_model(called: Callable[..., Result], scratch: Folder, tmp_path: Path) -> None:
    done = called("--dry-run", "--json", "--captioner", str(tmp_path / "none"))
    assert done.exit_code == 0
    assert msgspec.json.decode(done.stdout)["counts"] == {"records": 2}
    assert not (scratch / "out").exists()


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["--captioner", "Salesforce/blip2-opt-2.7b"], 3, "error: no such folder for the captioner"),
        (["--captioner", "{models}/clip"], 3, "error: a model of type `clip` cannot be the captioner"),
        (["--ranker", "{models}/llava"], 3, "error: a LlavaModel cannot be the ranker"),
        (["--captioner", "{models}/llava"], 2, "error: this captioner answers prompts"),
        (["--device", "cuda:77"], 2, "error: no device `cuda:77`"),
        (["--in", "{models}"], 3, "error: not a finished folder of records"),
        (["--candidates", "0"], 2, "Error: Invalid value for '--candidates'"),
        (["--top-p", "0"], 2, "Error: Invalid value for '--top-p'"),
        (["--precision", "int8"], 2, "Error: Invalid value for '--precision'"),
    ],
)
def test_mistakes_are_told_with_their_exit_code(
    called: Callable[..., Result], models: Path, words: list[str], code: int, what: str
) -> None:
    done = called(*(word.replace("{models}", str(models)) for word in words))
    assert done.exit_code == code, done.stderr
    assert what in done.stderr and "Traceback" not in done.stderr
