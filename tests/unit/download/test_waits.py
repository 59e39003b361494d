"""Waits between tries: growing, spread by the URL, or as the server wants."""

import time
from email.utils import formatdate

import pytest

from mmgic.download.waits import backoff_s, retry_after_s


def test_the_wait_doubles_and_is_the_same_for_the_same_url() -> None:
    urls = [f"http://h/{i}" for i in range(100)]
    for tries in (1, 2, 3):
        waits = [backoff_s(url, tries, 2.0) for url in urls]
        assert all(0.5 * 2**tries <= wait <= 1.5 * 2**tries for wait in waits)
        assert len(set(waits)) == 100
        assert waits == [backoff_s(url, tries, 2.0) for url in urls]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), (None, 0.0), ("", 0.0), ("-3", 0.0), ("soon", 0.0), ("9" * 500, 9999999999.0)],
)
def test_seconds_as_a_server_writes_them(text: str | None, seconds: float) -> None:
    assert retry_after_s(text) == seconds


def test_a_date() -> None:
    assert 3000 < retry_after_s(formatdate(time.time() + 3600, usegmt=True)) <= 3600
    assert 3000 < retry_after_s(formatdate(time.time() + 3600).replace("-0000", "-0000")) <= 3600
    assert retry_after_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after_s("Wed, 99 Oct 2015 07:28:00 GMT") == 0.0
