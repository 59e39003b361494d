"""Tables of misspelt names: what is mended, and that another release's name is left alone."""

from importlib.resources import files

import pytest

from mmgic.sources.descriptions import shipped_labels
from mmgic.sources.mended_names import mended_name


@pytest.mark.parametrize(
    ("source", "number", "native", "mended"),
    [
        ("objects365", 38, "Moniter/TV", "Monitor/TV"),
        ("objects365", "53", "Bakset", "Basket"),
        ("objects365", 38, "Monitor/TV", "Monitor/TV"),
        ("objects365", 340, "French", "French horn"),
        ("objects365", 37, "Moniter/TV", "Moniter/TV"),
        ("v3det", 5693, "list of dog crossbreeds", "yorkipoo"),
    ],
)
def test_a_name_is_mended_where_number_and_name_are_the_tables(
    source: str, number: int | str, native: str, mended: str
) -> None:
    assert mended_name(source, number, native) == mended


@pytest.mark.parametrize("source", ["objects365", "v3det"])
def test_a_table_is_sorted_and_every_row_mends(source: str) -> None:
    text = (files("mmgic.sources") / "data" / f"{source}-names.tsv").read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines())
    assert header == ["number", "native", "mended"] and text.endswith("\n")
    assert [int(row[0]) for row in rows] == sorted({int(row[0]) for row in rows})
    assert all(native != mended == " ".join(mended.split()) for _, native, mended in rows)


def test_the_mended_name_is_the_one_that_is_described() -> None:
    text = (files("mmgic.sources") / "data" / "objects365-names.tsv").read_text(encoding="utf-8")
    mended = {f"objects365:{number}": name for number, _, name in (row.split("\t") for row in text.splitlines()[1:])}
    described = {label.id: label.name for label in shipped_labels()["objects365"]}
    assert mended.items() <= described.items() and len(mended) == 17
