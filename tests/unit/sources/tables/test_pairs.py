"""Two lists side by side, as SBU's older form has them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmgic.errors import InputError
from mmgic.shards.folder import Folder
from mmgic.sources.tables import native_names

URLS, CAPTIONS = "SBU_captioned_photo_dataset_urls.txt", "SBU_captioned_photo_dataset_captions.txt"
A, B = "http://a/1.jpg", "http://b/2.jpg"


def test_lines_belong_together_by_number(rows: Callable[..., object], tmp_path: Path) -> None:
    found = rows({URLS: f"{A}\n{B}\n{A}\n", CAPTIONS: b"one\n\nthr\xffee\n", "readme.txt": "x"})
    assert found == [
        (0, A, ("one",)),
        (1, B, ()),
        (2, "not_utf8", f"{URLS}, line 3: byte 3 of the line: invalid start byte"),
    ]
    assert list(native_names(Folder(str(tmp_path / "tables")))) == [URLS, CAPTIONS]


def test_lists_of_different_lengths_are_refused(rows: Callable[..., object]) -> None:
    with pytest.raises(InputError, match="the list of captions ends before line 2"):
        rows({URLS: f"{A}\n{B}\n", CAPTIONS: "one\n"})
    with pytest.raises(InputError, match="the list of URLs ends before line 3"):
        rows({URLS: f"{A}\n{B}\n", CAPTIONS: "one\ntwo\nthree"})


def test_a_missing_list_is_named(rows: Callable[..., object]) -> None:
    with pytest.raises(InputError, match=f"no file {CAPTIONS}"):
        rows({URLS: f"{A}\n"})
