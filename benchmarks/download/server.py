"""A web server that costs little: every path is the same picture.

It runs in a process of its own, says its port, and ends with its input. Every address of 127.0.0.0/8 leads to it, so that
URLs can be of one host or of many.

Example: python -m benchmarks.download.server picture.jpg
"""

import asyncio
import sys
from pathlib import Path

_END = b"\r\n\r\n"


class Connection(asyncio.Protocol):
    """Answers requests of a connection, one after the other."""

    answer: bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps what answers are written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        """Answers each whole request."""
        self._waiting += data
        while _END in self._waiting:
            head, _, self._waiting = self._waiting.partition(_END)
            self._transport.write(self.answer)
            if b"connection: close" in head.lower():
                self._transport.close()


async def main(picture: bytes) -> None:
    """Serves until the input ends."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
    Connection.answer = head.encode() + picture
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))
