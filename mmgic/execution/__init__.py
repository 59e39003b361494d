"""Runs one function over many units of work, in this process or in a pool of local processes, and gathers their notes."""

from mmgic.execution.pool import collect_rarely, run_units
from mmgic.execution.units import commit_units
from mmgic.execution.watch import end_with_parent

__all__ = ["collect_rarely", "commit_units", "end_with_parent", "run_units"]
