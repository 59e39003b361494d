"""The client against a real server that does everything wrong: each fault has its name, and good bytes come whole."""

import gzip
import os
import socket
import time
import zlib
from email.utils import formatdate

import pytest

from mmgic.download.client import Answer, Terms, parsed_url
from tests.unit.download.conftest import Asked
from tests.unit.download.server import Request, Server, sleep_for_ever

_BODY = os.urandom(200_000)


def test_a_body_comes_whole(server: Server, asked: Asked) -> None:
    answer, data = asked(server.serve("/a", _BODY))
    assert (answer, data) == (Answer(status=200, tries=1), _BODY)
    (request,) = server.log
    assert request.headers["user-agent"] == "mmgic"
    assert request.headers["accept-encoding"] == "identity"
    assert "cookie" not in request.headers and "range" not in request.headers


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "picture.jpg",
        "//h/a.jpg",
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "http://",
        "http:///a",
        "http://h:99999/",
        "http://h:x/",
        "http://[::1/a",
        "http://h/a\r\nX: y",
        "http://h/a\0",
        "http://h/" + "a" * 20_000,
        "http://ex\udc00mple/",
    ],
)
def test_what_is_no_url_is_not_asked(asked: Asked, text: str) -> None:
    assert asked(text)[0] == Answer("bad_url", tries=0)


@pytest.mark.parametrize("text", ["http://" + "a" * 70 + ".com/", "http://a..b/", "http://.a/"])
def test_names_that_cannot_be(asked: Asked, text: str) -> None:
    assert asked(text, tries=1)[0].cause in ("bad_url", "unknown_host")


def test_a_url_is_sent_as_it_stands_in_the_table(server: Server, asked: Asked) -> None:
    paths = ["/a%2Cb,c?x=%7E~&y=a+b%20c;d", "/%e4?sig=a%2Fb%3D%3D", "/a//b/../c", "/a?b?c&&d="]
    for path in paths:
        server.serve(path, b"x")
        assert asked(server.url(path))[0].cause == ""
    assert [request.path for request in server.log] == paths
    server.serve("/a%20b/%C3%BC?q=%C3%A4%20%22", b"x")
    assert asked(server.url('/a b/ü?q=ä "') + "#part")[0].cause == ""
    assert asked(" \t" + server.url("/a?b?c&&d=") + "\n")[0].cause == ""


def test_names_of_other_scripts() -> None:
    url = parsed_url("http://bücher.example/ä")
    assert url is not None and str(url) == "http://xn--bcher-kva.example/%C3%A4"


@pytest.mark.parametrize(
    ("status", "cause", "tries"),
    [
        (404, "not_found", 1),
        (410, "not_found", 1),
        (401, "forbidden", 1),
        (403, "forbidden", 1),
        (451, "forbidden", 1),
        (418, "client_error", 1),
        (429, "rate_limited", 3),
        (500, "server_error", 3),
        (503, "server_error", 3),
        (204, "unexpected_status", 1),
        (304, "unexpected_status", 1),
        (206, "cut_body", 3),
        (300, "unexpected_status", 1),
        (302, "unexpected_status", 1),  # without a place to go to
    ],
)
def test_status_and_tries(server: Server, asked: Asked, status: int, cause: str, tries: int) -> None:
    body = b"" if status in (204, 304) else b"a page of words"
    answer, _ = asked(server.serve("/a", body, status=status), tries=3)
    assert (answer.cause, answer.status, answer.tries) == (cause, status, tries)
    assert server.asked == {"/a": tries}


@pytest.mark.parametrize("how", ["seconds", "date"])
def test_retry_after_is_waited_for(server: Server, asked: Asked, how: str) -> None:
    starts = []

    @server.page("/a")
    async def page(request: Request) -> None:
        starts.append(time.time())
        if request.number == 1:
            wanted = "1" if how == "seconds" else formatdate(time.time() + 2, usegmt=True)  # cut to whole seconds
            await request.reply(503, b"", {"Retry-After": wanted})
        else:
            await request.reply(200, _BODY)

    answer, data = asked(server.url("/a"), tries=2)
    assert (answer, data) == (Answer(status=200, tries=2), _BODY)
    assert starts[1] - starts[0] >= 0.95


def test_a_server_that_wants_too_long_a_wait_is_not_asked_again(server: Server, asked: Asked) -> None:
    server.serve("/a", b"", {"Retry-After": "3600"}, status=429)
    assert asked(server.url("/a"), tries=9, max_wait_s=0.05)[0] == Answer("rate_limited", "", 429, 1)


