"""The engines of some libraries as a process that is told what to run: JSON lines in, JSON lines out.

Commands: `prepare` (work, engine, arguments) makes the input and tells the units of a run and the facts of its result;
`time` (calls) runs what was prepared so often and answers the least CPU and wall seconds; `release` frees it. One engine is
prepared at a time for each name, so that engines take turns without making their input again.

A third argument, `plain`, leaves the garbage collector on.

Example: python -m benchmarks.worker benchmarks.boxes.engines mmgic,supervision
"""

import gc
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks.engines import Engine, Prepared
from benchmarks.families import hold_to_one_thread, loaded_engines, version_of

hold_to_one_thread()

from benchmarks.serve import answers_only, serve  # noqa: E402  # after the number of threads is set


def timed(prepared: Prepared, calls: int) -> dict[str, float]:
    """The least CPU seconds (this process, all its threads) and wall seconds of some runs."""
    wall = cpu = float("inf")
    for _ in range(calls):
        prepared.before()
        cpu_from, wall_from = time.process_time(), time.perf_counter()
        prepared.run()
        wall = min(wall, time.perf_counter() - wall_from)
        cpu = min(cpu, time.process_time() - cpu_from)
    return {"cpu": cpu, "wall": wall}


def main(module: str, families: list[str], *, is_plain: bool) -> None:
    """Answers commands until the input ends."""
    answers = answers_only()
    table = import_module(module).FAMILIES
    engines, found, missing = loaded_engines(table, families)
    by_name: dict[tuple[str, str], Engine] = {(engine.work, engine.name): engine for engine in engines}
    ready: dict[tuple[str, str], Prepared] = {}

    def answer(command: dict[str, Any]) -> dict[str, Any]:
        key = command["work"], command["engine"]
        if command["do"] == "prepare":
            prepared = ready[key] = by_name[key].prepare(command["arguments"])
            prepared.before()
            return {"units": prepared.units, "facts": dict(prepared.facts(prepared.run()))}
        if command["do"] == "release":
            ready.pop(key).done()
            gc.collect()
            return {}
        return dict(timed(ready[key], command["calls"]))

    versions = {distribution: version_of(distribution) for name in found if (distribution := table[name][0])}
    serve(answers, {"engines": list(by_name), "versions": versions, "missing": missing}, answer, collects=is_plain)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(","), is_plain="plain" in sys.argv[3:])
