"""A pool of spawned processes that keeps the order of results and bounds what is in flight.

Results come back in the order of the units whatever the number of workers, at most two units a worker are held at a time,
and workers are spawned, never forked, since the Rust core and torch own threads.
"""

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from mmgic.errors import MmgicError
from mmgic.execution.watch import end_with_parent

Unit = TypeVar("Unit")
Result = TypeVar("Result")


def run_units(function: Callable[[Unit], Result], units: Iterable[Unit], workers: int) -> Iterator[Result]:
    """Yields `function(unit)` for each unit, in order.

    Args:
        function: importable from its module (or a `functools.partial` of one) where `workers` > 1.
        units: taken lazily.
        workers: 1 runs in this process.

    Raises:
        MmgicError: a worker died (out of memory, killed). Errors of `function` come through as they are.
    """
    if workers <= 1:
        yield from map(function, units)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(os.getpid(),))
    pending: deque[Future[Result]] = deque()
    try:
        for unit in units:
            pending.append(pool.submit(function, unit))
            if len(pending) >= 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except BrokenProcessPool as error:
        raise MmgicError(
            "a worker process died",
            hint="out of memory? run the same command with fewer --workers; it goes on where it stopped",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def collect_rarely() -> None:
    """Lets Python look for cycles every 5,000 objects, not 700: records hold none, and `normalize` takes a tenth less time."""
    gc.set_threshold(5_000, 20, 20)


def _start_worker(parent: int) -> None:
    """A worker leaves an interrupt from the keyboard to its parent, and ends with it."""
    collect_rarely()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
