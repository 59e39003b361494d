"""The engines of one library (or more) as a process that is told what to run: JSON lines in, JSON lines out.

Peers that cannot live in one environment (pillow-simd replaces Pillow) are so timed in turns by one runner. Commands:
`{"do": "time", "work", "engine", "samples", "threads"}` runs once and answers CPU and wall seconds, `{"do": "save", ..., "to"}`
writes the pixels of one sample as .npy. `threads` 0 calls the engine sample by sample; from 1 on it is one batch on so many
threads: the library's own batch call where it has one, else a thread pool in Python. What arrives on the pipe is not timed.

Example: python -m benchmarks.images.worker .bench/images pillow,simplejpeg
"""

import gc
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.images.engines import FAMILIES, Engine, engine_versions, hold_to_one_thread

hold_to_one_thread()

import numpy as np  # noqa: E402  # reads how many threads it may have when it is imported

from benchmarks.images.samples import Sample, load_samples  # noqa: E402

_POOLS: dict[int, ThreadPoolExecutor] = {}


def run_once(engine: Engine, samples: list[Sample], threads: int) -> Any:
    """The pixels that the engine makes of the samples."""
    if threads and engine.batch:
        return engine.batch(samples, threads)
    if threads > 1:
        pool = _POOLS.setdefault(threads, ThreadPoolExecutor(threads))
        return list(pool.map(engine.run, samples))
    return [engine.run(sample) for sample in samples]


def timed(engine: Engine, samples: list[Sample], threads: int) -> dict[str, float]:
    """CPU seconds of this process, all its threads, and wall seconds of one run; freeing the result is part of it."""
    cpu, wall = time.process_time(), time.perf_counter()
    run_once(engine, samples, threads)
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def loaded_engines(families: list[str]) -> tuple[list[Engine], list[str], dict[str, str]]:
    """Engines of the families that can be imported here, which they are, and why the others cannot."""
    engines: list[Engine] = []
    found: list[str] = []
    missing: dict[str, str] = {}
    for family in families:
        try:
            engines += FAMILIES[family][1]()
            found.append(family)
        except (ImportError, OSError, RuntimeError) as error:
            missing[family] = f"{type(error).__name__}: {error}"
    return engines, found, missing


def serve(folder: Path, families: list[str]) -> None:
    """Answers commands until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print must not stand among the answers
    samples = {sample.name: sample for sample in load_samples(folder)}
    engines, found, missing = loaded_engines(families)
    by_name = {(engine.work, engine.name): engine for engine in engines}
    hello = {
        "engines": list(by_name),
        "versions": engine_versions(found),
        "missing": missing,
        "python": sys.version.split()[0],
    }
    print(json.dumps(hello), file=answers)
    gc.disable()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            engine = by_name[command["work"], command["engine"]]
            chosen = [samples[name] for name in command["samples"]]
            if command["do"] == "save":
                np.save(command["to"], np.asarray(engine.run(chosen[0])))
                answer: dict[str, Any] = {}
            else:
                answer = timed(engine, chosen, command["threads"])
        except Exception as error:  # an engine's failure is the runner's to tell
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2].split(","))
