"""Compressed tables: the same rows as plain ones; cut, damaged and bomb-like files are named."""

import gzip
import io
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from mmgic.errors import InputError

A, B = "http://a/1.jpg", "http://b/2.jpg"
TEXT = f"url\tcaption\n{A}\tone\n{B}\ttwo\n".encode()
ROWS = [(0, A, ("one",)), (1, B, ("two",))]
MANY = b"url\tcaption\n" + b"".join(b"http://a/%d.jpg\tcaption %d\n" % (i, i * i) for i in range(20_000))


def _zip(members: dict[str, bytes], **fields: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv.gz", gzip.compress(TEXT)),
        ("a.tsv.gz", gzip.compress(TEXT[:30]) + gzip.compress(TEXT[30:])),
        ("a.tsv.zst", zstandard.ZstdCompressor().compress(TEXT)),
        ("a.tsv.zst", zstandard.compress(TEXT[:30]) + zstandard.compress(TEXT[30:])),
        ("a.zip", _zip({"x/readme.txt": b"no table", "x/a.tsv": TEXT})),
    ],
)
def test_rows_are_those_of_the_plain_file(rows: Callable[..., object], name: str, data: bytes) -> None:
    assert rows({name: data}) == ROWS


def test_members_of_a_zip_come_in_the_order_of_their_names(rows: Callable[..., object]) -> None:
    found = rows({"t.zip": _zip({"b.tsv": TEXT, "a.csv": b"caption,url\nzero,http://z/0.jpg\n"})})
    assert [(row[0], row[1]) for row in found] == [(0, "http://z/0.jpg"), (1, A), (2, B)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tsv.gz", gzip.compress(MANY)[:-4000]),
        ("a.tsv.gz", gzip.compress(MANY)[:-2]),
        ("a.tsv.gz", b"no gzip at all"),
        ("a.tsv.gz", gzip.compress(MANY)[:5000] + b"\0" * 500 + gzip.compress(MANY)[5500:]),
        ("a.tsv.zst", zstandard.compress(MANY)[:-4000]),
        ("a.tsv.zst", zstandard.compress(MANY)[:-1]),
        ("a.tsv.zst", b"no zstd at all"),
        ("a.zip", _zip({"a.tsv": MANY})[:-30]),
        ("a.zip", _zip({"a.tsv": MANY}).replace(_zip({"a.tsv": MANY})[2000:2010], b"x" * 10)),
    ],
)
def test_a_cut_or_damaged_file_is_named(rows: Callable[..., object], name: str, data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        rows({name: data})
    assert name in caught.value.where and caught.value.hint == "get it again"


@pytest.mark.parametrize("name", ["a.tsv.gz", "a.tsv.zst", "a.zip"])
def test_a_bomb_is_stopped(rows: Callable[..., object], name: str) -> None:
    plain = bytes(b"a" * (1 << 20)) * 100
    packed = {"a.tsv.gz": gzip.compress, "a.tsv.zst": zstandard.compress, "a.zip": lambda data: _zip({"a.tsv": data})}
    with pytest.raises(InputError, match=r"expand to over \d+, which no table does"):
        rows({name: packed[name](plain)})


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (_zip({"a.tsv": TEXT}, external_attr=0o120777 << 16), "a link or encrypted"),
        (_zip({"a.tsv": TEXT})[:6] + b"\1" + _zip({"a.tsv": TEXT})[7:], ""),
    ],
)
def test_links_in_a_zip_are_refused_by_name(rows: Callable[..., object], data: bytes, what: str) -> None:
    if what:
        with pytest.raises(InputError, match=what):
            rows({"a.zip": data})


def test_names_in_a_zip_never_become_paths(rows: Callable[..., object]) -> None:
    assert rows({"t.zip": _zip({"../../a.tsv": TEXT, "/etc/b.tsv": b""})}) == ROWS
