"""A loop that is asked to end."""

import asyncio
import os
import signal

import pytest

from mmgic.download.loop import run_loop


def test_what_the_work_returns_or_raises() -> None:
    async def work() -> int:
        return 7

    async def broken() -> None:
        raise ValueError("as it is")

    assert run_loop(work()) == 7
    with pytest.raises(ValueError, match="as it is"):
        run_loop(broken())


def test_a_request_to_end_cancels_the_work_and_is_an_interrupt() -> None:
    ended: list[str] = []

    def handler(number: int, frame: object) -> None:
        raise AssertionError("not while the loop runs")

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            ended.append("cleanly")

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_loop(work())
        assert ended == ["cleanly"] and signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
