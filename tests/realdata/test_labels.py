"""Descriptions against the label sets themselves: every label of every set, and what is wrong with V3Det's own texts."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from mmgic.schema.records import Label
from mmgic.sources.description_checks import check_descriptions
from mmgic.sources.descriptions import shipped_labels
from mmgic.sources.mended_names import mended_name
from mmgic.sources.wordnet import WordNet, glosses_from_synsets

pytestmark = pytest.mark.realdata

# The corrected list still has these; the first cell is the native number.
MENDED = {"91": "Balloon", "190": "Billiards", "300": "Tape Measure/Ruler", "340": "French horn", "351": "Noodles"}


def names(source: str) -> dict[str, str]:
    """Names of the labels that come along, by native id."""
    return {label.id.removeprefix(f"{source}:"): label.name for label in shipped_labels()[source]}


def test_objects365_by_number_and_corrected_name(real_data: Path) -> None:
    with (real_data / "objects365" / "Objects365_names_fix.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert names("objects365") == {number: MENDED.get(number, name) for number, _, name in rows}
    # What a record shows is what is described.
    assert names("objects365") == {number: mended_name("objects365", number, native) for number, native, _ in rows}
    assert len(rows) == 365


def test_coco_by_category_id_and_name(real_data: Path) -> None:
    content = json.loads((real_data / "coco-photos" / "annotations" / "instances_val2017.json").read_bytes())
    assert names("coco") == {str(item["id"]): item["name"] for item in content["categories"]}
    assert len(names("coco")) == 80


def test_open_images_by_mid_and_name(real_data: Path) -> None:
    with (real_data / "open-images" / "class-descriptions-boxable.csv").open(encoding="utf-8") as file:
        boxable = dict(csv.reader(file))
    ours = names("open-images")
    assert len(boxable) == 601 and boxable.items() <= ours.items()
    assert ours.keys() - boxable.keys() == {"/m/0bl9f"}


def test_every_synset_of_visual_genomes_first_images_has_a_gloss(real_data: Path, wordnet_folder: Path) -> None:
    wordnet = WordNet(str(wordnet_folder))
    images = json.loads((real_data / "visual-genome" / "objects.json").read_bytes())
    synsets = Counter(name for image in images for item in image["objects"] for name in item["synsets"])
    assert (len(images), len(synsets)) == (60, 424)
    assert [name for name in synsets if not wordnet.gloss(name)] == []
    for kind, count in (("object", 94), ("attribute", 92), ("relationship", 45)):
        named = set(json.loads((real_data / "visual-genome" / f"{kind}_synsets.json").read_bytes()).values())
        assert len(named) == count and all(map(wordnet.gloss, named)), kind


def test_visual_genomes_own_definitions_are_wordnets(real_data: Path, wordnet_folder: Path) -> None:
    wordnet = WordNet(str(wordnet_folder))
    own = glosses_from_synsets((real_data / "visual-genome" / "synsets.json").read_bytes(), "synsets.json")
    assert len(own) == 100
    assert {name: wordnet.gloss(name) for name in own} == own


def test_what_is_wrong_with_v3dets_own_texts(real_data: Path) -> None:
    rows = json.loads(gzip.decompress((real_data / "v3det" / "v3det_2023_v1_train_cat_info.json.gz").read_bytes()))
    labels = [Label(f"v3det:{row['id']}", row["name"], row["cat_info"]) for row in rows]
    assert len(labels) == 13_204
    assert Counter(finding.kind for finding in check_descriptions(labels)) == {
        "not_one_sentence": 7347,
        "too_long": 4662,
        "too_short": 2377,
        "empty_of_meaning": 233,
        "duplicate": 91,
        "circular": 82,
        "near_duplicate": 31,
        "bad_characters": 22,
    }
