"""`X-Robots-Tag` in all the forms that servers write."""

import pytest

from mmgic.download.robots import is_opted_out

_WORDS = frozenset({"noai", "noindex"})


@pytest.mark.parametrize(
    "headers",
    [
        ["noai"],
        ["NoIndex"],
        ["nofollow, noai"],
        ["nofollow", "noai"],
        ["mmgic: noai"],
        ["other: nofollow, mmgic: noindex"],
        ["*: noai"],
        ["mmgic: nofollow, noindex"],
        ["unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"],
        ["max-snippet:10,noai"],
    ],
)
def test_wants_to_be_left_alone(headers: list[str]) -> None:
    assert is_opted_out(headers, _WORDS, "mmgic")


@pytest.mark.parametrize(
    "headers", [[], ["all"], ["noimageai"], ["other: noai"], ["other: nofollow, noai"], ["", ",:,"]]
)
def test_does_not(headers: list[str]) -> None:
    assert not is_opted_out(headers, _WORDS, "mmgic")


def test_nothing_is_respected_where_nothing_is_listed() -> None:
    assert not is_opted_out(["noai"], frozenset(), "mmgic")
