"""The files that come along, side files, which text wins, and how it all reaches a worker."""

import pickle
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.errors import InputError
from mmgic.execution import run_units
from mmgic.schema.params import DescriptionParams
from mmgic.schema.records import Label
from mmgic.sources.description_checks import check_descriptions
from mmgic.sources.descriptions import (
    Descriptions,
    coverage,
    descriptions_for,
    labels_from_files,
    labels_from_tsv,
    shipped_labels,
    tsv_from_labels,
)

SHIPPED = {"coco": 80, "objects365": 365, "open-images": 602}
HEADER = "id\tname\tdescription\n"

# What a label means in its set, where the word alone could mean something else.
SENSES = {
    "coco:32": "shirt collar",  # tie
    "coco:38": "string",  # kite
    "coco:55": "citrus",  # orange
    "coco:74": "computer",  # mouse
    "objects365:34": "finger",  # Ring
    "objects365:42": "music",  # Speaker
    "objects365:43": "timepiece",  # Watch
    "objects365:65": "cylinder",  # Canned
    "objects365:87": "kayak",  # Paddle
    "objects365:101": "clothes",  # Hanger
    "objects365:116": "computer",  # Mouse
    "objects365:119": "ball",  # Soccer
    "objects365:132": "lifting machine",  # Crane
    "objects365:133": "controller",  # Remote
    "objects365:202": "hood",  # Extractor
    "objects365:211": "ball",  # Tennis
    "objects365:232": "weighing",  # Scale
    "objects365:243": "adhesive",  # Tape
    "objects365:267": "kernels",  # Nuts
    "objects365:288": "stick",  # Cue
    "objects365:321": "sea mammal",  # Seal
    "objects365:340": "brass instrument",  # French horn, called French
    "objects365:364": "granite",  # Curling
    "open-images:/m/01h44": "flying",  # Bat
    "open-images:/m/013y1f": "keyboard instrument",  # Organ
    "open-images:/m/020lf": "pointing device",  # Computer mouse
    "open-images:/m/04rmv": "tail",  # Mouse
}


@pytest.fixture
def side_file(tmp_path: Path) -> Callable[..., str]:
    """Writes a description file; returns its path."""

    def made(name: str, *rows: str) -> str:
        path = tmp_path / name
        path.write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
        return str(path)

    return made


def test_the_files_that_come_along_cover_their_sets() -> None:
    labels = [label for labels in shipped_labels().values() for label in labels]
    assert coverage({label.id: bool(label.description) for label in labels}) == {
        source: (count, count) for source, count in SHIPPED.items()
    }


@pytest.mark.parametrize("source", SHIPPED)
def test_every_description_that_comes_along_passes_the_checker(source: str) -> None:
    labels = shipped_labels()[source]
    assert all(label.id.startswith(f"{source}:") and label.name and not label.sense for label in labels)
    assert check_descriptions(labels) == []


@pytest.mark.parametrize("source", SHIPPED)
def test_the_files_are_in_one_form(source: str, project: Path) -> None:
    labels = shipped_labels()[source]
    text = (project / "mmgic" / "sources" / "data" / "descriptions" / f"{source}.tsv").read_text(encoding="utf-8")
    assert text == tsv_from_labels(labels)
    natives = [label.id.partition(":")[2] for label in labels]
    if source != "open-images":
        assert natives == [str(number) for number in sorted(map(int, natives))]
    british = r"\b\w*(colour|grey|aluminium|centre|fibre|mould|jewell|tyre|plough|moustache)\w*\b"
    assert [word[0] for label in labels if (word := re.search(british, label.description, re.IGNORECASE))] == []


@pytest.mark.parametrize(("label_id", "word"), SENSES.items())
def test_words_with_several_senses_have_that_of_their_set(label_id: str, word: str) -> None:
    labels = {label.id: label for labels in shipped_labels().values() for label in labels}
    assert word in labels[label_id].description.lower()


