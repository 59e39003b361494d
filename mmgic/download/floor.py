"""The success rate over the URLs that ended last: a network that goes down must not mark a million pictures as gone."""

from collections import Counter, deque

from mmgic.download.causes import CAUSES
from mmgic.errors import TooManyBadError


class Floor:
    """Counts how the last `window` URLs ended.

    Args:
        min_fraction: of them that must have come.
    """

    def __init__(self, window: int, min_fraction: float) -> None:
        self._window = window
        self._min_fraction = min_fraction
        self._last: deque[str] = deque()
        self._counts: Counter[str] = Counter()

    def count(self, cause: str) -> None:
        """Counts a URL that ended; the cause is empty where it came.

        Raises:
            TooManyBadError: too few came of the last `window`; causes are named, the most frequent with its hint.
        """
        self._last.append(cause)
        self._counts[cause] += 1
        if len(self._last) > self._window:
            self._counts[self._last.popleft()] -= 1
        if len(self._last) < self._window or self._counts[""] >= self._min_fraction * self._window:
            return
        causes = sorted(((name, count) for name, count in self._counts.items() if name and count), key=lambda c: -c[1])
        raise TooManyBadError(
            f"of the last {self._window:,} URLs {self._counts['']:,} came, less than min_success_fraction "
            f"{self._min_fraction:g}: " + ", ".join(f"{name} {count:,}" for name, count in causes),
            where="fetch.download.min_success_fraction",
            hint=f"{causes[0][0]}: {CAUSES[causes[0][0]].hint}",  # type: ignore[index]  # causes are of this table
        )
