"""The libraries of the benchmark of packing, with what each does there: packers and stores of rows."""

from benchmarks.engines import Engine
from benchmarks.families import Families
from benchmarks.pack.libraries import litdata_stores, mmgic_stores, plain_copies, streaming_stores
from benchmarks.pack.packers import (
    in_order_packers,
    lightbinpack_packers,
    mmgic_packers,
    seqpacker_packers,
    trl_packers,
)


def _mmgic_engines() -> list[Engine]:
    return mmgic_packers() + mmgic_stores()


FAMILIES: Families[Engine] = {
    "mmgic": ("mmgic", _mmgic_engines),
    "seqpacker": ("seqpacker", seqpacker_packers),
    "lightbinpack": ("lightbinpack", lightbinpack_packers),
    "trl": ("trl", trl_packers),
    "in-order": ("", in_order_packers),
    "copies": ("", plain_copies),
    "litdata": ("litdata", litdata_stores),
    "mosaicml-streaming": ("mosaicml-streaming", streaming_stores),
}
"""The distribution and the engines of each library, in the order of the tables."""
