"""A real HTTP server in a thread of the test process, that keeps a log and can misbehave in every way.

Pages are coroutines: they get a `Request` and write to the connection what they like.
"""

import asyncio
import datetime
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Request:
    """A request and its connection. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def send(self, data: bytes) -> None:
        """Writes bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        """A whole answer."""
        lines = {"Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        await self.send(f"HTTP/1.1 {status} x\r\n{head}\r\n".encode("latin-1") + body)

    def reset(self) -> None:
        """Ends the connection with a reset."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Page = Callable[[Request], Awaitable[None]]


class Server:
    """Serves `pages` by path, and what `otherwise` makes of other paths. Open with `with`."""

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page] = {}
        self.otherwise: Page = _missing
        self.log: list[Request] = []
        self._counts: Counter[str] = Counter()
        self.num_open = 0
        self.most_open = 0
        self.num_connections = 0
        self._host = host
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connection, self._host, 0, ssl=self._context, backlog=4096), self._loop
        )
        self._server = started.result(timeout=10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def url(self, path: str) -> str:
        """The URL of a path."""
        return f"http{'s' if self._context else ''}://{self._host}:{self.port}{path}"

    def page(self, path: str) -> Callable[[Page], Page]:
        """Decorator: serves a path."""

        def add(page: Page) -> Page:
            self.pages[path] = page
            return page

        return add

    def serve(self, path: str, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> str:
        """Serves bytes under a path; returns its URL."""

        async def page(request: Request) -> None:
            await request.reply(status, body, headers)

        self.pages[path] = page
        return self.url(path)

    @property
    def asked(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(request.path for request in list(self.log))

    def wait_until_quiet(self) -> None:
        """Waits until all that was sent by clients that are gone has been read."""
        while self.num_connections:
            time.sleep(0.01)

    async def _stop(self) -> None:
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.num_connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                method, path, _ = first.split(" ", 2)
                pairs = (line.split(":", 1) for line in lines if line)
                headers = {name.lower(): value.strip() for name, value in pairs}
                self._counts[path] += 1
                request = Request(method, path, headers, reader, writer, self._counts[path])
                self.log.append(request)
                self.num_open += 1
                self.most_open = max(self.most_open, self.num_open)
                try:
                    await self.pages.get(path, self.otherwise)(request)
                finally:
                    self.num_open -= 1
                if headers.get("connection") == "close":
                    break
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self.num_connections -= 1
            writer.close()


async def _missing(request: Request) -> None:
    await request.reply(404, b"no such page")


async def sleep_for_ever() -> None:
    """Never comes back; the server's end cancels it."""
    await asyncio.Event().wait()


def own_certificate(path: Path, hosts: list[str]) -> ssl.SSLContext:
    """TLS for a server, with a certificate that only who is given `path` believes in."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    end = now + datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, end)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(certificate.public_bytes(pem) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
