"""Intervals for shares."""

from math import sqrt

_Z_95 = 1.959963984540054


def wilson_interval(num_right: int, num_all: int, z: float = _Z_95) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson, JASA 1927); (0, 1) where nothing was counted."""
    if num_all == 0:
        return 0.0, 1.0
    share = num_right / num_all
    centre = share + z * z / (2 * num_all)
    spread = z * sqrt(share * (1 - share) / num_all + z * z / (4 * num_all * num_all))
    scale = 1 + z * z / num_all
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
