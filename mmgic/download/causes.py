"""Why a URL gave nothing, by name; what to do about it and whether to ask again stands in `causes.toml`."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec

Cause = Literal[
    "bad_url",
    "private_address",
    "unknown_host",
    "dns_failure",
    "connect_timeout",
    "connection_refused",
    "unreachable",
    "connection_reset",
    "tls_error",
    "proxy_error",
    "idle_timeout",
    "timeout",
    "cut_body",
    "bad_answer",
    "bad_redirect",
    "too_many_redirects",
    "not_found",
    "forbidden",
    "rate_limited",
    "client_error",
    "server_error",
    "unexpected_status",
    "opted_out",
    "encoded_body",
    "too_many_bytes",
    "empty_body",
    "wrong_size",
    "wrong_hash",
    "html_page",
    "not_a_picture",
    "unsupported_picture",
    "broken_picture",
    "too_small_picture",
    "too_many_pixels",
]


class CauseFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do about a cause, in one line, and whether asking again may help."""

    hint: str
    is_retryable: bool


CAUSES: Mapping[Cause, CauseFacts] = msgspec.toml.decode(
    files("mmgic.download").joinpath("causes.toml").read_bytes(), type=dict[Cause, CauseFacts]
)
"""Every cause with its facts."""


def is_retryable(cause: str) -> bool:
    """Whether asking again may help; false of a cause that is none of the downloader's."""
    return any(name == cause and facts.is_retryable for name, facts in CAUSES.items())


def cause_of_status(status: int) -> Cause:
    """The cause that an HTTP status stands for which brings no body and leads nowhere."""
    if status in _STATUSES:
        return _STATUSES[status]
    if 400 <= status < 500:
        return "client_error"
    return "server_error" if 500 <= status < 600 else "unexpected_status"


_STATUSES: Mapping[int, Cause] = {
    401: "forbidden",
    403: "forbidden",
    404: "not_found",
    407: "proxy_error",
    408: "server_error",  # the server's own timeout
    410: "not_found",
    425: "server_error",
    429: "rate_limited",
    451: "forbidden",
}
