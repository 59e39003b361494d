"""Times and judges packers, and stores of packed rows; writes `benchmarks/results/pack-<day>-<machine>.json`.

`make bench-pack` makes the peers' environment and runs it. Without that it runs on what is installed here. All of it takes
about ten minutes; `--quick` takes few documents and writes nothing but where `--out` says. `--real DIR` also packs documents
made from the photos and annotations in DIR (COCO's layout) by the project's own stages.

Example: python -m benchmarks.pack.run --quick --works pack
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.engines import Work
from benchmarks.machine import ROOT
from benchmarks.pack.documents import real_work
from benchmarks.pack.engines import FAMILIES
from benchmarks.pack.works import GOALS, REAL, pack_works, row_works
from benchmarks.session import is_chosen, option_parser, run_works

_ROUNDS = 7


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the arguments say; 0 unless nothing of ours could be timed."""
    parser = option_parser("pack", (__doc__ or "").split("\n")[0], FAMILIES, _ROUNDS)
    default = os.environ.get("MMGIC_REAL_DATA")
    photos = Path(default) / "coco-photos" if default else None
    parser.add_argument("--real", type=Path, default=photos, help="default: coco-photos in $MMGIC_REAL_DATA, if set")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench/rows", help="where rows are written meanwhile")
    options = parser.parse_args(arguments)
    documents, layout_rounds, stored, reads = (4_000, 0, 400, 40) if options.quick else (1_000_000, 500, 60_000, 1_000)
    notes = []
    if not options.real and is_chosen(REAL, options.works):
        notes.append("no folder of real photos (--real): packers were run on drawn lengths alone")

    def works(place: Path) -> Iterator[Work]:
        for name, make in pack_works(documents, layout_rounds):
            if is_chosen(name, options.works):
                yield make()
        if options.real and is_chosen(REAL, options.works):
            yield real_work(options.real, place)
        for work in row_works(stored, reads, options.folder):
            if is_chosen(work.name, options.works):
                yield work

    with tempfile.TemporaryDirectory() as place:
        return run_works("pack", options, works(Path(place)), GOALS, _ROUNDS, notes)


if __name__ == "__main__":
    sys.exit(main())