def test_redirects_are_followed_within_bounds(server: Server, asked: Asked) -> None:
    for number in range(5):
        server.serve(
            f"/{number}", b"go on", {"Location": f"{number + 1}?a=%2C"}, status=(301, 302, 303, 307, 308)[number]
        )
    for number in range(1, 5):
        server.pages[f"/{number}?a=%2C"] = server.pages[f"/{number}"]
    server.serve("/5?a=%2C", _BODY)
    answer, data = asked(server.url("/0"), max_redirects=5)
    assert (answer, data) == (Answer(status=200, tries=1), _BODY)
    assert asked(server.url("/0"), max_redirects=4)[0].cause == "too_many_redirects"
    server.serve("/loop", b"", {"Location": server.url("/loop")}, status=302)
    assert asked(server.url("/loop"), max_redirects=5)[0].cause == "too_many_redirects"
    assert server.asked["/loop"] == 6


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/a", "data:,x", "http://h:99999/", "gopher://h"])
def test_redirects_to_something_else(server: Server, asked: Asked, location: str) -> None:
    assert asked(server.serve("/a", b"", {"Location": location}, status=302))[0].cause == "bad_redirect"


def test_each_hop_is_checked_for_a_private_address(server: Server, asked: Asked) -> None:
    """`public.example` is looked up by the real resolver of the socket module, which answers with this machine."""
    server.serve("/secret", b"instance metadata")
    for host in ("127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"):
        answer, data = asked(f"http://{host}:{server.port}/secret", allow_private=False, tries=1)
        assert (answer.cause in ("private_address", "bad_url"), data) == (True, b"")
    assert server.log == []


