"""Answers that break off, go silent, lie or never end; and what comes of the good ones."""

import asyncio
import gzip
import os
import zlib

import pytest

from mmgic.download.bodies import MemoryBody
from mmgic.download.client import Answer, Client, Terms
from tests.unit.download.conftest import Asked, Settings
from tests.unit.download.server import Request, Server, sleep_for_ever

_BODY = os.urandom(200_000)


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

    @server.page("/undeclared")
    async def undeclared(request: Request) -> None:
        await request.send(b"HTTP/1.1 200 x\r\n\r\n" + _BODY)
        request.writer.close()

    server.serve("/declared", _BODY)
    for path in ("/endless", "/lying", "/undeclared", "/declared"):
        answer, data = asked(server.url(path), max_picture_bytes=150_000)
        assert (answer.cause, answer.tries, len(data) < 300_000) == ("too_many_bytes", 1, True)
    assert sent < 20_000_000
    assert asked(server.url("/declared"), max_picture_bytes=200_000)[1] == _BODY
    assert asked(server.url("/undeclared"), max_picture_bytes=200_000)[1] == _BODY


@pytest.mark.parametrize("is_declared", [False, True])
def test_large_bodies_share_the_memory(server: Server, settings: Settings, is_declared: bool) -> None:
    """Six bodies of 700 kB at once, and memory for two: all come, whole."""
    data = os.urandom(700_000)

    async def page(request: Request) -> None:
        length = f"Content-Length: {len(data)}\r\n" if is_declared else ""
        await request.send(f"HTTP/1.1 200 x\r\n{length}\r\n".encode() + data[:300_000])
        await asyncio.sleep(0.05)
        await request.send(data[300_000:])
        request.writer.close()

    server.otherwise = page
    params = settings(large_bytes=1_500_000, max_picture_bytes=750_000, concurrency=6)
    terms = Terms(params.max_picture_bytes, 20.0)

    async def all_at_once() -> list[bytes]:
        bodies = [MemoryBody() for _ in range(6)]
        async with Client(params) as client:
            await asyncio.gather(*(client.download(server.url(f"/{n}"), body, terms) for n, body in enumerate(bodies)))
        return [body.data for body in bodies]

    assert asyncio.run(all_at_once()) == [data] * 6


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
