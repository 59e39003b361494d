"""The way of a description from a gap in a record folder to a file that `normalize` reads, by the command."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from mmgic.cli.describe import describe
from mmgic.schema.records import Label, Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest, write_manifest
from mmgic.shards.records import write_record_shard
from mmgic.sources.descriptions import Descriptions
from tests.unit.annotation.makers import saved_model

PROMPT = "instruction = 'Describe it.'\nrules = []\nexamples = []\n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny language model."""
    return saved_model("llama", tmp_path_factory.mktemp("models") / "llama")


@pytest.fixture
def records(scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]) -> str:
    """Records with one label that is described and two that are not."""
    labels = [Label("toy:1", "red cup", "A cup as red as a tomato."), Label("toy:2", "spoon"), Label("toy:3", "fork")]
    pairs = [(record(f"toy-{n}", labels=labels[: n + 1], regions=[]), picture()) for n in range(3)]
    entry = write_record_shard(scratch / "records", "train-00000.tar", "train", pairs)
    write_manifest(scratch / "records", new_manifest("records", {}, "", {}, shards=[entry], counts={}))
    return (scratch / "records").url


@pytest.fixture
def called(model: Path, tmp_path: Path) -> Callable[..., Result]:
    """Calls the command with the tiny model."""
    (tmp_path / "prompt.toml").write_text(PROMPT)

    def call(*words: str) -> Result:
        given = ["--model", str(model), "--prompt", str(tmp_path / "prompt.toml"), "--max-tokens", "4"]
        return CliRunner().invoke(describe, [*given, "--device", "cpu", *words])

    return call


def test_from_a_gap_over_a_review_to_a_label_with_a_description(
    called: Callable[..., Result], records: str, tmp_path: Path
) -> None:
    review, mine = tmp_path / "review.tsv", tmp_path / "mine.tsv"
    done = called("--records", records, "--out", str(review), "--json")
    assert done.exit_code == 0, done.stderr
    told = msgspec.json.decode(done.stdout)
    assert (told["labels"], told["written"]) == (2, 2)
    lines = review.read_text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["id", "toy:2", "toy:3"]

    accepting = ["--accept", str(review), "--out", str(mine)]
    done = CliRunner().invoke(describe, accepting)
    assert done.exit_code == 3 and "none of 2 lines has the status ok" in done.stderr

    text = "A small shallow bowl on a long handle, of metal or wood, with which soup is eaten and tea is stirred."
    edited = [lines[0], f"toy:2\tspoon\t{text}\tok\t", lines[2]]
    review.write_text("\n".join(edited) + "\n")
    done = CliRunner().invoke(describe, [*accepting, "--json"])
    assert done.exit_code == 0, done.stderr
    assert msgspec.json.decode(done.stdout) == {
        "out": str(mine), "accepted": 1, "accepted_with_findings": 0, "refused": 0, "not_reviewed": 1,
    }  # fmt: skip

    fill = Descriptions("", (str(mine),))
    assert fill(Label("toy:2", "spoon")).description == text
    assert fill(Label("toy:3", "fork")).description == ""


def test_a_table_of_labels_will_do(called: Callable[..., Result], tmp_path: Path) -> None:
    table = tmp_path / "labels.tsv"
    table.write_text("id\tname\tdescription\ntoy:1\tcup\t\ntoy:2\tspoon\tKnown.\ntoy:3\tfork\t\n")
    done = called("--labels", str(table), "--out", str(tmp_path / "review.tsv"), "--limit", "1", "-q")
    assert (done.exit_code, done.stderr, done.stdout) == (0, "", "")
    assert len((tmp_path / "review.tsv").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (["--labels", "labels.tsv", "--model", "Qwen/Qwen3-8B"], 3, "error: no such folder for the language model"),
        (["--labels", "none.tsv"], 3, "error: no file none.tsv"),
        (["--labels", "wrong.tsv"], 3, "error: expected the header id, name"),
        (["--records", "."], 3, "error: not a finished folder of records"),
        (["--labels", "labels.tsv", "--prompt", "wrong.tsv"], 3, "error: cannot read the prompt"),
        (["--labels", "labels.tsv", "--wordnet", "."], 3, "error: no WordNet dictionary"),
        (["--labels", "labels.tsv", "--records", "."], 2, "Error: give --model, and either --records or --labels"),
        ([], 2, "Error: give --model, and either --records or --labels"),
        (["--accept", "review.tsv"], 2, "Error: --accept goes with --out alone"),
    ],
)
def test_mistakes_are_told_with_their_exit_code(
    called: Callable[..., Result],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    what: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("labels.tsv").write_text("id\tname\ntoy:1\tcup\n")
    Path("wrong.tsv").write_text("name\nx\n")
    done = called(*words, "--out", "review.tsv")
    assert done.exit_code == code, done.stderr
    assert what in done.stderr and "Traceback" not in done.stderr