def test_a_redirect_from_a_public_address_to_a_private_one(
    server: Server, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test's server stands for a public host: its address is let through, that of the target is not."""
    from mmgic.download import addresses, sessions

    with Server("127.0.0.2") as public:
        public.serve("/a", b"", {"Location": server.url("/secret")}, status=302)
        server.serve("/secret", b"instance metadata")

        def checked(info: addresses.AddressInfo) -> socket.socket:
            return addresses.public_socket(info) if info[4][0] != "127.0.0.2" else socket.socket(*info[:3])

        monkeypatch.setattr(sessions, "public_socket", checked)
        answer, data = asked(public.url("/a"), allow_private=False)
        assert (answer.cause, data, public.asked) == ("private_address", b"", {"/a": 1})
    assert server.log == []


def test_a_name_that_leads_to_this_machine(server: Server, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server of an attacker answers with a private address, at first or after a public one: both are met at the socket."""
    lookups = []

    def lookup(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    server.serve("/secret", b"instance metadata")
    answer, data = asked(f"http://rebound.example:{server.port}/secret", allow_private=False, tries=1)
    assert (answer.cause, data, server.log) == ("private_address", b"", [])
    assert lookups == ["rebound.example"]
    assert asked(f"http://rebound.example:{server.port}/secret", tries=1)[1] == b"instance metadata"


def test_a_name_that_is_unknown(asked: Asked) -> None:
    """`.invalid` never exists; without any name server the answer is another one."""
    assert asked("http://no-such-host.invalid/a", tries=1)[0].cause in ("unknown_host", "dns_failure")


@pytest.mark.parametrize(
    ("number", "cause", "tries"), [(socket.EAI_NONAME, "unknown_host", 1), (socket.EAI_AGAIN, "dns_failure", 2)]
)
def test_a_dead_name_and_a_dead_name_server(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, number: int, cause: str, tries: int
) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "as the C library says it")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    answer, _ = asked("http://name.example/a", tries=2)
    assert (answer.cause, answer.tries) == (cause, tries)


def test_nothing_listens_there(asked: Asked) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer, _ = asked(f"http://127.0.0.1:{port}/a", tries=2)
    assert (answer.cause, answer.status, answer.tries) == ("connection_refused", 0, 2)


def test_a_connection_that_is_never_accepted(asked: Asked) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(3):  # fills the queue; further ones get no answer
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        answer, _ = asked(f"http://127.0.0.1:{full.getsockname()[1]}/a", tries=1, idle_timeout_s=0.3)
        assert answer.cause in ("connect_timeout", "idle_timeout")
        for one in waiting:
            one.close()


def test_hung_up_before_the_answer(server: Server, asked: Asked) -> None:
    @server.page("/closed")
    async def closed(request: Request) -> None:
        request.writer.close()

    @server.page("/reset")
    async def reset(request: Request) -> None:
        request.reset()

    assert [asked(server.url(path), tries=1)[0].cause for path in ("/closed", "/reset")] == ["connection_reset"] * 2


@pytest.mark.parametrize("how", ["closed", "reset", "chunks"])
def test_a_body_that_breaks_off(server: Server, asked: Asked, how: str) -> None:
    @server.page("/a")
    async def page(request: Request) -> None:
        if how == "chunks":
            await request.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + _BODY[:500])
        else:
            await request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + _BODY[:500])
        if how == "reset":
            request.reset()
        else:
            request.writer.close()

    answer, _ = asked(server.url("/a"), tries=2)
    assert (answer.cause, answer.status, answer.tries) == ("cut_body", 200, 2)


def test_a_body_that_breaks_off_is_continued(server: Server, asked: Asked) -> None:
    """By Range and If-Range, here in three steps, since each answer breaks off after 70,000 bytes."""

    @server.page("/a")
    async def page(request: Request) -> None:
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        head = f'Content-Length: {len(_BODY) - start}\r\nETag: "v1"\r\n'
        if start:
            assert request.headers["if-range"] == '"v1"'
            head += f"Content-Range: bytes {start}-{len(_BODY) - 1}/{len(_BODY)}\r\n"
        await request.send(f"HTTP/1.1 {206 if start else 200} x\r\n{head}\r\n".encode() + _BODY[start : start + 70_000])
        request.writer.close()

    assert asked(server.url("/a"), tries=3) == (Answer(status=206, tries=3), _BODY)


@pytest.mark.parametrize("how", ["200", "206 of another", "206 elsewhere", "416"])
def test_a_file_that_changed_meanwhile_is_not_glued_together(server: Server, asked: Asked, how: str) -> None:
    new = bytes(reversed(_BODY))

    @server.page("/a")
    async def page(request: Request) -> None:
        if request.number == 1:
            await request.send(b'HTTP/1.1 200 x\r\nContent-Length: 200000\r\nETag: "v1"\r\n\r\n' + _BODY[:1000])
            request.writer.close()
        elif request.number == 2 and how == "206 of another":
            headers = {"Content-Range": "bytes 1000-199999/200000", "ETag": '"v2"'}
            await request.reply(206, new[1000:], headers)
        elif request.number == 2 and how == "206 elsewhere":
            await request.reply(206, new[2000:], {"Content-Range": "bytes 2000-199999/200000"})
        elif request.number == 2 and how == "416":
            await request.reply(416, b"", {"Content-Range": "bytes */500"})
        else:
            await request.reply(200, new, {"ETag": '"v2"'})

    answer, data = asked(server.url("/a"), tries=4)
    assert (answer.cause, data == new) == ("", True)


def test_a_server_that_gives_less_of_the_rest_than_there_is(server: Server, asked: Asked) -> None:
    @server.page("/a")
    async def page(request: Request) -> None:
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        end = min(start + 90_000, len(_BODY))
        if start == 0:
            await request.send(b'HTTP/1.1 200 x\r\nContent-Length: 200000\r\nETag: "v1"\r\n\r\n' + _BODY[:end])
            request.writer.close()
        else:
            headers = {"Content-Range": f"bytes {start}-{end - 1}/{len(_BODY)}", "ETag": '"v1"'}
            await request.reply(206, _BODY[start:end], headers)

    assert asked(server.url("/a"), tries=3) == (Answer(status=206, tries=3), _BODY)


def test_a_weak_name_of_a_state_is_not_continued(server: Server, asked: Asked) -> None:
    @server.page("/a")
    async def page(request: Request) -> None:
        assert "range" not in request.headers
        await request.send(
            b'HTTP/1.1 200 x\r\nContent-Length: 200000\r\nETag: W/"v1"\r\n\r\n' + _BODY[: 100 * request.number]
        )
        request.writer.close()

    assert asked(server.url("/a"), tries=3)[0].cause == "cut_body"
    assert server.asked == {"/a": 3}


def test_silence(server: Server, asked: Asked) -> None:
    @server.page("/head")
    async def head(request: Request) -> None:
        await sleep_for_ever()

    @server.page("/body")
    async def body(request: Request) -> None:
        await request.send(b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n" + _BODY[:10])
        await sleep_for_ever()

    for path, status in (("/head", 0), ("/body", 200)):
        answer, _ = asked(server.url(path), tries=1, idle_timeout_s=0.3)
        assert (answer.cause, answer.status) == ("idle_timeout", status)


@pytest.mark.parametrize("what", ["headers", "body", "interim answers"])
def test_a_trickle_ends_with_its_time(server: Server, asked: Asked, what: str) -> None:
    import asyncio

    @server.page("/a")
    async def page(request: Request) -> None:
        if what == "body":
            await request.send(b"HTTP/1.1 200 x\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await request.send(b"HTTP/1.1 102 Processing\r\n\r\n" if what == "interim answers" else b"H")
            await asyncio.sleep(0.02)

    answer, _ = asked(server.url("/a"), tries=1, timeout_s=0.5, idle_timeout_s=0.4)
    assert answer.cause == "timeout" if what != "headers" else answer.cause in ("timeout", "bad_answer")


def test_more_than_the_limit_is_not_taken(server: Server, asked: Asked) -> None:
    sent = 0

    @server.page("/endless")
    async def endless(request: Request) -> None:
        nonlocal sent
        await request.send(b"HTTP/1.1 200 x\r\n\r\n")
        while True:
            await request.send(_BODY)
            sent += len(_BODY)

    @server.page("/lying")
    async def lying(request: Request) -> None:
        await request.send(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await request.send(b"%x\r\n%b\r\n" % (len(_BODY), _BODY))

    server.serve("/declared", _BODY)
    for path in ("/endless", "/lying", "/declared"):
        answer, data = asked(server.url(path), max_picture_bytes=150_000)
        assert (answer.cause, answer.tries, len(data) <= 150_000) == ("too_many_bytes", 1, True)
    assert sent < 20_000_000
    assert asked(server.url("/declared"), max_picture_bytes=200_000)[1] == _BODY


def test_a_length_that_lies(server: Server, asked: Asked) -> None:
    async def page(request: Request) -> None:
        declared = {"/less": "100", "/more": "300000", "/twice": "100\r\nContent-Length: 200", "/minus": "-5"}[
            request.path
        ]
        await request.send(f"HTTP/1.1 200 x\r\nContent-Length: {declared}\r\n\r\n".encode() + _BODY)
        request.writer.close()

    server.otherwise = page
    assert asked(server.url("/less"), tries=1)[0].cause == "bad_answer"
    assert asked(server.url("/more"), tries=1)[0].cause == "cut_body"
    assert asked(server.url("/twice"), tries=1)[0].cause == "bad_answer"
    assert asked(server.url("/minus"), tries=1)[0].cause == "bad_answer"


def test_what_is_no_http(server: Server, asked: Asked) -> None:
    answers = {
        "/ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
        "/noise": b"\x16\x03\x01\x02\x00" + _BODY[:100],
        "/long": b"HTTP/1.1 200 x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        "/many": b"HTTP/1.1 200 x\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        "/status": b"HTTP/1.1 abc x\r\n\r\n",
    }

    async def page(request: Request) -> None:
        await request.send(answers[request.path])
        request.writer.close()

    server.otherwise = page
    for path in answers:
        assert asked(server.url(path), tries=1)[0].cause == "bad_answer", path


def test_encodings(server: Server, asked: Asked) -> None:
    server.serve("/gzip", gzip.compress(_BODY), {"Content-Encoding": "gzip"})
    server.serve("/deflate", zlib.compress(_BODY), {"Content-Encoding": "Deflate"})
    server.serve("/br", b"whatever", {"Content-Encoding": "br"})
    server.serve("/identity", _BODY, {"Content-Encoding": "identity"})
    assert asked(server.url("/gzip")) == (Answer(status=200, tries=1, encoding="gzip"), gzip.compress(_BODY))
    assert asked(server.url("/deflate"))[0].encoding == "deflate"
    assert asked(server.url("/br"))[0].cause == "encoded_body"
    assert asked(server.url("/identity")) == (Answer(status=200, tries=1), _BODY)
    assert asked(server.url("/gzip"), Terms(10**6, 5.0))[0].cause == "encoded_body"


def test_empty_bodies_and_sizes(server: Server, asked: Asked) -> None:
    assert asked(server.serve("/empty", b""), tries=2)[0] == Answer("empty_body", "", 200, 2)
    assert asked(server.serve("/a", _BODY), Terms(10**6, 5.0, num_bytes=7))[0].cause == "wrong_size"
    assert asked(server.url("/a"), Terms(10**6, 5.0, num_bytes=len(_BODY)))[1] == _BODY


def test_servers_that_want_to_be_left_alone(server: Server, asked: Asked) -> None:
    for number, value in enumerate(["noai", "nofollow, noimageai", "mmgic: noindex", "other: noai", "nofollow"]):
        server.serve(f"/{number}", _BODY, {"X-Robots-Tag": value})
    causes = [asked(server.url(f"/{number}"))[0].cause for number in range(5)]
    assert causes == ["opted_out", "opted_out", "opted_out", "", ""]
    assert asked(server.url("/2"), user_agent="Other/1.0 (+http://h)")[0].cause == ""
    assert asked(server.url("/3"), user_agent="Other/1.0 (+http://h)")[0].cause == "opted_out"
    assert asked(server.url("/0"), respected_directives=[])[0].cause == ""
    assert asked(server.url("/0"), Terms(10**6, 5.0, has_opt_outs=False))[0].cause == ""


def test_no_cookies_and_no_passwords(
    server: Server, asked: Asked, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"  # type: ignore[operator]
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.serve("/a", b"", {"Set-Cookie": "a=b", "Location": "/b"}, status=302)
    server.serve("/b", _BODY)
    assert asked(server.url("/a"), trust_env=True)[1] == _BODY
    assert all("cookie" not in request.headers and "authorization" not in request.headers for request in server.log)
