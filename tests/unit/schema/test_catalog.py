"""Entries of the catalog: rules of files and series, and what must not be left out."""

from typing import Any

import msgspec
import pytest

from mmgic.schema.catalog import CatalogEntry, CatalogFile

FILE: dict[str, Any] = {"name": "a.zip", "urls": ["https://example.org/a.zip"], "holds": "all", "source": "its page"}
SERIES: dict[str, Any] = {
    **FILE,
    "name": "p/{number:03d}.tar",
    "urls": ["https://example.org/{number}.tar"],
    "numbers": [8, 10],
}
ENTRY: dict[str, Any] = {
    "name": "a-set",
    "title": "A Set",
    "kind": "captions",
    "summary": "Pictures.",
    "homepage": "https://example.org",
    "citation": "@misc{a}",
    "license_annotations": "CC BY 4.0",
    "license_pictures": "CC BY 2.0",
    "terms": "None.",
    "access": "open",
    "source": "its page",
    "files": [FILE],
    "kept": ["captions"],
}


def entry(**fields: Any) -> CatalogEntry:
    return msgspec.convert({**ENTRY, **fields}, CatalogEntry)


def test_a_series_is_taken_apart() -> None:
    series = msgspec.convert({**SERIES, "num_bytes": [5, 6, 7], "split": "train"}, CatalogFile)
    assert [(file.name, file.urls, file.num_bytes, file.split) for file in series.members()] == [
        ("p/008.tar", ["https://example.org/8.tar"], 5, "train"),
        ("p/009.tar", ["https://example.org/9.tar"], 6, "train"),
        ("p/010.tar", ["https://example.org/10.tar"], 7, "train"),
    ]
    plain = msgspec.convert(FILE, CatalogFile)
    assert list(plain.members()) == [plain]
    assert [file.name for file in entry(files=[FILE, SERIES]).all_files()] == [
        "a.zip",
        "p/008.tar",
        "p/009.tar",
        "p/010.tar",
    ]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({**FILE, "urls": []}, "Expected `array` of length >= 1 - at `$.files[0].urls`"),
        ({**FILE, "urls": ["ftp://example.org/a"]}, "at `$.files[0].urls[0]`"),
        ({**FILE, "urls": ["https://example.org/a b"]}, "at `$.files[0].urls[0]`"),
        ({**FILE, "urls": ["file:///etc/passwd"]}, "at `$.files[0].urls[0]`"),
        ({**FILE, "sha256": "ab" * 31}, "at `$.files[0].sha256`"),
        ({**FILE, "sha256": "AB" * 32}, "at `$.files[0].sha256`"),
        ({**FILE, "md5": "ab" * 32}, "at `$.files[0].md5`"),
        ({**FILE, "num_bytes": 0}, "at `$.files[0].num_bytes`"),
        ({**FILE, "archive": "rar"}, "at `$.files[0].archive`"),
        ({**FILE, "sha1": "ab" * 20}, "unknown field `sha1`"),
        ({**FILE, "holds": ""}, "at `$.files[0].holds`"),
        ({**FILE, "num_bytes": [1, 2]}, "file `a.zip` has the form of a series and no `numbers`"),
        ({**SERIES, "numbers": None}, "has the form of a series and no `numbers`"),
        ({**SERIES, "numbers": [3, 3]}, "run from 3 to 3"),
        ({**SERIES, "num_bytes": [5, 6]}, "needs 3 sizes"),
        ({**SERIES, "num_bytes": 5}, "needs 3 sizes"),
        ({**SERIES, "md5": "ab" * 16}, "one hash for many files"),
        ({**SERIES, "name": "p.tar"}, "`p.tar` is the same for every number"),
        ({**SERIES, "name": "{other}.tar"}, "`{other}.tar` is no template of a number"),
        ({**SERIES, "name": "{number.x}.tar"}, "no template of a number"),
        ({**SERIES, "name": "{number.tar"}, "no template of a number"),
    ],
)
def test_wrong_files_are_refused(file: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        entry(files=[file])
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "../a"}, "at `$.name`"),
        ({"name": "A Set"}, "at `$.name`"),
        ({"homepage": "example.org"}, "at `$.homepage`"),
        ({"kind": "video"}, "Invalid enum value 'video' - at `$.kind`"),
        ({"kept": []}, "at `$.kept`"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"terms": None}, "at `$.terms`"),
        ({"access": "form"}, "how_to_get is missing"),
        ({"files": []}, "how_to_get is missing"),
        ({"files": [FILE, FILE]}, "two files are called `a.zip`"),
        ({"files": [SERIES, {**FILE, "name": "p/009.tar"}]}, "two files are called `p/009.tar`"),
        ({"facts": [{"what": "images", "value": 3}]}, "missing required field `source` - at `$.facts[0]`"),
    ],
)
def test_wrong_entries_are_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        entry(**fields)
    assert said in str(raised.value)


def test_what_needs_a_step_by_hand_says_which() -> None:
    assert entry(access="form", how_to_get="Write a letter.").how_to_get == "Write a letter."
    assert entry(files=[], needs=["coco/val2014.zip"]).needs == ["coco/val2014.zip"]
