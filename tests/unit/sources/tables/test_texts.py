"""Captions on one line, without what the way into a table left in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.sources.tables.texts import clean_text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (" a\n b\u2028c\t", "a b c"),
        ('"22"" Frozen Bubble Balloon"', '22" Frozen Bubble Balloon'),
        ('"""Yes I\'m Single"" by x"', '"Yes I\'m Single" by x'),
        ('"A plain quote."', '"A plain quote."'),
        ('"one" and ""two""', '"one" and ""two""'),
        ('a "quoted word', 'a "quoted word'),
        ('""', '""'),
        ("black &amp; white &#39;cat&#x27;", "black & white 'cat'"),
        ("&amp;amp; once", "&amp; once"),
        ("AT&T; R&D &notit; &#10;", "AT&T; R&D &notit;"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("日本語　の 猫", "日本語 の 猫"),
    ],
)
def test_texts(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(st.text())
def test_nothing_is_left_to_clean_but_entities(text: str) -> None:
    clean = clean_text(text)
    assert clean == " ".join(clean.split()) and "\n" not in clean
