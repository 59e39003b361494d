"""Folders of pictures with a side file: both formats, and every line that is wrong."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import folder as source

_JSONL = (
    '\ufeff{"file": "a.png", "caption": "One\u2028line\u0085here.", "license": "CC0-1.0", "origin": "o"}\n\n'
    '{"file": "sub/b.png", "captions": ["Two.", " "], "split": "val"}\n'
    '{"file": "a.png", "caption": "Again."}\n{"file": "gone.png", "caption": "Gone."}'
)


@pytest.fixture
def origin(tmp_path: Path, picture: Callable[..., bytes]) -> Folder:
    made = Folder(str(tmp_path / "set"))
    made.write("a.png", picture())
    made.write("sub/b.png", picture(20, 20))
    return made


def test_json_lines(origin: Folder, raw_records: Callable[..., Sequence[RawRecord]]) -> None:
    origin.write("captions.jsonl", _JSONL.encode())
    a, b, gone = raw_records("folder", origin)
    assert (a.key, a.split, a.captions, a.license, a.origin) == (
        "folder-a",
        "train",
        ["One line here.", "Again."],
        "CC0-1.0",
        "o",
    )
    assert (b.key, b.split, b.captions) == ("folder-sub_b-ff349486aa", "val", ["Two."])
    assert (bool(b.picture.blake3), gone.picture.blake3) == (True, "")


def test_tabs(origin: Folder, raw_records: Callable[..., Sequence[RawRecord]]) -> None:
    long = "x" * 200_000
    origin.write("captions.tsv", f'a.png\tA "quoted word.\r\nsub/b.png\t{long}\r\na.png\tMore.\r\n'.encode())
    a, b = raw_records("folder", origin)
    assert (a.captions, b.captions) == (['A "quoted word.', "More."], [long])


def test_a_limit_counts_the_pictures_of_each_split(origin: Folder) -> None:
    origin.write("captions.jsonl", _JSONL.encode())
    assert [line.path for line in source.local_files(origin, 1)] == ["captions.jsonl", "a.png", "sub/b.png"]
    origin.write("captions.jsonl", _JSONL.replace(', "split": "val"', "").encode())
    assert [line.path for line in source.local_files(origin, 1)] == ["captions.jsonl", "a.png"]


@pytest.mark.parametrize(
    ("name", "text", "line", "what"),
    [
        ("captions.jsonl", '{"file": "a.png"}\n{"caption": "x"}', 2, "missing required field `file`"),
        ("captions.jsonl", "\n{", 2, "Input data was truncated"),
        ("captions.jsonl", '{"file": "../a.png"}', 1, "file name leaves the folder: '../a.png'"),
        (
            "captions.jsonl",
            '{"file": "a.png", "split": "../../x"}',
            1,
            "split is not a plain word: '../../x'",
        ),
        ("captions.jsonl", '{"file": "a.png", "split": ""}', 1, "split is not a plain word: ''"),
        ("captions.tsv", "a.png\tx\ty", 1, "expected file, tab, caption; found 3 cells"),
        ("captions.tsv", "a.png\tx\nb.png", 2, "found 1 cells"),
        ("captions.tsv", "/etc/passwd\tx", 1, "file name leaves the folder"),
    ],
)
def test_a_wrong_line_is_named(origin: Folder, name: str, text: str, line: int, what: str) -> None:
    origin.write(name, text.encode())
    with pytest.raises(InputError) as caught:
        list(source.local_files(origin, None))
    assert what in caught.value.what
    assert caught.value.where == f"{origin.file(name)}, line {line}"


def test_no_side_file_and_no_utf_8(origin: Folder) -> None:
    with pytest.raises(InputError, match="no captions.jsonl or captions.tsv"):
        list(source.local_files(origin, None))
    origin.write("captions.tsv", b"a.png\t\xff")
    with pytest.raises(InputError, match="not UTF-8"):
        list(source.local_files(origin, None))
