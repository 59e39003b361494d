from collections.abc import Callable
from pathlib import Path

import pytest

from mmgic.annotation.clues import Gap, gaps_from_records, gaps_from_tsv, with_glosses
from mmgic.schema.records import Label, Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest
from mmgic.shards.records import write_record_shard
from mmgic.sources.wordnet import WordNet

CAT = Label("coco:17", "cat", "A small furry pet.")
MOUSE = Label("coco:74", "mouse")
KEYBOARD = Label("coco:76", "keyboard")
CRANE = Label("v3det:1", "crane", "", "crane (bird)")
SLUG = Label("v3det:2", "slug", "", "bullet")
GARDEN_SLUG = Label("v3det:3", "garden slug")


def gaps(scratch: Folder, record: Callable[..., Record], pictures: list[list[Label]]) -> list[Gap]:
    """The gaps of records with these labels, in two shards."""
    records = [(record(f"r{n}", labels=labels, regions=[]), b"picture") for n, labels in enumerate(pictures)]
    half = len(records) // 2
    entries = [
        write_record_shard(scratch, f"train-0000{number}.tar", "train", part)
        for number, part in enumerate((records[:half], records[half:]))
    ]
    return gaps_from_records(scratch, new_manifest("records", {}, "", {}, shards=entries, counts={}))


def test_labels_that_no_record_describes_come_most_frequent_first_with_their_company(
    scratch: Folder, record: Callable[..., Record]
) -> None:
    described_once = Label("coco:76", "keyboard", "Rows of keys.")
    found = gaps(scratch, record, [[MOUSE, KEYBOARD, CAT], [CRANE], [MOUSE, described_once], [MOUSE, CRANE, SLUG]])
    assert [gap.id for gap in found] == ["coco:74", "v3det:1", "v3det:2"]
    mouse, crane, slug = found
    # Of its own set, most often seen first; other sets name things by other rules.
    assert (mouse.name, mouse.source, mouse.seen_with) == ("mouse", "coco", ["keyboard", "cat"])
    assert (crane.sense, crane.seen_with) == ("crane (bird)", ["slug (bullet)"])
    assert slug.seen_with == ["crane (bird)"]


def test_company_is_of_the_first_pictures_and_the_most_frequent_names(
    scratch: Folder, record: Callable[..., Record]
) -> None:
    others = [Label(f"coco:{n}", f"thing {n}", "Described.") for n in range(100, 110)]
    late = Label("coco:200", "late", "Described.")
    found = gaps(scratch, record, [[MOUSE, *others]] * 64 + [[MOUSE, late]] * 50)
    assert found[0].seen_with == [f"thing {n}" for n in range(100, 106)]


def test_labels_with_words_in_common_are_neighbours_of_one_set() -> None:
    text = (
        "id\tname\tdescription\tsense\n"
        "a:1\tTable tennis racket\t\t\na:2\tTennis racket\tKnown.\t\na:3\tRacket\t\t\na:4\tTable\t\t\n"
        "a:5\tTennis ball\t\t\nb:1\tRacket\t\t\na:6\tracket\t\tnoise\n"
    )
    found = {gap.id: gap for gap in gaps_from_tsv(text.encode(), "t")}
    assert list(found) == ["a:1", "a:3", "a:4", "a:5", "b:1", "a:6"]
    assert found["a:1"].alike == ["Tennis racket", "Racket", "racket (noise)", "Table", "Tennis ball"]
    assert found["a:4"].alike == ["Table tennis racket"]
    assert found["b:1"].alike == []
    assert found["a:6"].sense == "noise"


def test_definitions_come_from_the_table_or_from_wordnet(wordnet_folder: Path) -> None:
    text = (
        "id\tname\tgloss\nvisual-genome:bat.n.01\tbat\t\nvisual-genome:bat.n.05\tbat\tmine\nvisual-genome:name/x\tx\t\n"
    )
    found = with_glosses(gaps_from_tsv(text.encode(), "t"), WordNet(str(wordnet_folder)))
    assert found[0].gloss.startswith("nocturnal mouselike mammal")
    assert [gap.gloss for gap in found[1:]] == ["mine", ""]


@pytest.fixture
def wordnet_folder() -> Path:
    """The dictionary of Debian's wordnet-base."""
    folder = Path("/usr/share/wordnet")
    if not folder.is_dir():
        pytest.skip("apt-get install wordnet-base")
    return folder
