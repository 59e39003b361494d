"""Which of the sentences that a captioner wrote can be a caption, and why the others cannot."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class Candidate(NamedTuple):
    """A sentence as the captioner wrote it; not finished where the limit on tokens cut it."""

    text: str
    is_finished: bool


def usable_texts(candidates: Iterable[Candidate]) -> tuple[list[str], Counter[str]]:
    """The texts to rank, each once and on one line, in the order in which they were made; and the others by cause.

    `empty` has no letter or digit, `unfinished` was cut, `broken` holds characters that could not be decoded or shown,
    `duplicate` equals an earlier one but for letter case.
    """
    dropped: Counter[str] = Counter()
    texts: dict[str, str] = {}
    for candidate in candidates:
        text = " ".join(candidate.text.split())
        cause = _fault(candidate, text) or ("duplicate" if text.casefold() in texts else "")
        if cause:
            dropped[cause] += 1
        else:
            texts[text.casefold()] = text
    return list(texts.values()), dropped


def _fault(candidate: Candidate, text: str) -> str:
    if not any(character.isalnum() for character in text):
        return "empty"
    if not candidate.is_finished:
        return "unfinished"
    return "broken" if "\ufffd" in text or not text.isprintable() else ""
