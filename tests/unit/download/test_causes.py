"""The table of causes: complete, and each with a hint that fits a line."""

from typing import get_args

import pytest

from mmgic.download.causes import CAUSES, Cause, cause_of_status, is_retryable


def test_every_cause_has_its_facts_and_no_other() -> None:
    assert list(CAUSES) == list(get_args(Cause))


@pytest.mark.parametrize("cause", get_args(Cause))
def test_a_hint_is_one_line(cause: Cause) -> None:
    hint = CAUSES[cause].hint
    assert 20 <= len(hint) <= 120 and "\n" not in hint and not hint.endswith(".")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, "forbidden"),
        (403, "forbidden"),
        (404, "not_found"),
        (407, "proxy_error"),
        (410, "not_found"),
        (418, "client_error"),
        (429, "rate_limited"),
        (451, "forbidden"),
        (408, "server_error"),
        (500, "server_error"),
        (599, "server_error"),
        (204, "unexpected_status"),
        (304, "unexpected_status"),
        (600, "unexpected_status"),
    ],
)
def test_classes_of_status(status: int, cause: Cause) -> None:
    assert cause_of_status(status) == cause


def test_what_may_be_asked_again() -> None:
    assert is_retryable("timeout") and not is_retryable("not_found") and not is_retryable("missing_picture")
