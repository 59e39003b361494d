"""Asks for one URL until its body is whole or it is given up. What went wrong is a value with a named cause.

1. A try follows redirects by itself: every hop waits for its host's place and is checked like the first.
2. Headers are judged before the body is read: length, encoding, `X-Robots-Tag`. A body is counted while it comes, whatever was
   declared.
3. What broke off is continued by Range where the server names the state of the file (If-Range); a changed file starts anew.
4. Between tries stands a wait that grows, or the one that the server asks for; that one holds back all URLs of its host. Where
   it is longer than `max_wait_s`, they are not asked until it is over.

One request costs about 0.3 ms of one core; bodies in memory beyond 256 KiB share a budget (`large_bytes`).
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

import aiohttp
import msgspec
from yarl import URL

from mmgic.download.bodies import Body, MemoryBody
from mmgic.download.causes import CAUSES, Cause, cause_of_status
from mmgic.download.faults import CAUGHT, cause_of_error
from mmgic.download.limits import ByteBudget, HostHeld, Limits
from mmgic.download.robots import is_opted_out
from mmgic.download.sessions import Sessions
from mmgic.download.waits import backoff_s, retry_after_s
from mmgic.schema.params import FetchParams

_LONGEST_URL = 16_384
_LONGEST_DETAIL = 200
_LONGEST_PAUSE_S = 86_400.0  # of a host, whatever it asks for
_SMALL = 1 << 18  # bytes that a body may have without a share of the budget
_PAUSING = (429, 503)  # statuses whose Retry-After speaks for the whole host
_REDIRECTS = (301, 302, 303, 307, 308)
_WITH_BODY = (200, 203, 206)
_RANGE = re.compile(r"bytes (?:(?P<start>\d+)-\d+|\*)/(?P<total>\d+|\*)")
_PLAIN = re.compile(r"[!-~]+")


class Terms(NamedTuple):
    """What is wanted of a body.

    Attributes:
        max_bytes: More is refused.
        timeout_s: For a whole body; None: for the headers alone.
        num_bytes: The size that it must have, where one is known.
        encodings: `Content-Encoding`s that may come although none was asked for; they are not undone here.
        has_opt_outs: Whether `X-Robots-Tag` counts.
    """

    max_bytes: int
    timeout_s: float | None
    num_bytes: int | None = None
    encodings: frozenset[str] = frozenset()
    has_opt_outs: bool = True


class Answer(msgspec.Struct, frozen=True):
    """What came of a URL: no cause where its body is whole.

    Attributes:
        cause: Why it gave nothing.
        detail: The exception's words, or the URL that it led to.
        status: The last HTTP status; 0 where no server answered.
        tries: How often it was asked.
        encoding: The `Content-Encoding` that the body still has.
    """

    cause: Cause | Literal[""] = ""
    detail: str = ""
    status: int = 0
    tries: int = 0
    encoding: str = ""


class _Hop(NamedTuple):
    """What came of one request. `wait_s` is what the server asks for, `location` where it leads."""

    cause: Cause | Literal[""] = ""
    status: int = 0
    detail: str = ""
    encoding: str = ""
    wait_s: float = 0.0
    location: str | None = None


class Client:
    """Asks for URLs as the params say. Open with `async with`; calls run side by side as far as the limits let them.

    Raises:
        ParamsError: see `Sessions`.
    """

    def __init__(self, params: FetchParams) -> None:
        settings = params.download
        self._settings = settings
        self._sessions = Sessions(params)
        self._limits = Limits(settings.concurrency, settings.per_host, settings.host_delay_s, settings.max_wait_s)
        self._memory = ByteBudget(settings.large_bytes)
        self._directives = frozenset(params.respected_directives)
        self._agent = settings.user_agent.partition("/")[0].strip().lower()

    async def __aenter__(self) -> Self:
        await self._sessions.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sessions.__aexit__(kind, error, trace)

    async def download(self, text: str, body: Body, terms: Terms) -> Answer:
        """Asks for a URL until its body is whole, the tries are used up, or another would not help.

        Args:
            text: The URL as a table has it.
            body: Where bytes go, and what came of them in an earlier run.

        Raises:
            MmgicError: this machine is in trouble; the URL is not to blame.
        """
        url = parsed_url(text)
        if url is None:
            return Answer("bad_url", tries=0)
        hop, tries = _Hop("rate_limited"), 0
        while True:
            try:
                hop = await self._tried(url, body, terms)
            except HostHeld:
                break
            tries += 1
            if not hop.cause or not CAUSES[hop.cause].is_retryable or tries == self._settings.tries:
                break
            wait_s = max(hop.wait_s, backoff_s(text, tries, self._settings.backoff_s))
            if wait_s > self._settings.max_wait_s:
                break
            await asyncio.sleep(wait_s)
        return Answer(hop.cause, hop.detail, hop.status, tries, hop.encoding)

    async def _tried(self, url: URL, body: Body, terms: Terms) -> _Hop:
        """One try: from hop to hop until a body or an error comes.

        Raises:
            HostHeld: a host of the way is not to be asked now.
        """
        for _ in range(self._settings.max_redirects + 1):
            async with self._limits.place(_host(url)):
                hop = await self._asked(url, body, terms)
            if hop.wait_s:
                longest_s = _LONGEST_PAUSE_S if hop.status in _PAUSING else self._settings.max_wait_s
                self._limits.hold(_host(url), min(hop.wait_s, longest_s))
            if hop.location is None:
                if hop.cause and isinstance(body, MemoryBody) and body.num_bytes > _SMALL:
                    body.begin("")  # its share of the budget is given back
                return hop
            led_to = _joined(url, hop.location)
            if led_to is None:
                return _Hop("bad_redirect", hop.status, hop.location[:_LONGEST_DETAIL])
            url = led_to
        return _Hop("too_many_redirects", hop.status, str(url))

    async def _asked(self, url: URL, body: Body, terms: Terms) -> _Hop:
        """One request."""
        proxy = self._sessions.proxy_of(url)
        if proxy is not None and self._sessions.is_refused(url):
            return _Hop("private_address", detail=str(url))
        headers: dict[str, str] = {}
        if not self._limits.is_shared(_host(url)):
            headers["Connection"] = "close"  # else idle connections would pile up, one a host
        if body.validator and body.num_bytes:
            headers["Range"], headers["If-Range"] = f"bytes={body.num_bytes}-", body.validator
        status = 0
        try:
            async with (
                asyncio.timeout(terms.timeout_s or self._settings.idle_timeout_s * 2) as clock,
                self._sessions.get(url, headers, proxy) as response,
            ):
                status = response.status
                return await self._answered(response, body, terms, clock)
        except CAUGHT as error:
            if isinstance(error, TimeoutError) and clock.expired():
                return _Hop("timeout", status, str(url))
            cause = cause_of_error(error, has_answered=bool(status), proxy_host=proxy.host if proxy else None)
            return _Hop(cause, status, f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL])

    async def _answered(
        self, response: aiohttp.ClientResponse, body: Body, terms: Terms, clock: asyncio.Timeout
    ) -> _Hop:
        """Judges the headers, then reads the body."""
        status, headers = response.status, response.headers
        if status in _REDIRECTS and "Location" in headers:
            await _drain(response)
            return _Hop(status=status, location=headers["Location"])
        if status == 416 and body.num_bytes:
            if _range_of(headers) == (None, body.num_bytes):
                return _Hop(status=status)  # all of it came before
            body.begin("")
            return _Hop("cut_body", status, "the rest is not to be had")
        if status not in _WITH_BODY:
            await _drain(response)
            return _Hop(cause_of_status(status), status, wait_s=retry_after_s(headers.get("Retry-After")))
        if terms.has_opt_outs and is_opted_out(headers.getall("X-Robots-Tag", ()), self._directives, self._agent):
            return _Hop("opted_out", status)
        encoding = headers.get("Content-Encoding", "").strip().lower().replace("identity", "")
        if encoding and encoding not in terms.encodings:
            return _Hop("encoded_body", status, encoding)
        validator = "" if encoding else _validator(headers)
        if status == 206:
            start, declared = _range_of(headers)
            if not body.num_bytes or start != body.num_bytes or validator not in ("", body.validator):
                body.begin("")
                return _Hop("cut_body", status, "the rest is of another file")
        else:
            body.begin(validator)
            declared = response.content_length
        if declared is not None and declared > terms.max_bytes:
            return _Hop("too_many_bytes", status, f"{declared} bytes")
        if declared is not None and terms.num_bytes not in (None, declared) and not encoding:
            return _Hop("wrong_size", status, f"{declared} bytes, not {terms.num_bytes}")
        return await self._read(response, body, terms, clock, encoding, declared)

    async def _read(
        self,
        response: aiohttp.ClientResponse,
        body: Body,
        terms: Terms,
        clock: asyncio.Timeout,
        encoding: str,
        declared: int | None,
    ) -> _Hop:
        """Reads the body; one in memory goes beyond a small size only with its share of the memory."""
        if terms.timeout_s is None:
            clock.reschedule(None)
        in_memory = isinstance(body, MemoryBody)
        is_over = in_memory and declared is not None and declared > _SMALL
        if not is_over:
            is_over = await _poured(response, body, min(_SMALL, terms.max_bytes) if in_memory else terms.max_bytes)
        if is_over and in_memory and body.num_bytes <= terms.max_bytes:
            async with self._share(declared or terms.max_bytes, clock):
                is_over = await _poured(response, body, terms.max_bytes)
        if is_over:
            return _Hop("too_many_bytes", response.status)
        if declared is not None and body.num_bytes != declared:
            return _Hop("cut_body", response.status, f"{body.num_bytes} bytes of {declared}")
        if body.num_bytes == 0:
            return _Hop("empty_body", response.status)
        return _Hop(status=response.status, encoding=encoding)

    @asynccontextmanager
    async def _share(self, num_bytes: int, clock: asyncio.Timeout) -> AsyncIterator[None]:
        """A share of the memory; waiting for it is no fault of the server and takes none of its time."""
        loop = asyncio.get_running_loop()
        end, start = clock.when(), loop.time()
        clock.reschedule(None)
        async with self._memory.taken(num_bytes):
            if end is not None:
                clock.reschedule(end + loop.time() - start)
            yield


async def _poured(response: aiohttp.ClientResponse, body: Body, num_bytes: int) -> bool:
    """Takes what comes, and stops when it is more than so many bytes: then true."""
    while chunk := await response.content.readany():
        body.write(chunk)
        if body.num_bytes > num_bytes:
            return True
    return False


def parsed_url(text: str) -> URL | None:
    """An http or https URL as it stands in a table, quoted only where it cannot be sent otherwise; None where it is none."""
    text = text.strip()
    if len(text) > _LONGEST_URL or any(character < " " for character in text):
        return None
    try:
        url = URL(text, encoded=_PLAIN.fullmatch(text) is not None)
        return url if url.scheme in ("http", "https") and url.raw_host and url.port else None
    except ValueError:
        return None


def _joined(url: URL, location: str) -> URL | None:
    try:
        return parsed_url(str(url.join(URL(location.strip(), encoded=_PLAIN.fullmatch(location) is not None))))
    except ValueError:
        return None


def _host(url: URL) -> str:
    return (url.raw_host or "").lower()


def _validator(headers: Any) -> str:
    """What names this state of a file in `If-Range`: a strong ETag, else the time of its last change."""
    tag = headers.get("ETag", "")
    return str(tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", ""))


def _range_of(headers: Any) -> tuple[int | None, int | None]:
    """Start and total of a `Content-Range`."""
    found = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if found is None:
        return None, None
    start, total = found["start"], found["total"]
    return None if start is None else int(start), None if total == "*" else int(total)


async def _drain(response: aiohttp.ClientResponse) -> None:
    """Reads a short body that nobody wants, so that its connection can be used again."""
    if response.content_length is not None and response.content_length <= _SMALL:
        with suppress(aiohttp.ClientError, OSError):
            await response.content.read()
