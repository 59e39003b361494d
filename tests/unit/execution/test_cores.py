"""Cores that the scheduler grants."""

import os

from mmgic.execution.cores import available_cores


def test_a_process_bound_to_one_core_has_one() -> None:
    everything = os.sched_getaffinity(0)
    assert available_cores() == len(everything)
    os.sched_setaffinity(0, {min(everything)})
    try:
        assert available_cores() == 1
    finally:
        os.sched_setaffinity(0, everything)
