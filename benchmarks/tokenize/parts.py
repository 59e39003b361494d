"""Where one worker's time goes: a profile of `tokenize` in its own process, as shares of the wall time of the stage.

Run by `benchmarks.tokenize.run` with a checkout's modules first; it writes JSON to the file named first and hands the other
arguments to `mmgic`. Times are cumulative, profiler included, which costs the parts in Python alone.
"""

import cProfile
import json
import pstats
import sys
import time
from pathlib import Path

PARTS = {
    "decoding": ("mmgic/images", "decode_crops"),
    "visual codes": ("mmgic/vocab/patches", "codes_from_images"),
    "fitting the vocabulary": ("mmgic/vocab/fit", "fit_vocabulary"),
    "reading records": ("mmgic/shards/records", "read_record_shard"),
    "encoding documents": ("mmgic/vocab/encode", "sequence_from_document"),
    "packing": ("mmgic/vocab/rows", "packed_rows"),
}
"""Module or package, and function of each part; fitting has decoding of its own, which counts in both."""


def part_seconds(stats: pstats.Stats) -> dict[str, float]:
    """Cumulative seconds of each part."""
    found = dict.fromkeys(PARTS, 0.0)
    for (file, _, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for part, (name, wanted) in PARTS.items():
            if function == wanted and name in Path(file).as_posix():
                found[part] += cumulative
    return found


def main(out: Path, arguments: list[str]) -> None:
    """Profiles a command of `mmgic`."""
    sys.argv = ["mmgic", *arguments]
    profile = cProfile.Profile()
    start = time.perf_counter()
    profile.enable()
    try:
        from mmgic.cli.main import main as mmgic

        mmgic()
    except SystemExit as end:
        if end.code:
            raise
    profile.disable()
    total = time.perf_counter() - start
    seconds = part_seconds(pstats.Stats(profile))
    tree = {"seconds": total, "parts": {name: {"seconds": s, "share": s / total} for name, s in seconds.items()}}
    out.write_text(json.dumps(tree))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
