"""Exceptions of the HTTP library and of the system to causes, so that a proxy, a certificate and a dead name are told apart."""

import errno
import socket
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from mmgic.download.addresses import PrivateAddress
from mmgic.download.causes import Cause
from mmgic.errors import MmgicError

_OWN_TROUBLE = {
    errno.EMFILE: "lower fetch.download.concurrency, or raise the limit (ulimit -n)",
    errno.ENFILE: "lower fetch.download.concurrency",
    errno.ENOBUFS: "lower fetch.download.concurrency",
    errno.ENOMEM: "lower fetch.download.concurrency or large_bytes",
    errno.EADDRNOTAVAIL: "this machine is out of ports: lower fetch.download.concurrency",
}
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), socket.EAI_FAMILY}

CAUGHT = (aiohttp.ClientError, HttpProcessingError, OSError, TimeoutError, ValueError)
"""What a request may end with that is the other side's doing."""


def cause_of_error(error: BaseException, *, has_answered: bool, proxy_host: str | None) -> Cause:
    """The cause that an exception of a request stands for.

    Args:
        has_answered: headers had come.
        proxy_host: the proxy's host name where the request went through one.

    Raises:
        MmgicError: this machine is in trouble (no files, memory or ports left); the URL is not to blame.
    """
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    number = inner.errno if isinstance(inner, OSError) else None
    if isinstance(inner, OSError) and number in _OWN_TROUBLE:
        raise MmgicError(inner.strerror or str(inner), hint=_OWN_TROUBLE[number]) from error
    if isinstance(inner, PrivateAddress):
        return "private_address"
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return "proxy_error"
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(inner, ssl.SSLError):
        return "tls_error"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        if error.host == proxy_host:
            return "proxy_error"
        return "unknown_host" if number in _NO_SUCH_NAME else "dns_failure"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "connect_timeout" if proxy_host is None else "proxy_error"
    if isinstance(error, aiohttp.ServerTimeoutError):
        return "idle_timeout"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _cause_of_connection(number)
    if isinstance(error, aiohttp.ClientPayloadError):
        return "cut_body"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientConnectionError | OSError):
        return "cut_body" if has_answered else "connection_reset"
    return "bad_url" if isinstance(error, aiohttp.InvalidURL | UnicodeError) else "bad_answer"


def _cause_of_connection(number: int | None) -> Cause:
    if number == errno.ECONNREFUSED:
        return "connection_refused"
    if number in (errno.ECONNRESET, errno.EPIPE):
        return "connection_reset"
    return "connect_timeout" if number == errno.ETIMEDOUT else "unreachable"
