"""Connections: which addresses are asked, and what is said of those that give none."""

import socket

import pytest

from tests.unit.download.conftest import Asked
from tests.unit.download.server import Request, Server


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
    """A name server of an attacker answers with a private address, whenever it likes: it is met at the socket."""
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
