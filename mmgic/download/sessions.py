"""The HTTP sessions of a run: one whose every socket is checked, and one for proxies, which connect by themselves.

aiohttp was chosen because it streams, knows proxies and lets its sockets be made by us; it comes with fsspec's and DVC's
remotes anyway. Nothing is taken from the environment but proxies: no cookies are kept, and no passwords of ~/.netrc sent.
"""

import asyncio
import base64
import resource
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from mmgic.download.addresses import is_plainly_private, public_socket
from mmgic.errors import ParamsError
from mmgic.schema.params import FetchParams

_LOOKUPS = 64
"""Names looked up at once: each holds a thread for its time."""
_KEEP_S = 5.0
_SPARE_FILES = 512
"""For the spools of open units, tables, tars and the ledger."""


class Sessions:
    """Sessions of one event loop. Open with `async with`.

    Raises:
        ParamsError: this machine allows too few open files for `concurrency`, or a proxy's URL is none.
    """

    def __init__(self, params: FetchParams) -> None:
        self._params = params
        self._allow_private = params.allow_private
        self._proxies = _proxies() if params.download.trust_env else {}

    async def __aenter__(self) -> Self:
        _allow_open_files(self._params.download.concurrency)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_LOOKUPS, "mmgic-fetch"))
        self._direct = self._session(is_checked=not self._allow_private)
        self._by_proxy = self._session(is_checked=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._direct.close()
        await self._by_proxy.close()

    def proxy_of(self, url: URL) -> URL | None:
        """The proxy that the environment wants for a URL."""
        proxy = self._proxies.get(url.scheme)
        if proxy is None or urllib.request.proxy_bypass(url.raw_host or ""):
            return None
        return proxy

    def is_refused(self, url: URL) -> bool:
        """Whether a URL behind a proxy says by itself that it is private; a direct one is checked when it is connected to."""
        return not self._allow_private and is_plainly_private(url.raw_host or "")

    def get(self, url: URL, headers: dict[str, str], proxy: URL | None) -> Any:
        """Asks for a URL, without following redirects: an async context manager of the response."""
        if proxy is None:
            return self._direct.get(url, headers=headers, allow_redirects=False)
        asked = {**headers, **_authorization(proxy)} if url.scheme == "http" else headers
        return self._by_proxy.get(
            url, headers=asked, allow_redirects=False, proxy=proxy.with_user(None), proxy_headers=_authorization(proxy)
        )

    def _session(self, *, is_checked: bool) -> aiohttp.ClientSession:
        settings = self._params.download
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEP_S,
            ttl_dns_cache=300,
            resolver=aiohttp.ThreadedResolver(),
            socket_factory=public_socket if is_checked else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=settings.idle_timeout_s, sock_read=settings.idle_timeout_s
            ),
            headers={"User-Agent": settings.user_agent, "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
        )


def _proxies() -> dict[str, URL]:
    found = {}
    for scheme, text in urllib.request.getproxies_environment().items():
        if scheme in ("http", "https"):
            url = _proxy_url(text)
            if url is None:
                _, at, place = text.rpartition("@")  # a password stays unsaid
                raise ParamsError(
                    f"{'...' if at else ''}{at}{place} is no proxy that can be used",
                    where=f"{scheme.upper()}_PROXY",
                    hint="http://HOST:PORT, or fetch.download.trust_env=false",
                )
            found[scheme] = url
    return found


def _proxy_url(text: str) -> URL | None:
    try:
        url = URL(text if "://" in text else f"http://{text}")
    except ValueError:
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def _authorization(proxy: URL) -> dict[str, str]:
    if proxy.user is None:
        return {}
    words = base64.b64encode(f"{proxy.user}:{proxy.password or ''}".encode()).decode()
    return {"Proxy-Authorization": f"Basic {words}"}


def _allow_open_files(concurrency: int) -> None:
    """Raises the soft limit of open files to what the requests, their kept connections and the spools need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * concurrency + _SPARE_FILES
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < needed:
        if hard != unlimited and hard < needed:
            raise ParamsError(
                f"{concurrency} requests at once need {needed} open files, the limit is {hard}",
                where="fetch.download.concurrency",
                hint="lower it, or raise the limit (ulimit -n)",
            )
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (needed if hard == unlimited else max(needed, min(hard, 65_536)), hard)
        )
