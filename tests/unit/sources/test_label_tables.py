import pytest

from mmgic.errors import InputError
from mmgic.sources.label_tables import rows_from_tsv


def rows(text: str | bytes) -> list[dict[str, str]]:
    data = text.encode() if isinstance(text, str) else text
    return list(rows_from_tsv(data, "labels.tsv", ("id", "name"), ("sense", "gloss")))


def test_cells_come_by_column_whatever_wrote_the_file() -> None:
    assert rows("\ufeffid\tname\tgloss\r\ncoco:1\t cat \t\r\n\r\ncoco:2\tdog\tbarks") == [
        {"id": "coco:1", "name": "cat", "gloss": ""},
        {"id": "coco:2", "name": "dog", "gloss": "barks"},
    ]
    assert rows("id\tname\n") == []


def test_quotes_of_a_spreadsheet_are_taken_off() -> None:
    text = 'id\tname\tgloss\na:1\t"cat, tame"\t"says ""meow"", and purrs"\na:2\t"big" dog\t"Rex" or "Bob"\na:3\t"\t""\n'
    assert rows(text) == [
        {"id": "a:1", "name": "cat, tame", "gloss": 'says "meow", and purrs'},
        {"id": "a:2", "name": '"big" dog', "gloss": '"Rex" or "Bob"'},
        {"id": "a:3", "name": '"', "gloss": ""},
    ]


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        (b"id\tname\n\xff", "not UTF-8", "labels.tsv"),
        ("", "expected the header id, name", "line 1"),
        ("name\tid\n", "expected the header id, name", "line 1"),
        ("id\tname\tcolor\n", "then any of sense, gloss; found 'id, name, color'", "line 1"),
        ("id\tname\tsense\tsense\n", "expected the header", "line 1"),
        ("id\tname\na:1\tx\ty\n", "expected id, name with tabs between; found 3 cells", "line 2"),
        ("id\tname\n\na\n", "expected id, name with tabs between; found 1 cells", "line 3"),
        ("id\tname\ncat\tx\n", "id without its source: 'cat'", "line 2"),
        ("id\tname\n:1\tx\n", "id without its source", "line 2"),
        ("id\tname\na:1\tx\na:1\ty\n", "label a:1 is there twice", "line 3"),
    ],
)
def test_what_is_no_such_table_is_named_with_its_line(text: str | bytes, what: str, where: str) -> None:
    with pytest.raises(InputError, match=what) as caught:
        rows(text)
    assert caught.value.where.endswith(where)
