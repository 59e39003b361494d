"""Times boxes to text and back, and overlaps, beside peers; writes `benchmarks/results/boxes-<day>-<machine>.json`.

`make bench-boxes` makes the peers' environment and runs it. Without that it runs on what is installed here. All of it takes
some minutes; `--quick` takes small batches and writes nothing but where `--out` says.

Example: python -m benchmarks.boxes.run --quick --works write
"""

import sys
from collections.abc import Sequence

from benchmarks.boxes.engines import FAMILIES
from benchmarks.boxes.works import GOALS, works
from benchmarks.session import is_chosen, option_parser, run_works

_ROUNDS = 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the arguments say; 0 unless nothing of ours could be timed."""
    options = option_parser("boxes", (__doc__ or "").split("\n")[0], FAMILIES, _ROUNDS).parse_args(arguments)
    listed = works(400, 100) if options.quick else works(10_000, 4_000)
    works_chosen = [work for work in listed if is_chosen(work.name, options.works)]
    return run_works("boxes", options, works_chosen, GOALS, _ROUNDS)


if __name__ == "__main__":
    sys.exit(main())
