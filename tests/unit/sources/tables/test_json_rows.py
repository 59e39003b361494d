"""JSON lines and JSON files: arrays of objects, objects of arrays; what is no JSON costs its row."""

from collections.abc import Callable

import pytest

from mmgic.errors import InputError
from mmgic.sources.tables.json_rows import fields_from_json

A, B = "http://a/1.jpg", "http://b/2.jpg"


def test_lines(rows: Callable[..., object]) -> None:
    lines = [
        f'\ufeff{{"url": "{A}", "caption": "One\u2028line\u0085here.", "similarity": NaN}}',
        "",
        f'{{"captions": ["a", "b"], "image_url": "{B}"}}',
        f'{{"url": "{A}", "caption": 3}}',
        f'{{"url": "{A}", "caption": "\\ud800"}}',
        f'{{"url": "{A}", "caption": "\\u0000"}}',
        '{"caption": "no picture"}',
        '["no", "object"]',
        '{"url": ',
        f'{{"url": "{A}", "id": 1{"0" * 5000}}}',
        '{"url": ' + "[" * 100_000,
        '{"url": null, "text": "x"}',
        f'{{"url": "{B}", "text": null}}',
    ]
    found = rows({"a.jsonl": "\n".join(lines)})
    assert [row[1] for row in found] == [
        A,
        B,
        "wrong_type",
        "not_utf8",
        "nul_byte",
        "no_picture",
        "wrong_type",
        "not_json",
        "wrong_type",
        "not_json",
        "",
        B,
    ]
    assert (found[0][2], found[1][2]) == (("One line here.",), ("a", "b"))
    assert found[7][2].startswith("a.jsonl, line 9: ")


def test_an_array_of_objects(rows: Callable[..., object]) -> None:
    text = f'  [{{"url": "{A}", "text": "one"}}, {{"url": "{B}", "similarity": NaN}}, 5, {{"a": 1}}]'
    found = rows({"a.json": text})
    assert [row[:2] for row in found] == [(0, A), (1, B), (2, "wrong_type"), (3, "no_picture")]


def test_an_object_of_arrays(rows: Callable[..., object]) -> None:
    text = f'{{"image_urls": ["{A}", "{B}", 3], "user_ids": ["u"], "captions": ["one", null, "three"]}}'
    assert rows({"sbu-captions-all.json": text}) == [
        (0, A, ("one",)),
        (1, B, ()),
        (2, "wrong_type", "sbu-captions-all.json, row 2: url is int, not a text"),
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            '{"image_urls": ["a", "b"], "captions": ["x"]}',
            "arrays are missing or differ in length: captions 1, image_urls 2",
        ),
        ('{"other": [1]}', "arrays are missing or differ in length: none"),
        ('[{"url": "http://a/1.jpg"}', "ends early"),
        ('"a text"', "no JSON array"),
        ("", "no JSON array|ends early"),
    ],
)
def test_a_file_that_is_no_table_is_named(rows: Callable[..., object], text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        rows({"a.json": text})
    assert "a.json" in caught.value.where


def test_an_object_beside_a_picture_need_not_name_it() -> None:
    fields = fields_from_json(b'\xef\xbb\xbf{"caption": "one", "width": 3, "height": "4"}', "web")
    assert (fields.captions[0].text, fields.declared_size_px) == ("one", (3, 4))  # type: ignore[union-attr]
    assert fields_from_json(b"\xff", "web")[0] == "not_utf8"  # type: ignore[index]
    assert fields_from_json(b"[1]", "web")[0] == "wrong_type"  # type: ignore[index]
    assert fields_from_json(b"{}", "web").captions == []  # type: ignore[union-attr]
