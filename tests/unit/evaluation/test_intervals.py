import pytest

from mmgic.evaluation.intervals import wilson_interval


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(5, 10, 0.2366, 0.7634), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_published_values(right: int, count: int, low: float, high: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 1998, table I (method 3), and the closed form at the ends."""
    assert wilson_interval(right, count) == pytest.approx((low, high), abs=5e-4)


def test_nothing_counted_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
