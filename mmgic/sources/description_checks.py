"""What is wrong with descriptions: each rule of docs/descriptions.md as a finding with its label.

Duplicates are looked for within a source, since two sources may well say the same of the same thing. Near duplicates share
three quarters of their words; labels are compared only where they share a rare one, so that 13,000 take a second.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from mmgic.schema.records import Label

FindingKind = Literal[
    "missing",
    "bad_characters",
    "not_one_sentence",
    "too_short",
    "too_long",
    "circular",
    "empty_of_meaning",
    "duplicate",
    "near_duplicate",
]

MIN_WORDS, MAX_WORDS, MAX_CHARACTERS = 10, 30, 200

_LEAST_OWN_WORDS = 2
_ALIKE = 0.75
_MARKUP = re.compile(
    r"[<>{}\[\]|\\^~`_*=@#\uFFFD]|&#?\w+;|https?:|\s\s|\A\s|\s\Z|[\u00C2\u00C3][\u0080-\u00BF]|\u00E2\u20AC"
)
_SENTENCE_END = re.compile(r"(?<!\S)(\S+[.!?][\"')]*)\s+(?=[\"'(]?[A-Z0-9])")
_ABBREVIATIONS = frozenset(["approx.", "ca.", "dr.", "e.g.", "etc.", "i.e.", "mr.", "mrs.", "st.", "u.s.", "vs."])
_PLACEHOLDERS = frozenset(
    ["todo", "tbd", "n/a", "na", "none", "null", "unknown", "undefined", "description", "-", "?", ""]
)
_NO_ANSWER = re.compile(r"lorem ipsum|no description|\bas an ai\b|language model|i'm sorry|i am sorry|i cannot|i can't")
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\S+",
        """a an the of or and with without to in on for from by at as into onto over under between is are be been was were can
        may that this these those it its their his her which who whose what one some any many most more such other another
        also not no very used usually often typically generally commonly sometimes found seen shown made having has have known
        called named various different several type types kind kinds sort form forms variety class category name label thing
        things something anything object objects item items piece entity example instance image images picture pictures photo
        people person use""",
    )
)
"""Words that say nothing about a thing by themselves."""


class Finding(msgspec.Struct, frozen=True):
    """One fault of one label's description; `detail` says what was found."""

    id: str
    name: str
    kind: FindingKind
    detail: str


def check_descriptions(labels: Iterable[Label]) -> list[Finding]:
    """The faults of the labels' descriptions, in the order of the labels."""
    known = list(labels)
    found: dict[str, list[Finding]] = {label.id: [] for label in known}
    for label in known:
        found[label.id] += [Finding(label.id, label.name, kind, detail) for kind, detail in _faults(label)]
    sources: dict[str, list[Label]] = defaultdict(list)
    for label in known:
        sources[label.id.partition(":")[0]].append(label)
    for of_source in sources.values():
        for label, kind, detail in _repeated(of_source):
            found[label.id].append(Finding(label.id, label.name, kind, detail))
    return [finding for of_label in found.values() for finding in of_label]


def _faults(label: Label) -> Iterator[tuple[FindingKind, str]]:
    text = label.description
    if not text.strip():
        yield "missing", "no text"
        return
    yield from _form(text)
    content = set(_words(text)) - _EMPTY_WORDS
    telling = {word for word in content if not _is_of(word, _words(label.name))}
    if text.casefold().strip(" .") in _PLACEHOLDERS or _NO_ANSWER.search(text.casefold()):
        yield "empty_of_meaning", "a placeholder, or what a model writes in place of an answer"
    elif content and not telling:
        yield "circular", f"no words but the label's own: {', '.join(sorted(content))}"
    elif len(telling) < _LEAST_OWN_WORDS:
        yield "empty_of_meaning", f"words that tell something: {', '.join(sorted(telling)) or 'none'}"


def _form(text: str) -> Iterator[tuple[FindingKind, str]]:
    strange = [char for char in text if not char.isprintable()] + _MARKUP.findall(text)
    if strange:
        yield "bad_characters", ", ".join(repr(piece) for piece in strange[:5])
    start = text.lstrip("\"'(")[:1]
    inner = [word for word in _SENTENCE_END.findall(text) if word.casefold() not in _ABBREVIATIONS]
    if not (start.isupper() or start.isdigit()):
        yield "not_one_sentence", f"starts with {text[:1]!r}"
    elif not text.endswith("."):
        yield "not_one_sentence", f"ends with {text[-1:]!r}"
    elif inner:
        yield "not_one_sentence", f"goes on after {inner[0]!r}"
    num_words = len(text.split())
    if num_words < MIN_WORDS:
        yield "too_short", f"{num_words} words, at least {MIN_WORDS}"
    if num_words > MAX_WORDS or len(text) > MAX_CHARACTERS:
        yield "too_long", f"{num_words} words, {len(text)} characters; at most {MAX_WORDS} and {MAX_CHARACTERS}"


def _repeated(labels: list[Label]) -> Iterator[tuple[Label, FindingKind, str]]:
    """Labels of one source that say what an earlier one says."""
    first: dict[str, Label] = {}
    for label in labels:
        if not (key := " ".join(_words(label.description))):
            continue
        if (other := first.setdefault(key, label)) is not label:
            yield label, "duplicate", f"as {other.id} ({other.name})"
    distinct = list(first.values())
    for i, j, share in _near([frozenset(_words(label.description)) - _EMPTY_WORDS for label in distinct]):
        yield distinct[i], "near_duplicate", f"{share:.0%} of the words of {distinct[j].id} ({distinct[j].name})"


def _near(sets: list[frozenset[str]]) -> Iterator[tuple[int, int, float]]:
    """For each set the earlier one that is most like it, if any is like it: Jaccard index of at least `_ALIKE`.

    With words in one order, rare ones first, two such sets share one of their first n - ceil(n x _ALIKE) + 1 words.
    """
    frequency = Counter(word for words in sets for word in words)
    by_word: dict[str, list[int]] = defaultdict(list)
    for i, words in enumerate(sets):
        ordered = sorted(words, key=lambda word: (frequency[word], word))
        rare = ordered[: len(ordered) - math.ceil(_ALIKE * len(ordered)) + 1]
        shares = {j: len(words & sets[j]) / len(words | sets[j]) for word in rare for j in by_word[word]}
        if shares and max(shares.values()) >= _ALIKE:
            j = min(shares, key=lambda j: (-shares[j], j))
            yield i, j, shares[j]
        for word in rare:
            by_word[word].append(i)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold().replace("'s", ""))


def _is_of(word: str, name: list[str]) -> bool:
    """Whether a word is one of a name's, or a part of a compound: `pot` of `teapot`, `waves` of `wave`."""
    return any(
        word == own
        or (len(word) >= 3 and (own.startswith(word) or own.endswith(word)))
        or (len(own) >= 3 and word.startswith(own) and len(word) - len(own) <= 3)
        for own in name
    )
