"""Captions on one line, without what the way from a page into a table left in them."""

import html
import re
from html.entities import html5

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31};|#[0-9]{1,7};|#x[0-9A-Fa-f]{1,6};)")


def clean_text(text: str) -> str:
    """A caption on one line.

    Entities of HTML (`&amp;`) become what they stand for, once. A text that is a whole quoted cell of CSV, as some of LAION are
    (`"a 22"" balloon"`), loses the quotes.
    """
    if "&" in text:
        text = _ENTITY.sub(_meant, text)
    text = " ".join(text.split())
    if text.startswith('"') and text.endswith('"') and '""' in text[1:-1]:
        inner = text[1:-1]
        if '"' not in inner.replace('""', ""):
            return inner.replace('""', '"').strip()
    return text


def _meant(entity: re.Match[str]) -> str:
    return html.unescape(entity[0]) if entity[1].startswith("#") else html5.get(entity[1], entity[0])
