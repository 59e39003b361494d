"""A small dictionary in WordNet's format, written here, and the real one where it is installed."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from mmgic.errors import InputError
from mmgic.sources.wordnet import WordNet, definition, glosses_from_synsets, sentence_from_gloss

LICENCE = [
    "  1 This software and database is being provided to you, the LICENSEE, by  ",
    "  2 the test. WordNet 3.0 Copyright 2006 by Princeton University.  ",
]
SENSES = {
    "noun": {
        "crane": [
            'lifts and moves heavy objects; "they lifted the beam with a crane"',
            "large long-necked wading bird of marshes",
        ],
        "bank": ["sloping land beside water"],
        "zebra_crossing": ['(British) street crossing where pedestrians have right of way: "wait at the zebra"'],
    },
    "verb": {"crane": ['stretch (the neck) so as to see better, "we craned our necks"']},
    "adj": {"yellow": ["of the color of an egg yolk"]},
    "adv": {"back": ['in or to a former location; "go back"']},
}


def write_dictionary(folder: Path, senses: dict[str, dict[str, list[str]]]) -> Path:
    """Index and data files of the four parts of speech, words in byte order, offsets as they fall."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, words in senses.items():
        data = "\n".join(LICENCE) + "\n"
        index = [*LICENCE]
        for word in sorted(words):
            offsets = []
            for gloss in words[word]:
                offsets.append(len(data))
                data += f"{len(data):08d} 05 {part[0]} 01 {word} 0 000 | {gloss}  \n"
            index.append(
                f"{word} {part[0]} {len(offsets)} 0 {len(offsets)} 0 {' '.join(f'{o:08d}' for o in offsets)}  "
            )
        (folder / f"data.{part}").write_text(data, encoding="utf-8")
        (folder / f"index.{part}").write_text("\n".join(index) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    """The folder of the small dictionary."""
    return write_dictionary(tmp_path / "dict", SENSES)


@pytest.mark.parametrize(
    ("synset", "gloss"),
    [
        ("crane.n.01", "lifts and moves heavy objects"),
        ("crane.n.02", "large long-necked wading bird of marshes"),
        ("Crane.N.02", "large long-necked wading bird of marshes"),
        ("crane.v.01", "stretch (the neck) so as to see better"),
        ("zebra_crossing.n.01", "(British) street crossing where pedestrians have right of way"),
        ("yellow.a.01", "of the color of an egg yolk"),
        ("yellow.s.01", "of the color of an egg yolk"),
        ("back.r.01", "in or to a former location"),
        ("crane.n.03", ""),
        ("crane.n.00", ""),
        ("cran.n.01", ""),
        ("aardvark.n.01", ""),
        ("zulu.n.01", ""),
        ("crane", ""),
        ("crane.n.x", ""),
        ("crane.n.1\n", ""),
        ("", ""),
        ("a" * 300 + ".n.01", ""),
    ],
)
def test_a_sense_has_the_gloss_of_its_number(dictionary: Path, synset: str, gloss: str) -> None:
    assert WordNet(str(dictionary)).gloss(synset) == gloss


def test_every_word_of_a_long_index_is_found(tmp_path: Path) -> None:
    words = {f"word_{i:04d}{'x' * (i % 7)}": [f"gloss {i}"] for i in range(0, 3000, 3)}
    wordnet = WordNet(str(write_dictionary(tmp_path, {**SENSES, "noun": words})))
    assert all(wordnet.gloss(f"{word}.n.01") == glosses[0] for word, glosses in words.items())
    assert not any(wordnet.gloss(f"word_{i:04d}.n.01") for i in range(1, 3000, 3))


def test_it_crosses_processes_as_a_path(dictionary: Path) -> None:
    wordnet = WordNet(str(dictionary))
    wordnet.gloss("crane.n.01")
    stored = pickle.dumps(wordnet)
    assert len(stored) < 500
    assert pickle.loads(stored).gloss("crane.n.02") == "large long-necked wading bird of marshes"


def _cut(folder: Path) -> None:
    (folder / "data.noun").write_bytes((folder / "data.noun").read_bytes()[:200])


def _shifted(folder: Path) -> None:
    (folder / "data.noun").write_bytes(b"x" + (folder / "data.noun").read_bytes())


def _no_offsets(folder: Path) -> None:
    (folder / "index.noun").write_text("\n".join([*LICENCE, "crane n two\n"]), encoding="utf-8")


def _one_endless_line(folder: Path) -> None:
    (folder / "index.noun").write_bytes("\n".join(LICENCE).encode() + b"\n" + b"c" * 200_000)


def _empty(folder: Path) -> None:
    (folder / "index.noun").write_bytes(b"")


@pytest.mark.parametrize("damage", [_cut, _shifted, _no_offsets, _one_endless_line, _empty])
def test_a_damaged_dictionary_is_named_with_file_and_byte(dictionary: Path, damage: Callable[[Path], None]) -> None:
    damage(dictionary)
    with pytest.raises(InputError, match=r"not a line of WordNet's at byte \d+") as caught:
        WordNet(str(dictionary)).gloss("crane.n.02")
    assert caught.value.where.startswith(str(dictionary)) and "wordnet-base" in caught.value.hint


def test_a_folder_without_a_dictionary_is_refused(tmp_path: Path, dictionary: Path) -> None:
    (dictionary / "data.verb").unlink()
    for folder, missing in ((dictionary, "data.verb missing"), (tmp_path / "none", "index.noun, data.noun")):
        with pytest.raises(InputError, match=missing) as caught:
            WordNet(str(folder))
        assert "apt-get install wordnet-base" in caught.value.hint


def test_another_release_is_refused_since_its_senses_have_other_numbers(dictionary: Path) -> None:
    text = (dictionary / "data.adj").read_text(encoding="utf-8")
    (dictionary / "data.adj").write_text(text.replace("WordNet 3.0", "WordNet 3.1"), encoding="utf-8")
    with pytest.raises(InputError, match="not of WordNet 3.0") as caught:
        WordNet(str(dictionary))
    assert caught.value.where == str(dictionary / "data.adj")


@pytest.mark.parametrize(
    ("gloss", "text"),
    [
        ('flat; "a flat roof"; "flat feet"', "flat"),
        ('the substitute: "he sent Smith in"', "the substitute"),
        (
            'progress (especially in the phrase "make strides"); "big strides"',
            'progress (especially in the phrase "make strides")',
        ),
        ('a branch where services are available"', "a branch where services are available"),
        ("female of which the male is called `bull'", "female of which the male is called 'bull'"),
        ("two;  spaces ; ", "two; spaces"),
        ("", ""),
    ],
)
def test_examples_leave_a_gloss(gloss: str, text: str) -> None:
    assert definition(gloss) == text


@pytest.mark.parametrize(
    ("gloss", "sentence"),
    [
        ("a tall plant", "A tall plant."),
        ("(botany) a living organism", "A living organism."),
        ("(of a leaf) round", "Round."),
        ("made in the U.S.", "Made in the U.S."),
        ("a .22 caliber firearm (pistol or rifle)", "A .22 caliber firearm (pistol or rifle)."),
        ("", ""),
    ],
)
def test_a_gloss_becomes_a_sentence(gloss: str, sentence: str) -> None:
    assert sentence_from_gloss(gloss) == sentence


def test_visual_genomes_own_synsets_are_read() -> None:
    rows = [{"synset_name": "horse.n.01", "synset_definition": 'a quadruped; "the horse ran"'}]
    assert glosses_from_synsets(json.dumps(rows).encode(), "synsets.json") == {"horse.n.01": "a quadruped"}
    for bad in (b"{}", b'[{"synset_name": 1}]', b"[", b"\xff\xfe"):
        with pytest.raises(InputError, match="not Visual Genome's synsets") as caught:
            glosses_from_synsets(bad, "synsets.json")
        assert caught.value.where == "synsets.json"


def test_real_glosses_by_part_and_sense(wordnet_folder: Path) -> None:
    wordnet = WordNet(str(wordnet_folder))
    assert wordnet.gloss("crane.n.04").startswith("lifts and moves heavy objects")
    assert wordnet.gloss("crane.n.05").startswith("large long-necked wading bird")
    assert wordnet.gloss("mouse.n.04").startswith(
        "a hand-operated electronic device that controls the coordinates of a cursor"
    )
    assert (
        wordnet.gloss("tree.n.03")
        == "English actor and theatrical producer noted for his lavish productions of Shakespeare (1853-1917)"
    )
    assert wordnet.gloss("tree.n.04") == ""
    assert wordnet.gloss(".22.n.01") == "a .22 caliber firearm (pistol or rifle)"
    assert wordnet.gloss("zyrian.n.01") == "the Finnic language spoken by the Komi"


def test_every_tenth_word_of_the_real_index_has_all_its_glosses(wordnet_folder: Path) -> None:
    wordnet = WordNet(str(wordnet_folder))
    count = 0
    for part, letter in (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r")):
        lines = (wordnet_folder / f"index.{part}").read_text(encoding="utf-8").splitlines()
        for line in [line for line in lines if not line.startswith(" ")][::10]:
            word, _, senses = line.split()[:3]
            for number in range(1, int(senses) + 1):
                assert wordnet.gloss(f"{word}.{letter}.{number:02d}"), (word, letter, number)
                count += 1
    assert count > 19_000
