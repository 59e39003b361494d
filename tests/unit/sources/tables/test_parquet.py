"""Parquet: types, missing values, bad bytes, files that are cut or lie, and texts that expand."""

import io
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mmgic.errors import InputError
from mmgic.shards.folder import Folder
from mmgic.sources.tables import Fault, Fields, files_of_folder, table_rows
from mmgic.sources.tables.cells import MAX_ROW_BYTES

A, B = "http://a/1.jpg", "http://b/2.jpg"


def _parquet(columns: dict[str, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


def _fields(folder: Folder) -> list[Fields | Fault]:
    return [row.fields for row in table_rows(files_of_folder(folder), "laion", {})]


def test_columns_of_laion(tables: Callable[..., Folder]) -> None:
    columns = {
        "SAMPLE_ID": [7, 8, None],
        "URL": [A, B, None],
        "TEXT": ["one", None, "three"],
        "HEIGHT": [20.0, float("nan"), 3],
        "WIDTH": [10.0, 5.0, None],
        "LICENSE": ["?", "CC-BY", None],
        "NSFW": ["UNLIKELY"] * 3,
        "similarity": [0.25, float("nan"), None],
        "top_caption": ["made", None, None],
    }
    first, second, third = _fields(tables({"part-0.parquet": _parquet(columns)}))
    assert isinstance(first, Fields) and isinstance(second, Fields) and isinstance(third, Fields)
    assert [(c.text, c.origin, c.score) for c in first.captions] == [
        ("one", "laion", 0.25),
        ("made", "laion/top_caption", None),
    ]
    assert (first.id, first.license, first.declared_size_px) == ("7", "", (10, 20))
    assert (second.id, second.license, second.declared_size_px, second.captions) == ("8", "CC-BY", (0, 0), [])
    assert (third.url, third.id) == ("", "")


@pytest.mark.parametrize("options", [{"use_dictionary": False}, {"row_group_size": 2}, {"compression": "zstd"}])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())])
def test_rows_do_not_depend_on_how_texts_are_stored(
    rows: Callable[..., object], options: dict[str, Any], kind: pa.DataType
) -> None:
    if pa.types.is_dictionary(kind):
        urls = pa.array([f"http://a/{n}.jpg" for n in range(7)]).dictionary_encode()
    else:
        urls = pa.array([f"http://a/{n}.jpg" for n in range(7)], kind)
    data = _parquet({"caption": [f"c {n}" for n in range(7)], "url": urls}, **options)
    assert rows({"a.parquet": data}) == [(n, f"http://a/{n}.jpg", (f"c {n}",)) for n in range(7)]


def test_lists_of_captions(rows: Callable[..., object]) -> None:
    captions = pa.array([["a", None, "b"], None, []], pa.list_(pa.string()))
    assert rows({"a.parquet": _parquet({"url": [A, B, A], "captions": captions})}) == [
        (0, A, ("a", "b")),
        (1, B, ()),
        (2, A, ()),
    ]


def test_bad_texts_cost_their_rows(rows: Callable[..., object]) -> None:
    texts = [b"good", b"caf\xe9", b"nul\0", b"x" * (MAX_ROW_BYTES + 1), b"last"]
    kind = pa.schema([("url", pa.string()), ("caption", pa.binary())])
    table = pa.table({"url": [A] * 5, "caption": texts}, kind)
    stream = io.BytesIO()
    pq.write_table(table, stream, store_schema=False)
    found = rows({"a.parquet": stream.getvalue()})
    assert [row[1] for row in found] == [A, "not_utf8", "nul_byte", "too_long_row", A]
    assert found[1][2] == "a.parquet, row 1: byte 3: unexpected end of data"


def test_one_long_text_for_all_rows_takes_the_memory_of_one(rows: Callable[..., object]) -> None:
    number = 3000
    text = pa.DictionaryArray.from_arrays(pa.array([0] * number, pa.int32()), pa.array(["x" * (32 << 20)]))
    urls = [f"http://a/{n}.jpg" for n in range(number)]
    data = _parquet({"url": urls, "caption": text}, compression="zstd", store_schema=False)
    assert len(data) < 200_000  # and 96 GB of captions
    assert {row[1] for row in rows({"a.parquet": data})} == {"too_long_row"}


def test_rows_out_of_nothing_are_refused(rows: Callable[..., object]) -> None:
    text = pa.DictionaryArray.from_arrays(pa.array([0] * 300_000, pa.int32()), pa.array([A]))
    with pytest.raises(InputError, match=r"\d+ bytes claim 300000 rows"):
        rows({"a.parquet": _parquet({"url": text}, compression="zstd")})


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-200],
        lambda data: data[: len(data) // 2],
        lambda data: data[:4] + b"\xff" * 300 + data[304:],
        lambda data: b"",
        lambda data: b"PAR1" * 100,
        lambda data: b"url\tcaption\n",
    ],
)
def test_a_cut_or_damaged_file_is_named(rows: Callable[..., object], damage: Callable[[bytes], bytes]) -> None:
    data = _parquet({"url": [f"http://a/{n}.jpg" for n in range(500)], "caption": ["words"] * 500})
    with pytest.raises(InputError, match="Parquet") as caught:
        rows({"a.parquet": damage(data)})
    assert caught.value.where.endswith("a.parquet")


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"url": [A], "caption": [{"a": 1}]}, "column caption is struct"),
        ({"url": [[1]], "caption": ["x"]}, "url is list"),
        ({"a": [1], "b": [2]}, "no column is known"),
        ({"caption": ["x"]}, "no column is known to hold URLs or files; columns: caption"),
    ],
)
def test_columns_of_the_wrong_type_are_named(rows: Callable[..., object], columns: dict[str, Any], what: str) -> None:
    data = _parquet(columns)
    if "list" in what:
        assert rows({"a.parquet": data}) == [(0, "wrong_type", f"a.parquet, row 0: {what}, not a text")]
    else:
        with pytest.raises(InputError, match=what):
            rows({"a.parquet": data})
