"""Coverage, what is missing, and findings: each on stdout as TSV, talk on stderr."""

from collections.abc import Callable

import msgspec
import pytest
from click.testing import CliRunner, Result

from mmgic.cli.descriptions import descriptions
from mmgic.schema.records import Label, Record
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest, write_manifest
from mmgic.shards.records import write_record_shard
from mmgic.sources.descriptions import labels_from_tsv
from mmgic.sources.statistics import STATS, add_record

CUP = Label("toy:1", "cup", "A small open vessel of ceramic with one handle, from which hot coffee or tea is drunk.")
FORK, DISH, CAT = Label("toy:2", "fork"), Label("toy:3", "dish"), Label("coco:17", "cat")


@pytest.fixture
def records(scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]) -> Folder:
    """A record folder of three records with four labels, one of them described."""
    made = [
        record(f"toy-{number}", labels=labels, regions=[])
        for number, labels in enumerate([[CUP, DISH], [CUP, DISH, FORK, CAT], [DISH]])
    ]
    entry = write_record_shard(scratch, "train-00000.tar", "train", [(item, picture()) for item in made])
    stats = RecordStats()
    for item in made:
        add_record(stats, item)
    scratch.write(STATS, msgspec.json.encode(stats))
    write_manifest(scratch, new_manifest("records", {}, "", {}, shards=[entry], counts={"records": 3}))
    return scratch


def call(*arguments: str) -> Result:
    """The command's result."""
    return CliRunner().invoke(descriptions, list(arguments))


def test_coverage_of_the_files_that_come_along() -> None:
    result = call()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "source\tdescribed\tlabels\ncoco\t80\t80\nobjects365\t365\t365\nopen-images\t602\t602\n"


def test_those_files_have_no_findings() -> None:
    result = call("--check")
    assert (result.exit_code, result.stdout) == (0, "id\tname\tkind\tdetail\n")
    assert "nothing is wrong with 1,047 descriptions" in result.stderr


def test_what_a_record_folder_lacks_is_a_file_to_fill(records: Folder) -> None:
    result = call("--records", records.url)
    assert result.exit_code == 0
    assert labels_from_tsv(result.stdout.encode(), "stdout") == [DISH, FORK]
    assert result.stderr == "source\tdescribed\tlabels\ncoco\t1\t1\ntoy\t1\t3\n"


def test_a_file_that_was_filled_counts(records: Folder) -> None:
    records.write("mine.tsv", b"id\tname\tdescription\ntoy:3\tdish\tA shallow round vessel for food.\ntoy:2\tfork\t\n")
    result = call("--records", records.url, "--descriptions", records.file("mine.tsv"))
    assert labels_from_tsv(result.stdout.encode(), "stdout") == [FORK]
    assert "toy\t2\t3" in result.stderr


def test_findings_of_a_file_end_with_bad_input(records: Folder) -> None:
    records.write("mine.tsv", b"id\tname\tdescription\ntoy:3\tdish\tA dish.\ntoy:2\tfork\t\n")
    result = call("--descriptions", records.file("mine.tsv"))
    assert (result.exit_code, result.stdout) == (0, "source\tdescribed\tlabels\ntoy\t1\t2\n")
    result = call("--check", "--descriptions", records.file("mine.tsv"))
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "id\tname\tkind\tdetail",
        "toy:3\tdish\ttoo_short\t2 words, at least 10",
        "toy:3\tdish\tcircular\tno words but the label's own: dish",
        "toy:2\tfork\tmissing\tno text",
    ]
    assert "2 of 2 labels have a description with faults, or none" in result.stderr


def test_findings_of_a_record_folder(records: Folder) -> None:
    result = call("--check", "--records", records.url)
    assert result.exit_code == 3
    assert result.stdout.splitlines()[1:] == ["toy:2\tfork\tmissing\tno text", "toy:3\tdish\tmissing\tno text"]


def test_glosses_fill_the_labels_of_records(
    records: Folder, record: Callable[..., Record], wordnet_folder: str
) -> None:
    stats = RecordStats()
    add_record(stats, record(labels=[Label("visual-genome:bus.n.01", "bus"), FORK], regions=[]))
    records.write(STATS, msgspec.json.encode(stats))
    assert "visual-genome\t1\t1" in call("--records", records.url, "--wordnet", str(wordnet_folder)).stderr
    assert "visual-genome\t0\t1" in call("--records", records.url).stderr


def test_wrong_calls_are_told(records: Folder, scratch: Folder) -> None:
    assert call("--wordnet", "/usr/share/wordnet").exit_code == 2
    assert call("--records", scratch.sibling("none").url).exit_code == 3
    missing = call("--descriptions", "none.tsv")
    assert missing.exit_code == 3 and "no file none.tsv" in missing.stderr
    records.remove(STATS)
    without = call("--records", records.url)
    assert without.exit_code == 3 and "no figures stats.json" in without.stderr
