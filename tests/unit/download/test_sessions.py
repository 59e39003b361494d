"""TLS and proxies: a bad certificate, a dead proxy, one that wants a password, and what is asked through it."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmgic.errors import ParamsError
from tests.unit.download.conftest import Asked
from tests.unit.download.server import Request, Server, own_certificate

_BODY = os.urandom(5000)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """TLS with a certificate that nobody signed but itself."""
    return own_certificate(tmp_path_factory.mktemp("tls") / "own.pem", ["localhost"])


@pytest.fixture
def tunnel() -> Iterator[Server]:
    """A proxy: it answers itself what it is asked for plainly, and opens tunnels to nowhere."""
    with Server() as running:

        async def page(request: Request) -> None:
            await request.reply(200, _BODY)

        running.otherwise = page
        yield running


def test_a_certificate_that_nobody_vouches_for(context: ssl.SSLContext, asked: Asked) -> None:
    with Server(context=context) as server:
        server.serve("/a", _BODY)
        answer, data = asked(server.url("/a"), tries=3)
        assert (answer.cause, answer.tries, answer.status, data) == ("tls_error", 1, 0, b"")
        assert "certificate" in answer.detail.lower()
        assert server.log == []


def test_no_tls_where_it_should_be(asked: Asked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer_once() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(100_000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer_once)
        thread.start()
        answer, _ = asked(f"https://127.0.0.1:{plain.getsockname()[1]}/a", tries=1)
        thread.join()
    assert answer.cause == "tls_error"


def test_what_the_environment_wants_goes_through_the_proxy(
    tunnel: Server, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:pass%3Aword@127.0.0.1:{tunnel.port}")
    monkeypatch.setenv("no_proxy", "direct.example")
    assert asked("http://public.example/a?b=%2C", trust_env=True)[1] == _BODY
    (request,) = tunnel.log
    assert request.path == "http://public.example/a?b=%2C"
    assert request.headers["proxy-authorization"] == "Basic bWU6cGFzczp3b3Jk"  # me:pass:word
    assert "authorization" not in request.headers
    assert asked("http://direct.example/a", trust_env=True, tries=1)[0].cause in ("unknown_host", "dns_failure")
    assert asked("http://public.example/a", trust_env=False, tries=1)[0].cause in ("unknown_host", "dns_failure")
    assert len(tunnel.log) == 1


def test_private_addresses_are_not_asked_through_a_proxy_either(
    tunnel: Server, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{tunnel.port}")
    for host in ("127.0.0.1", "localhost", "169.254.169.254", "[::1]", "2130706433"):
        assert asked(f"http://{host}/a", trust_env=True, allow_private=False)[0].cause == "private_address"
    assert tunnel.log == []
    assert asked("http://public.example/a", trust_env=True, allow_private=False)[1] == _BODY


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_dead_proxy(asked: Asked, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{port}")
    assert asked(f"{scheme}://public.example/a", trust_env=True, tries=1)[0].cause == "proxy_error"
    monkeypatch.setenv(f"{scheme}_proxy", "http://no-such-proxy.invalid:3128")
    assert asked(f"{scheme}://public.example/a", trust_env=True, tries=1)[0].cause == "proxy_error"


@pytest.mark.parametrize(("scheme", "status"), [("http", 407), ("https", 407), ("https", 502), ("https", 403)])
def test_a_proxy_that_refuses(
    server: Server, asked: Asked, monkeypatch: pytest.MonkeyPatch, scheme: str, status: int
) -> None:
    async def page(request: Request) -> None:
        await request.reply(status, b"no")

    server.otherwise = page
    monkeypatch.setenv(f"{scheme}_proxy", f"127.0.0.1:{server.port}")
    assert asked(f"{scheme}://public.example/a", trust_env=True, tries=1)[0].cause == "proxy_error"
    assert server.log[0].method == ("GET" if scheme == "http" else "CONNECT")


def test_a_proxy_that_is_no_url(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(ParamsError, match="socks5://127.0.0.1:1080 is no proxy that can be used"):
        asked("http://public.example/a", trust_env=True)
    for text in ("http://me:secret@proxy:99999", "me:secret@proxy:99999", "socks5://me:secret@proxy:99999"):
        monkeypatch.setenv("http_proxy", text)
        with pytest.raises(ParamsError, match=r"^\.\.\.@proxy:99999 is no proxy that can be used") as caught:
            asked("http://public.example/a", trust_env=True)
        assert "secret" not in str(caught.value)
    assert asked("ftp://x/", trust_env=False)[0].cause == "bad_url"


def test_more_requests_at_once_than_files_are_allowed(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))
    with pytest.raises(ParamsError, match="400 requests at once need 1312 open files, the limit is 1024"):
        asked("http://public.example/a", concurrency=400)