def test_a_label_gets_the_first_text_that_there_is(side_file: Callable[..., str]) -> None:
    first = side_file("a.tsv", "coco:17\tcat\tFrom the first file.", "toy:1\tcup\tA cup.", "coco:18\tdog\t")
    second = side_file("b.tsv", "coco:17\tcat\tFrom the second file.", "toy:1\tcup\t")
    fill = Descriptions("", (first, second))
    assert fill(Label("coco:17", "cat", "From the source.")).description == "From the second file."
    assert fill(Label("toy:1", "cup")).description == "A cup."
    assert fill(Label("toy:2", "fork", "From the source.")).description == "From the source."
    assert fill(Label("coco:18", "dog", "From the source.")).description == "From the source."
    assert fill(Label("coco:18", "dog")).description.startswith("A domestic animal with a projecting muzzle")
    assert fill(Label("toy:3", "knife")) == Label("toy:3", "knife")


def test_nothing_but_the_description_changes(side_file: Callable[..., str]) -> None:
    fill = Descriptions("", (side_file("a.tsv", "v3det:9\tanother name\tA wading bird."),))
    label = Label("v3det:9", "crane", sense="crane (bird)")
    assert fill(label) == Label("v3det:9", "crane", "A wading bird.", "crane (bird)")


def test_a_number_of_another_set_in_cocos_layout_gets_no_foreign_text() -> None:
    fill = Descriptions("", ())
    assert fill(Label("coco:17", "Cat")).description.startswith("A small domestic animal")
    assert fill(Label("coco:17", "helmet")).description == ""
    assert fill(Label("coco:18", "cat")).description == ""


@pytest.mark.parametrize(
    ("number", "native"),
    [
        (38, "Moniter/TV"),
        (53, "Bakset"),
        (91, "Ballon"),
        (99, "Dinning Table"),
        (123, "Tea pot"),
        (190, "Billards"),
        (229, "Hotair ballon"),
        (290, "Hamimelon"),
        (292, "Mushroon"),
        (300, "Tape Measur/ Ruler"),
        (308, "Campel"),
        (322, "Buttefly"),
        (351, "Noddles"),
        (355, "Table Teniis paddle"),
    ],
)
def test_native_misspellings_are_known(number: int, native: str) -> None:
    assert Descriptions("", ())(Label(f"objects365:{number}", native)).description


def test_synsets_get_their_gloss_where_a_dictionary_is_named(wordnet_folder: Path) -> None:
    fill = descriptions_for(DescriptionParams(wordnet=str(wordnet_folder), files=[]))
    bus = fill(Label("visual-genome:bus.n.01", "bus"))
    assert bus.description == "A vehicle carrying many passengers; used for public transport."
    assert fill(Label("visual-genome:name/bus", "bus")).description == ""
    assert fill(Label("visual-genome:bus.n.01", "bus", "Its own.")).description == "Its own."
    assert fill(Label("v3det:bus.n.01", "bus")).description == ""
    assert descriptions_for(DescriptionParams(wordnet="", files=[]))(bus) == bus
    assert (
        descriptions_for(DescriptionParams(wordnet="", files=[]))(Label("visual-genome:bus.n.01", "bus")).description
        == ""
    )


def _filled(names: list[str], fill: Descriptions) -> list[Label]:
    return [fill(Label(f"coco:{number}", name)) for number, name in enumerate(names, start=17)]


def test_workers_fill_as_this_process_does(side_file: Callable[..., str]) -> None:
    fill = Descriptions("", (side_file("a.tsv", "coco:19\thorse\tA horse of the side file."),))
    assert len(pickle.dumps(fill)) < 500
    work, units = partial(_filled, fill=fill), [["cat", "dog"], ["cat", "dog", "horse"], ["cow"]]
    assert list(run_units(work, units, 2)) == list(run_units(work, units, 1))
    assert [label.description for label in _filled(["x", "x", "horse"], fill)] == ["", "", "A horse of the side file."]


