"""Filters for captions of the web: each cause, words in any script, languages, and whom they leave alone."""

import string
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.schema.languages import LANGUAGES
from mmgic.schema.params import CaptionParams, Params
from mmgic.schema.records import Caption, Label, LostImage, PictureRef, RawBox, RawRecord
from mmgic.sources import captions
from mmgic.sources.captions import caption_fault, filtered, language_score, repeated_fraction, words_of


@pytest.fixture
def rules(params: Params) -> Callable[..., CaptionParams]:
    return lambda **values: msgspec.structs.replace(params.normalize.captions, **values)


def _image(*texts: str, source: str = "cc12m", boxes: int = 0, **fields: Any) -> RawRecord:
    box = RawBox(Label("toy:1", "cup"), (0.0, 0.0, 9.0, 9.0))
    captions = [Caption(text, source) for text in texts]
    return RawRecord("k-1", source, "train", PictureRef("p"), captions, [box] * boxes, **fields)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("a red cup", ""),
        ("red cup", "too_short"),
        ("- * ... red , cup !", "too_short"),
        ("word " * 257, "too_long"),
        ("a " * 5000, "too_long"),
        ("vector image vector image vector image", "repeated"),
        ("gray and white seamless pattern vector image vector image", ""),
        ("", "empty"),
        ("...", "empty"),
        ("image", "empty"),
        ("Photo of", "empty"),
        ("Stock Photo 12", "empty"),
        ("No image available", "empty"),
        ("Image may contain: 1 person, sitting", "empty"),
        ("A photo of a dog", ""),
        ("image of the moon over a lake", ""),
        ("IMG_20190412_122133", "file_name"),
        ("DSC01234", "file_name"),
        ("shaker-heritage-barn-wedding.jpg", "file_name"),
        ("d41d8cd98f00b204e9800998ecf8427e", "file_name"),
        ("2019-04-12 (1)", "file_name"),
        ("a dog.jpg on the grass", ""),
        ("see http://example.org/x for more", "url"),
        ("hitachi-solutions.jp", "url"),
        ("write to me@example.org for prices", "url"),
        ("a cat @ home and 3.5 stars", ""),
        ("a <b>bold</b> claim in the text", "markup"),
        ("salt &amp; pepper on a table", "markup"),
        ("[caption id=1] a dog on the grass", "markup"),
        ("one < two and three > two", ""),
        ("Click here to enlarge the picture", "click"),
        ("a mouse click on the red button", ""),
        ("<PERSON> at the opening of the show", "person"),
        ("STAINLESS STEEL PALLET TRUCKS", ""),
        ("一只红色的杯子", ""),
        ("赤いカップ", ""),
        ("猫", "too_short"),
        ("แมวบนโต๊ะ", ""),
        ("красная чашка на столе", ""),
        ("빨간 컵 하나", ""),
        ("एक लाल प्याला", ""),
    ],
)
def test_causes(rules: Callable[..., CaptionParams], text: str, cause: str) -> None:
    assert caption_fault(text, rules()) == cause


def test_rules_can_be_switched(rules: Callable[..., CaptionParams]) -> None:
    assert caption_fault("<PERSON> at the show", rules(placeholders=["url"])) == ""
    assert caption_fault("STAINLESS STEEL TRUCKS", rules(keep_all_caps=False)) == "all_caps"
    assert caption_fault("ГРУЗОВОЙ ВАГОН ЗАВОДА", rules(keep_all_caps=False)) == "all_caps"
    assert caption_fault("一只红色的杯子", rules(keep_all_caps=False)) == ""
    assert caption_fault("cup", rules(min_words=0)) == ""
    assert caption_fault("a a a a a", rules(max_repeated_fraction=1.0)) == ""
    assert caption_fault("one two three", rules(max_words=3, min_words=3)) == ""


