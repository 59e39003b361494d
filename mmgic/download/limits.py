"""How many requests run at once: in all, to one host, and how much memory their bodies take.

A request waits for its host first, so that a slow host never holds places that others could use. What is known of a host is
dropped when nobody asks it any more and its pause is over: memory does not grow with the number of hosts.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class HostHeld(Exception):
    """A host wants a longer pause than a request may wait for."""


class _Host:
    __slots__ = ("gate", "has_timer", "held_until", "ready_at", "users")

    def __init__(self, places: int) -> None:
        self.gate = asyncio.Semaphore(places)
        self.users = 0
        self.ready_at = 0.0
        self.held_until = 0.0
        self.has_timer = False


class Limits:
    """Places for requests.

    Args:
        concurrency: requests at once.
        per_host: requests to one host at once.
        host_delay_s: from the start of a request to the start of the next one to the same host.
        max_wait_s: a request does not wait for the end of a longer pause that its host asked for.
    """

    def __init__(self, concurrency: int, per_host: int, host_delay_s: float, max_wait_s: float) -> None:
        self._gate = asyncio.Semaphore(concurrency)
        self._per_host = per_host
        self._delay_s = host_delay_s
        self._max_wait_s = max_wait_s
        self._hosts: dict[str, _Host] = {}

    def place(self, name: str) -> "_Place":
        """A place for one request to a host, waited for and held while the block runs (`async with`).

        Raises:
            HostHeld: when entered: the host asked for a pause that ends in more than `max_wait_s`.
        """
        return _Place(self, name)

    def hold(self, name: str, seconds: float) -> None:
        """Lets no new request to a host start for a time: it asked for that."""
        host = self._host(name)
        host.held_until = max(host.held_until, asyncio.get_running_loop().time() + seconds)
        host.ready_at = max(host.ready_at, host.held_until)
        self._forget(name)

    def is_shared(self, name: str) -> bool:
        """Whether more than one request to a host runs or waits."""
        return name in self._hosts and self._hosts[name].users > 1

    def __len__(self) -> int:
        """Hosts that something is known of."""
        return len(self._hosts)

    async def enter(self, name: str) -> None:
        """Waits for a place."""
        host = self._host(name)
        host.users += 1
        try:
            await host.gate.acquire()
            try:
                await self._wait(host)
            except BaseException:
                host.gate.release()
                raise
        except BaseException:
            host.users -= 1
            self._forget(name)
            raise

    def leave(self, name: str) -> None:
        """Gives a place back."""
        host = self._hosts[name]
        self._gate.release()
        host.gate.release()
        host.users -= 1
        self._forget(name)

    async def _wait(self, host: _Host) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if host.held_until - loop.time() > self._max_wait_s:
                raise HostHeld
            if (wait_s := host.ready_at - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            await self._gate.acquire()
            if (now := loop.time()) >= host.ready_at:
                host.ready_at = now + self._delay_s
                return
            self._gate.release()  # another one started, or the host asked for a pause

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(self._per_host)
        return host

    def _forget(self, name: str) -> None:
        host = self._hosts.get(name)
        if host is None or host.users:
            return
        loop = asyncio.get_running_loop()
        if host.ready_at <= loop.time():
            del self._hosts[name]
        elif not host.has_timer:
            host.has_timer = True
            loop.call_at(host.ready_at, self._end_timer, name)

    def _end_timer(self, name: str) -> None:
        if name in self._hosts:
            self._hosts[name].has_timer = False
            self._forget(name)


class _Place:
    __slots__ = ("_limits", "_name")

    def __init__(self, limits: Limits, name: str) -> None:
        self._limits = limits
        self._name = name

    async def __aenter__(self) -> None:
        await self._limits.enter(self._name)

    async def __aexit__(self, *_: object) -> None:
        self._limits.leave(self._name)


class ByteBudget:
    """Memory that bodies share: taken in the order of asking, so that a large one is never passed over for ever."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def taken(self, num_bytes: int) -> AsyncIterator[None]:
        """Holds so many bytes while the block runs; all of them where more than all are asked for."""
        num_bytes = min(num_bytes, self._total)
        if self._waiting or num_bytes > self._free:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((num_bytes, turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.cancelled():
                    self._waiting = deque(item for item in self._waiting if item[1] is not turn)
                else:
                    self._free += num_bytes
                self._wake()
                raise
        else:
            self._free -= num_bytes
        try:
            yield
        finally:
            self._free += num_bytes
            self._wake()

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            num_bytes, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= num_bytes
                turn.set_result(None)
