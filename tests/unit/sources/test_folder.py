"""Folders of pictures with a side file: every format, rows put together by file, and every row that is lost."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmgic.errors import InputError
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import folder as source

Images = Sequence[RawRecord | LostImage]

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


def _texts(image: RawRecord | LostImage) -> list[str]:
    assert isinstance(image, RawRecord), image
    return [caption.text for caption in image.captions]


def test_json_lines(origin: Folder, raw_records: Callable[..., Images]) -> None:
    origin.write("captions.jsonl", _JSONL.encode())
    a, gone, b = raw_records("folder", origin)
    assert isinstance(a, RawRecord) and isinstance(b, RawRecord) and isinstance(gone, RawRecord)
    assert (a.key, a.split, a.license, a.origin) == ("folder-a-05ddb15114", "train", "CC0-1.0", "o")
    assert (b.key, b.split) == ("folder-sub_b-ff349486aa", "val")
    assert [_texts(image) for image in (a, gone, b)] == [["One line here.", "Again."], ["Gone."], ["Two."]]
    assert (bool(b.picture.blake3), gone.picture.blake3) == (True, "")


def test_tabs(origin: Folder, raw_records: Callable[..., Images]) -> None:
    long = "x" * 200_000
    origin.write("captions.tsv", f'a.png\tA "quoted word.\r\nsub/b.png\t{long}\r\na.png\tMore.\r\n'.encode())
    a, b = raw_records("folder", origin)
    assert (_texts(a), _texts(b)) == (['A "quoted word.', "More."], [long])


def test_named_columns(origin: Folder, raw_records: Callable[..., Images]) -> None:
    origin.write("captions.csv", b'caption,image,split\n"One, two",a.png,\nThree,sub/b.png,val\n')
    a, b = raw_records("folder", origin)
    assert (_texts(a), a.split, _texts(b), b.split) == (["One, two"], "train", ["Three"], "val")


def test_parquet(origin: Folder, raw_records: Callable[..., Images]) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({"file_name": ["sub/b.png", "a.png"], "text": ["B.", None]}), stream)
    origin.write("captions.parquet", stream.getvalue())
    a, b = raw_records("folder", origin)
    assert (_texts(a), _texts(b)) == ([], ["B."])


def test_a_limit_counts_the_pictures_of_each_split(origin: Folder) -> None:
    origin.write("captions.jsonl", _JSONL.encode())
    assert list(source.local_files(origin)) == ["captions.jsonl"]
    assert [line.path for line in source.local_pictures(origin, 1)] == ["a.png", "sub/b.png"]
    origin.write("captions.jsonl", _JSONL.replace(', "split": "val"', "").encode())
    assert [(line.path, line.license, line.origin) for line in source.local_pictures(origin, 1)] == [
        ("a.png", "CC0-1.0", "o")
    ]


@pytest.mark.parametrize(
    ("name", "line", "cause", "detail"),
    [
        ("captions.jsonl", b'{"caption": "x"}', "no_picture", "no column is known to hold URLs or files"),
        ("captions.jsonl", b'{"caption": "x", "origin": "http://a"}', "no_picture", "''"),
        ("captions.jsonl", b"{", "not_json", "Input data was truncated"),
        ("captions.jsonl", b'{"file": "../a.png"}', "unsafe_name", "'../a.png'"),
        ("captions.jsonl", b'{"file": "a.png", "split": "../../x"}', "bad_split", "'../../x'"),
        ("captions.jsonl", b'{"file": "a.png", "caption": "caf\xe9"}', "not_utf8", "byte"),
        ("captions.tsv", b"a.png\tx\ty", "ragged_row", "3 cells, the first row has 2"),
        ("captions.tsv", b"b.png", "ragged_row", "1 cells"),
        ("captions.tsv", b"/etc/passwd\tx", "unsafe_name", "'/etc/passwd'"),
        ("captions.tsv", b"a.png\t\xff", "not_utf8", "byte 6"),
    ],
)
def test_a_wrong_line_is_one_lost_image(
    origin: Folder, raw_records: Callable[..., Images], name: str, line: bytes, cause: str, detail: str
) -> None:
    good = b'{"file": "a.png", "caption": "Good."}' if name.endswith("jsonl") else b"a.png\tGood."
    origin.write(name, b"\n".join([good, line, good]))
    lost, image = raw_records("folder", origin)
    assert isinstance(lost, LostImage) and _texts(image) == ["Good."]
    assert (lost.key, lost.cause) == ("folder-row-000000001", cause)
    assert lost.detail.startswith(f"{name}, line 2: ") and detail in lost.detail
    has_caption = detail in ("''", "'/etc/passwd'")
    assert lost.dropped == ({"caption.record_rejected": 1} if has_caption else {})


def test_a_side_file_that_cannot_be_read_at_all(origin: Folder) -> None:
    with pytest.raises(InputError, match="no captions.jsonl or captions.tsv"):
        list(source.local_files(origin))
    origin.write("captions.tsv", "a.png\tx".encode("utf-16"))
    with pytest.raises(InputError, match="UTF-16"):
        list(source.local_pictures(origin, None))