def test_other_contents_of_a_file_are_another_digest(side_file: Callable[..., str]) -> None:
    path = side_file("a.tsv", "toy:1\tcup\tA cup.")
    before = Descriptions("", (path,)).digests()
    side_file("a.tsv", "toy:1\tcup\tA mug.")
    after = Descriptions("", (path,)).digests()
    assert list(before) == list(after) == [path] and before != after
    assert Descriptions("", ()).digests() == {}


def test_the_dictionary_is_part_of_the_digests(wordnet_folder: Path) -> None:
    digests = Descriptions(str(wordnet_folder), ()).digests()
    assert {Path(path).name for path in digests} == {
        f"{kind}.{part}" for kind in ("index", "data") for part in ("noun", "verb", "adj", "adv")
    }
    assert len(set(digests.values())) == 8


def test_a_wrong_file_ends_a_run_before_it_begins(tmp_path: Path, side_file: Callable[..., str]) -> None:
    for params in (
        DescriptionParams(wordnet="", files=[str(tmp_path / "none.tsv")]),
        DescriptionParams(wordnet="", files=[side_file("a.tsv", "no cells")]),
        DescriptionParams(wordnet=str(tmp_path), files=[]),
    ):
        with pytest.raises(InputError):
            descriptions_for(params)


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"", "expected the header id, name, description; found ''", "line 1"),
        (b"name\tdescription\n", "found 'name, description'", "line 1"),
        (HEADER.encode() + b"toy:1\tcup\n", "found 2 cells", "line 2"),
        (HEADER.encode() + b"\ntoy:1\ta\tb\tc\n", "found 4 cells", "line 3"),
        (HEADER.encode() + b"17\tcup\tA cup.\n", "id without its source: '17'", "line 2"),
        (HEADER.encode() + b":17\tcup\tA cup.\n", "id without its source", "line 2"),
        (HEADER.encode() + b"toy:\tcup\tA cup.\n", "id without its source", "line 2"),
        (HEADER.encode() + b"toy:1\ta\tb.\ntoy:1\ta\tc.\n", "label toy:1 is there twice", "line 3"),
        (HEADER.encode() + b"toy:1\ta\t\xff\n", "not UTF-8", "x.tsv"),
    ],
)
def test_a_file_in_another_form_is_named_with_its_line(data: bytes, message: str, place: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        labels_from_tsv(data, "x.tsv")
    assert place in caught.value.where


def test_a_file_from_another_system_is_read() -> None:
    data = "\ufeff" + HEADER.replace("\n", "\r\n") + "toy:1\tcup\t A cup. \r\n\r\ntoy:2\tfork\t"
    assert labels_from_tsv(data.encode(), "x.tsv") == [Label("toy:1", "cup", "A cup."), Label("toy:2", "fork")]


def test_what_would_break_a_cell_becomes_a_space() -> None:
    labels = [Label("toy:1", "a\tcup", "Two\nlines,\r\n one  text.\u2028End.")]
    assert labels_from_tsv(tsv_from_labels(labels).encode(), "x") == [
        Label("toy:1", "a cup", "Two lines, one text. End.")
    ]


@given(st.lists(st.text(alphabet='"a, '), min_size=2, max_size=2))
def test_quotes_come_back_as_they_were(cells: list[str]) -> None:
    name, text = (" ".join(cell.split()) for cell in cells)
    assert labels_from_tsv(tsv_from_labels([Label("toy:1", name, text)]).encode(), "x") == [Label("toy:1", name, text)]


def test_several_files_give_each_label_once(side_file: Callable[..., str]) -> None:
    places = [side_file("a.tsv", "toy:1\ta\tOne.", "toy:2\tb\t"), side_file("b.tsv", "toy:1\ta\t", "toy:2\tb\tTwo.")]
    assert labels_from_files(places) == [Label("toy:1", "a", "One."), Label("toy:2", "b", "Two.")]
