"""`X-Robots-Tag`: whether a server wants what it sends left alone.

A header holds directives with commas between, each for all programs or, as `agent: directive`, for one.
"""

from collections.abc import Collection, Iterable

_WITH_VALUE = ("max-snippet", "max-image-preview", "max-video-preview", "unavailable_after")


def is_opted_out(headers: Iterable[str], directives: Collection[str], agent: str) -> bool:
    """Whether one of `directives` stands in the headers, for all programs or for `agent` (lower case)."""
    for header in headers:
        named = ""
        for part in header.lower().split(","):
            name, colon, rest = part.partition(":")
            if name.strip() in _WITH_VALUE:
                continue
            if colon:  # holds for what follows too, up to the next name
                named, part = name.strip(), rest
            if named in ("", "*", agent) and part.strip() in directives:
                return True
    return False
