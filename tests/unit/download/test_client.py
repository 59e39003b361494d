"""The client against a real server that does everything wrong: each fault has its name, and good bytes come whole."""

import os
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from mmgic.download.client import Answer, Terms, parsed_url
from tests.unit.download.conftest import Asked
from tests.unit.download.server import Request, Server

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
    server.serve("/a%20b/%C3%BC?q=%C3%A4+%22", b"x")
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
    server: Server, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.serve("/a", b"", {"Set-Cookie": "a=b", "Location": "/b"}, status=302)
    server.serve("/b", _BODY)
    assert asked(server.url("/a"), trust_env=True)[1] == _BODY
    assert all("cookie" not in request.headers and "authorization" not in request.headers for request in server.log)
