"""Places for requests: in all, for one host, after a pause; and shares of memory."""

import asyncio
from collections import Counter

import pytest

from mmgic.download.limits import ByteBudget, HostHeld, Limits


def _most_at_once(limits: Limits, hosts: list[str]) -> tuple[int, Counter[str]]:
    running: Counter[str] = Counter()
    most: Counter[str] = Counter()

    async def one(host: str) -> None:
        async with limits.place(host):
            running[host] += 1
            running["all"] += 1
            for name in (host, "all"):
                most[name] = max(most[name], running[name])
            for _ in range(3):
                await asyncio.sleep(0)
            running[host] -= 1
            running["all"] -= 1

    async def everyone() -> int:
        await asyncio.gather(*(one(host) for host in hosts))
        return len(limits)

    return asyncio.run(everyone()), most


def test_requests_at_once_are_bounded_in_all_and_by_host() -> None:
    left, most = _most_at_once(Limits(5, 2, 0.0, 60.0), ["a", "b", "c", "d"] * 50)
    assert most == {"all": 5, "a": 2, "b": 2, "c": 2, "d": 2}
    assert left == 0


def test_a_slow_host_takes_no_places_of_others() -> None:
    async def run() -> list[str]:
        limits, done, gate = Limits(2, 1, 0.0, 60.0), [], asyncio.Event()

        async def one(host: str) -> None:
            async with limits.place(host):
                if host == "slow":
                    await gate.wait()
                done.append(host)

        slow = [asyncio.create_task(one("slow")) for _ in range(3)]
        await asyncio.gather(*(asyncio.create_task(one(f"h{i}")) for i in range(4)))
        gate.set()
        await asyncio.gather(*slow)
        return done

    assert asyncio.run(run()) == ["h0", "h1", "h2", "h3", "slow", "slow", "slow"]


def test_a_host_is_asked_no_sooner_than_it_wants_and_forgotten_then() -> None:
    async def run() -> tuple[list[float], int, int]:
        limits, loop, starts = Limits(10, 10, 0.05, 60.0), asyncio.get_running_loop(), []

        async def one() -> None:
            async with limits.place("h"):
                starts.append(loop.time())

        await asyncio.gather(one(), one(), one())
        limits.hold("h", 0.2)
        held = len(limits)
        await one()
        while len(limits):
            await asyncio.sleep(0.01)
        return starts, held, len(limits)

    starts, held, left = asyncio.run(run())
    gaps = [b - a for a, b in zip(starts, starts[1:], strict=False)]
    assert min(gaps[:2]) >= 0.049 and gaps[2] >= 0.199
    assert (held, left) == (1, 0)


def test_nobody_waits_for_the_end_of_a_longer_pause() -> None:
    """Those that wait already when the host asks for it neither; other hosts go on."""

    async def run() -> tuple[list[object], int, int]:
        limits, gate, done = Limits(10, 1, 0.0, 5.0), asyncio.Event(), []

        async def one(host: str) -> None:
            async with limits.place(host):
                await gate.wait()
                done.append(host)

        tasks = [asyncio.create_task(one("h")) for _ in range(3)]
        await asyncio.sleep(0)
        limits.hold("h", 3600.0)
        gate.set()
        found = await asyncio.gather(*tasks, one("h"), one("other"), return_exceptions=True)
        assert done == ["h", "other"]
        for _ in range(100):
            with pytest.raises(HostHeld):
                await one("h")
        return found, len(limits), len(asyncio.get_running_loop()._scheduled)  # type: ignore[attr-defined]

    found, left, num_timers = asyncio.run(run())
    assert [type(item) for item in found] == [type(None), *[HostHeld] * 3, type(None)]
    assert (left, num_timers) == (1, 1)  # its pause is not over


def test_a_cancelled_request_gives_its_place_back() -> None:
    async def run() -> int:
        limits = Limits(1, 1, 0.0, 60.0)

        async def for_ever() -> None:
            async with limits.place("h"):
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(for_ever()) for _ in range(3)]
        for task in tasks:
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with limits.place("h"):
            pass
        return len(limits)

    assert asyncio.run(run()) == 0


def test_bodies_share_memory_in_the_order_of_asking() -> None:
    async def run() -> list[str]:
        budget, taken, gate = ByteBudget(100), [], asyncio.Event()

        async def take(name: str, num_bytes: int) -> None:
            async with budget.taken(num_bytes):
                taken.append(name)
                await gate.wait()

        first = asyncio.create_task(take("first", 60))
        await asyncio.sleep(0)
        others = [asyncio.create_task(take(name, size)) for name, size in (("large", 999), ("small", 10))]
        for _ in range(5):
            await asyncio.sleep(0)
        assert taken == ["first"]  # `small` would fit, but does not pass `large` by
        gate.set()
        await asyncio.gather(first, *others)
        return taken

    assert asyncio.run(run()) == ["first", "large", "small"]


@pytest.mark.parametrize("is_granted", [False, True])
def test_a_cancelled_share_is_given_back(is_granted: bool) -> None:
    async def run() -> None:
        budget = ByteBudget(10)

        async def wait() -> None:
            async with budget.taken(10):
                await asyncio.Event().wait()

        async with budget.taken(10):
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
            if not is_granted:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        task.cancel()  # where it was granted, the task has not yet run with it
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5), budget.taken(10):
            pass

    asyncio.run(run())