def test_words_of_scripts_without_spaces_are_characters() -> None:
    assert words_of("Two  Dogs, (running)!") == ["two", "dogs", "running"]
    assert words_of("iPhone 6 手机壳") == ["iphone", "6", "手", "机", "壳"]
    assert words_of("แมว") == ["แ", "ม", "ว"] and len(words_of("고양이 두 마리")) == 3
    assert words_of("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_repeated_pairs_are_those_that_came_before(words: list[str]) -> None:
    seen: set[tuple[str, str]] = set()
    again = 0
    for pair in zip(words, words[1:], strict=False):
        again += pair in seen
        seen.add(pair)
    pairs = max(len(words) - 1, 0)
    assert repeated_fraction(words) == pytest.approx(again / pairs if pairs else 0.0)


TEXTS = {
    "en": "a man in a blue jacket is riding a horse along the beach",
    "de": "ein Mann in einer blauen Jacke reitet auf einem Pferd am Strand entlang",
    "fr": "un homme en veste bleue monte à cheval le long de la plage",
    "ru": "мужчина в синей куртке едет верхом на лошади вдоль пляжа",
    "zh": "一个穿蓝色夹克的男人在海滩上骑马",
    "ja": "青いジャケットを着た男性が浜辺で馬に乗っています",
    "ar": "رجل يرتدي سترة زرقاء يركب حصانا على طول الشاطئ",
}


@pytest.mark.parametrize("language", TEXTS)
def test_languages(rules: Callable[..., CaptionParams], language: str) -> None:
    scores = {code: language_score(TEXTS[language], [code]) for code in TEXTS}
    assert max(scores, key=scores.__getitem__) == language and scores[language] > 0.8
    assert caption_fault(TEXTS[language], rules(languages=[language])) == ""
    assert caption_fault(TEXTS[language], rules(languages=[code for code in TEXTS if code != language])) == "language"
    assert caption_fault(TEXTS[language], rules(languages="any")) == ""


def test_the_codes_of_params_are_those_of_the_model() -> None:
    texts = [*TEXTS.values(), "", "qu", "so", "yue 佢", "cbk", "nah", "jbo", "x", "kernewek", "ᏣᎳᎩ", "hello world"]
    found = {language["lang"] for text in texts for language in captions._detector().detect(text, k=400)}
    assert found == LANGUAGES


def test_a_score_is_of_all_wanted_languages_together() -> None:
    text = "Lake Maggiore Magic Tote Bag"
    each = [language_score(text, [code]) for code in ("en", "it")]
    assert language_score(text, ["en", "it"]) == pytest.approx(sum(each)) and min(each) > 0.01


def test_dropped_captions_are_counted_and_others_stay(rules: Callable[..., CaptionParams]) -> None:
    image = filtered(_image("a red cup", "cup", "IMG_1234", "tea"), rules())
    assert isinstance(image, RawRecord)
    assert [caption.text for caption in image.captions] == ["a red cup"]
    assert image.dropped == {"caption.file_name": 1, "caption.too_short": 2}
    kept = _image("a red cup")
    assert filtered(kept, rules()) is kept


def test_an_image_of_which_nothing_is_left_is_lost(rules: Callable[..., CaptionParams]) -> None:
    lost = filtered(_image("cup", "image", dropped={"member.ignored": 2}), rules())
    assert lost == LostImage(
        "k-1",
        "cc12m",
        "train",
        "no_caption_left",
        "caption.empty, caption.too_short: cup",
        dropped={"caption.empty": 1, "caption.too_short": 1, "member.ignored": 2},
    )
    with_box = filtered(_image("cup", boxes=1), rules())
    assert isinstance(with_box, RawRecord) and (with_box.captions, with_box.dropped) == ([], {"caption.too_short": 1})
    bare = _image()
    assert filtered(bare, rules()) is bare


def test_captions_that_people_wrote_are_left_alone(rules: Callable[..., CaptionParams]) -> None:
    for source in ("coco", "folder", "llava"):
        image = _image("cup", source=source)
        assert filtered(image, rules()) is image
    assert isinstance(filtered(_image("cup", source="folder"), rules(apply_to=["folder"])), LostImage)
    assert isinstance(filtered(_image("cup", source="laion"), rules(apply_to=["folder"])), RawRecord)
    lost = LostImage("k", "cc12m", "train", "no_picture")
    assert filtered(lost, rules()) is lost


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    rules = CaptionParams(
        apply_to="web",
        min_words=1,
        max_words=9,
        max_repeated_fraction=0.5,
        keep_all_caps=False,
        placeholders=["empty", "file_name", "url", "markup", "click", "person"],
        languages=["en"],
        min_language_score=0.5,
    )
    assert isinstance(caption_fault(text, rules), str)


_HOSTILE = [
    unit * (8000 // len(unit))
    for unit in (*string.punctuation, "1", "a", "a.", "1-", "img1", "<a", "{{", "a@", "&x", " .")
]


@pytest.mark.parametrize("prefix", ["", "img", "image ", "no caption", "click", "www"])
def test_no_text_takes_the_patterns_long(rules: Callable[..., CaptionParams], prefix: str) -> None:
    """A pattern that tries the same letters in many ways would not come to an end here."""
    for text in _HOSTILE:
        assert isinstance(caption_fault(prefix + text + "!x", rules()), str)
