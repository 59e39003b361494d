"""Each rule on texts that break it, and on texts that only look as if they did."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgic.schema.records import Label
from mmgic.sources import description_checks
from mmgic.sources.description_checks import Finding, FindingKind, check_descriptions

GOOD = "A tall lifting machine with a long lattice arm, cables, and a hook, towering over building sites."


def kinds(name: str, text: str) -> list[FindingKind]:
    """What is found about one label."""
    return [finding.kind for finding in check_descriptions([Label("toy:1", name, text)])]


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "An apple-sized fruit with fuzzy brown skin, green flesh, and tiny black seeds, e.g. from New Zealand.",
        "Stands of St. John's wort, a low shrub with bright yellow flowers and many long stamens.",
        "3 to 5 thin wooden sticks, tied into a bundle with string, which are lit to start a fire.",
        "A caf\u00e9 chair of bent wood, with a round woven seat and a curved, open back of two loops.",
        '"Bull\'s-eye" boards of concentric colored rings, at which arrows, darts, or bullets are aimed from afar.',
    ],
)
def test_a_good_sentence_has_no_findings(text: str) -> None:
    assert kinds("crane", text) == []


@pytest.mark.parametrize("unit", ["a", "a.", "a!)", ".", "&a", "\"'"])
def test_no_text_takes_the_rules_long(unit: str) -> None:
    """A rule that begins anew at every letter would not come to an end here."""
    assert "too_long" in kinds("crane", unit * 300_000)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("crane", "", ["missing"]),
        ("crane", "  ", ["missing"]),
        ("crane", GOOD.replace("arm", "<b>arm</b>"), ["bad_characters"]),
        ("crane", GOOD.replace("arm", "arm &amp; hand"), ["bad_characters"]),
        ("crane", GOOD.replace("arm", "arm\u200b"), ["bad_characters"]),
        ("crane", GOOD.replace("arm", "arm\ufffd"), ["bad_characters"]),
        ("crane", GOOD.replace("arm", "arm\u00c3\u00a9"), ["bad_characters"]),
        ("crane", GOOD.replace("arm", "arm\t"), ["bad_characters"]),
        ("crane", GOOD.replace(" arm", "  arm"), ["bad_characters"]),
        ("crane", GOOD + " ", ["bad_characters", "not_one_sentence"]),
        ("crane", GOOD[0].lower() + GOOD[1:], ["not_one_sentence"]),
        ("crane", GOOD[:-1], ["not_one_sentence"]),
        ("crane", GOOD[:-1] + "!", ["not_one_sentence"]),
        ("crane", "A tall lifting machine. It has a long lattice arm, cables, and a hook.", ["not_one_sentence"]),
        ("crane", "A tall lifting machine with an arm.", ["too_short"]),
        ("crane", "A " + "very " * 27 + "tall lifting machine arm.", ["too_long"]),
        ("crane", "A " + "extraordinarilyextraordinarily " * 8 + "tall machine.", ["too_long"]),
        ("wild bird", "A kind of wild bird that is a bird in the wild, as birds are.", ["circular"]),
        ("teapot", "A type of pot that is used for tea or in a teapot.", ["circular"]),
        ("crane", "This is an object that can be seen in many different pictures.", ["empty_of_meaning"]),
        ("crane", "An object that is usually used by various people in a kitchen.", ["empty_of_meaning"]),
        ("crane", "I'm sorry, but the label does not tell me what is meant here.", ["empty_of_meaning"]),
        ("crane", "TODO", ["not_one_sentence", "too_short", "empty_of_meaning"]),
        ("crane", "N/A.", ["too_short", "empty_of_meaning"]),
    ],
)
def test_each_fault_has_its_kind(name: str, text: str, expected: list[FindingKind]) -> None:
    assert kinds(name, text) == expected


def test_a_finding_says_what_was_found() -> None:
    (finding,) = check_descriptions([Label("toy:1", "crane", GOOD.replace("arm", "_arm_"))])
    assert finding == Finding("toy:1", "crane", "bad_characters", "'_', '_'")


def test_the_same_text_twice_is_found_within_a_source_alone() -> None:
    shouted = GOOD.replace("lattice", "Lattice")
    labels = [Label("a:1", "crane", GOOD), Label("b:1", "hoist", GOOD), Label("a:2", "derrick", shouted)]
    assert check_descriptions(labels) == [Finding("a:2", "derrick", "duplicate", "as a:1 (crane)")]


def test_nearly_the_same_text_is_found_with_its_share() -> None:
    labels = [Label("a:1", "crane", GOOD), Label("a:2", "derrick", GOOD.replace("tall", "high"))]
    assert check_descriptions(labels) == [
        Finding("a:2", "derrick", "near_duplicate", "83% of the words of a:1 (crane)")
    ]


def test_findings_keep_the_order_of_the_labels() -> None:
    labels = [Label(f"a:{i}", "crane", text) for i, text in enumerate(["", GOOD, "Short.", GOOD, ""])]
    assert [(f.id, f.kind) for f in check_descriptions(labels)] == [
        ("a:0", "missing"),
        ("a:2", "too_short"),
        ("a:2", "empty_of_meaning"),
        ("a:3", "duplicate"),
        ("a:4", "missing"),
    ]


@given(st.lists(st.frozensets(st.sampled_from("abcdefghij")), max_size=20))
def test_the_nearest_earlier_set_is_that_of_all_pairs(sets: list[frozenset[str]]) -> None:
    expected = []
    for i, words in enumerate(sets):
        shares = [(len(words & sets[j]) / len(words | sets[j]), -j) for j in range(i) if words | sets[j]]
        if shares and max(shares)[0] >= description_checks._ALIKE:
            share, j = max(shares)
            expected.append((i, -j, share))
    assert list(description_checks._near(sets)) == expected
