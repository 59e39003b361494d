"""How long to wait before a URL is asked again."""

import time
from datetime import UTC
from email.utils import parsedate_to_datetime

from blake3 import blake3


def backoff_s(url: str, tries: int, first_s: float) -> float:
    """Seconds after the given number of tries: doubling, times 0.5 to 1.5 by the URL, so that not all come back at once."""
    spread = int.from_bytes(blake3(f"{url}\0{tries}".encode()).digest(4)) / 2**32
    return float(first_s * 2.0 ** (tries - 1) * (0.5 + spread))


def retry_after_s(text: str | None) -> float:
    """Seconds that a `Retry-After` header wants, given as seconds or as a date; 0 where it says nothing that can be read."""
    if not text:
        return 0.0
    if text.strip().isdecimal():
        return float(text[:10])
    try:
        wanted = parsedate_to_datetime(text)
        return max(0.0, (wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)).timestamp() - time.time())
    except (ValueError, OverflowError, OSError):
        return 0.0
