"""The floor under the success rate."""

import pytest

from mmgic.download.floor import Floor
from mmgic.errors import TooManyBadError


def test_it_stops_when_too_few_of_the_last_came() -> None:
    floor = Floor(10, 0.5)
    for _ in range(100):
        floor.count("")
    for _ in range(5):
        floor.count("timeout")
    with pytest.raises(TooManyBadError) as caught:
        floor.count("not_found")
    assert caught.value.what == (
        "of the last 10 URLs 4 came, less than min_success_fraction 0.5: timeout 5, not_found 1"
    )
    assert caught.value.hint.startswith("timeout: not whole within")
    assert caught.value.exit_code == 6


def test_before_the_window_is_full_nothing_is_said() -> None:
    floor = Floor(10, 1.0)
    for _ in range(9):
        floor.count("timeout")
    with pytest.raises(TooManyBadError):
        floor.count("")


def test_no_floor() -> None:
    floor = Floor(1, 0.0)
    for _ in range(10):
        floor.count("timeout")
