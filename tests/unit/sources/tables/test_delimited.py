"""TSV and CSV: headers, quotes, ragged rows, bad bytes, and lines without end. One bad row costs one row."""

from collections.abc import Callable

import pytest

from mmgic.errors import InputError
from mmgic.sources.tables.cells import MAX_ROW_BYTES

A, B, C = "http://a/1.jpg", "http://b/2.jpg", "https://c/3.jpg"


def test_the_column_of_urls_is_found_without_names(rows: Callable[..., object]) -> None:
    assert rows({"cc3m.tsv": f'a "quoted dog\t{A}\r\n\n \ntwo\t{B}'}) == [
        (0, A, ('a "quoted dog',)),
        (1, B, ("two",)),
    ]
    assert [row[1] for row in rows({"cc3m.tsv": f"one\tno url\ntwo\t\nthree\t{A}\n"})] == ["no url", "", A]
    assert rows({"cc12m.tsv": f"{A}\tone\n{B}\ttwo\n"})[:2] == [(0, A, ("one",)), (1, B, ("two",))]


def test_names_of_columns_are_known_whatever_their_case_and_order(rows: Callable[..., object]) -> None:
    text = f"WIDTH\tText\tURL\tcaption\ttop_caption\n3\tone\t{A}\tuno\tmade\n"
    assert rows({"a.tsv": text}) == [(0, A, ("uno", "one", "made"))]


def test_quotes_of_csv_hold_commas_line_ends_and_quotes(rows: Callable[..., object]) -> None:
    text = f'url,caption\r\n{A},"one, ""two""\nthree"\r\n\r\n{B},four\r\n'
    assert rows({"a.csv": text}) == [(0, A, ('one, "two" three',)), (1, B, ("four",))]


def test_a_table_with_names_and_no_rows_is_empty(rows: Callable[..., object]) -> None:
    assert rows({"a.csv": "url,caption\n", "b.tsv": ""}) == []


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_bad_rows_are_lost_by_name_and_the_walk_goes_on(rows: Callable[..., object], name: str) -> None:
    mark = "," if name == "a.csv" else "\t"
    lines = [
        f"url{mark}caption".encode(),
        f"{A}{mark}one".encode(),
        f"{B}".encode(),
        f"{B}{mark}two{mark}three".encode(),
        f"{B}{mark}caf\xe9".encode("latin-1"),
        f"{B}{mark}nul\0".encode(),
        f"{B}{mark}{'x' * MAX_ROW_BYTES}".encode(),
        f"{C}{mark}café 猫".encode(),
    ]
    found = rows({name: b"\xef\xbb\xbf" + b"\n".join(lines)})
    assert [row[:2] for row in found] == [
        (0, A),
        (1, "ragged_row"),
        (2, "ragged_row"),
        (3, "not_utf8"),
        (4, "nul_byte"),
        (5, "too_long_row"),
        (6, C),
    ]
    assert found[1][2] == f"{name}, line 3: 1 cells, the first row has 2"
    assert found[-1] == (6, C, ("café 猫",))


def test_an_unclosed_quote_costs_what_it_swallows_and_names_the_lines(rows: Callable[..., object]) -> None:
    swallowed = "".join(f"{B},{'y' * 1000}\n" for _ in range(200))
    found = rows({"a.csv": f'url,caption\n{A},"open\n{swallowed}{C},last\n'})
    assert found[0] == (0, "too_long_row", "a.csv, line 2: field larger than field limit (131072), lines 2 to 132")
    assert (found[1][:2], found[-1]) == ((1, B), (len(found) - 1, C, ("last",)))
    assert rows({"a.csv": f'url,caption\n{A},one\n{B},"open\n'}) == [
        (0, A, ("one",)),
        (1, "unclosed_quote", "a.csv, line 3: a quote is open at the end of the file"),
    ]


def test_a_bare_carriage_return_in_csv_costs_its_line(rows: Callable[..., object]) -> None:
    found = rows({"a.csv": f"url,caption\n{A},one\rtwo,x\n{B},three\n"})
    assert [row[1] for row in found] == ["not_csv", B]


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_utf_16_is_named(rows: Callable[..., object], mark: bytes) -> None:
    with pytest.raises(InputError, match="UTF-16") as caught:
        rows({"a.tsv": mark + f"one\t{A}".encode("utf-16-le")})
    assert "iconv" in caught.value.hint


def test_a_file_without_line_ends_does_not_fill_memory(rows: Callable[..., object]) -> None:
    found = rows({"a.tsv": b"x\t" * (MAX_ROW_BYTES * 4)})
    assert found == [(0, "too_long_row", f"a.tsv, line 1: over {MAX_ROW_BYTES} bytes")]
