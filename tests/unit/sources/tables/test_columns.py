"""What columns hold: by name, by `fetch.columns`, by a guess; what values cost their row; which URLs can be asked for."""

from collections.abc import Callable

import pytest

from mmgic.errors import InputError
from mmgic.sources.tables.columns import aliases, url_fault

A = "http://a/1.jpg"


def test_no_name_stands_for_two_things() -> None:
    names = [name for known in aliases().values() for name in known]
    assert len(names) == len(set(names)) and all(name == name.lower() for name in names)


def test_columns_by_name(rows: Callable[..., object]) -> None:
    text = f"link,alt,url\n{A},one,http://other\n"
    assert rows({"a.csv": text}, columns={"url": "link", "caption": "alt"}) == [(0, A, ("one",))]
    with pytest.raises(InputError, match="no column `links`; columns: link, alt, url") as caught:
        rows({"a.csv": text}, columns={"url": "links"})
    assert "fetch.columns" in caught.value.hint


def test_columns_by_number(rows: Callable[..., object]) -> None:
    text = f"caption\t7\t{A}\tone\nx\t8\t{A}\ttwo\n"
    assert rows({"a.tsv": text}, columns={"url": 2, "caption": 3}) == [(0, A, ("one",)), (1, A, ("two",))]
    with pytest.raises(InputError, match="no column 4, there are 4"):
        rows({"a.tsv": text}, columns={"url": 4})
    with pytest.raises(InputError, match="have names, not numbers"):
        rows({"a.json": f'{{"url": ["{A}"]}}'}, columns={"url": 0})


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"one\t{A}\t3\n", "the columns have no names and are not URL and caption"),
        (f"{A}\t{A}\n", "no names"),
        ("one\ttwo\n", "no names"),
        ("caption\tsplit\n" * 2, "no column is known to hold URLs or files; columns: caption, split"),
    ],
)
def test_columns_that_cannot_be_guessed(rows: Callable[..., object], text: str, what: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        rows({"a.tsv": text})
    assert caught.value.where.endswith("a.tsv") and "fetch.columns" in caught.value.hint


def test_values_of_the_wrong_kind_cost_their_row(rows: Callable[..., object]) -> None:
    lines = [
        f'{{"url": "{A}", "split": "../x"}}',
        f'{{"url": "{A}", "license": 5}}',
        f'{{"url": "{A}", "caption": ["a", 5]}}',
        f'{{"url": "{A}", "caption": {{"en": "a"}}}}',
        f'{{"url": "{A}", "id": true}}',
        f'{{"url": "{A}", "id": Infinity}}',
        f'{{"url": "{A}", "width": "wide", "height": [], "similarity": "x", "caption": "ok"}}',
    ]
    found = rows({"a.jsonl": "\n".join(lines)})
    assert [row[1] for row in found] == ["bad_split", *["wrong_type"] * 5, A]


@pytest.mark.parametrize("url", [A, "HTTPS://Example.org:80/ä b.jpg?x=1#y", "http://[::1]/x", "http://u:p@h/x"])
def test_urls_that_can_be_asked_for(url: str) -> None:
    assert url_fault(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "//cdn/x.jpg",
        "ftp://a/b",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://a/\n",
        "http://a/" + "x" * 8192,
    ],
)
def test_urls_that_cannot(url: str) -> None:
    fault = url_fault(url)
    assert fault is not None and fault.cause == ("bad_url" if url else "no_picture")
