"""The engines of one library (or more) as a process that is told what to run: JSON lines in, JSON lines out.

Peers that cannot live in one environment (pillow-simd replaces Pillow) are so timed in turns by one runner. Commands:
`{"do": "time", "work", "engine", "samples", "threads"}` runs once and answers CPU and wall seconds, `{"do": "save", ..., "to"}`
writes the pixels of one sample as .npy. `threads` 0 calls the engine sample by sample; from 1 on it is one batch on so many
threads: the library's own batch call where it has one, else a thread pool in Python. What arrives on the pipe is not timed.

Example: python -m benchmarks.images.worker .bench/images pillow,simplejpeg
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.families import hold_to_one_thread, loaded_engines

hold_to_one_thread()

import numpy as np  # noqa: E402  # reads how many threads it may have when it is imported

from benchmarks.images.engines import FAMILIES, Engine, engine_versions  # noqa: E402
from benchmarks.images.samples import Sample, load_samples  # noqa: E402
from benchmarks.serve import answers_only, serve  # noqa: E402

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


def main(folder: Path, families: list[str]) -> None:
    """Answers commands until the input ends."""
    answers = answers_only()
    samples = {sample.name: sample for sample in load_samples(folder)}
    engines, found, missing = loaded_engines(FAMILIES, families)
    by_name = {(engine.work, engine.name): engine for engine in engines}

    def answer(command: dict[str, Any]) -> dict[str, Any]:
        engine = by_name[command["work"], command["engine"]]
        chosen = [samples[name] for name in command["samples"]]
        if command["do"] == "save":
            np.save(command["to"], np.asarray(engine.run(chosen[0])))
            return {}
        return dict(timed(engine, chosen, command["threads"]))

    hello = {"engines": list(by_name), "versions": engine_versions(found), "missing": missing}
    serve(answers, hello, answer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2].split(","))
