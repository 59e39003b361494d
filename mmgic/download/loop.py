"""Runs the event loop of a download from code that knows none, so that a request to end it ends it cleanly."""

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_loop(work: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, in which SIGTERM does what an interrupt does: tasks are cancelled, then KeyboardInterrupt is raised.

    A Python handler of SIGTERM would raise within whichever task just runs. It is put back at the end.
    """
    before = signal.getsignal(signal.SIGTERM)
    is_handled = threading.current_thread() is threading.main_thread() and callable(before)

    async def guarded() -> T:
        task = asyncio.current_task()
        if is_handled and task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        if is_handled:
            signal.signal(signal.SIGTERM, before)
