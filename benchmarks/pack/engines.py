"""The libraries of the benchmark of packing, with what each does there: packers and stores of rows."""

from benchmarks.engines import Engine
from benchmarks.families import Families
from benchmarks.pack.packers import (
    in_order_packers,
    lightbinpack_packers,
    mmgic_packers,
    seqpacker_packers,
    trl_packers,
)

FAMILIES: Families[Engine] = {
    "mmgic": ("mmgic", mmgic_packers),
    "seqpacker": ("seqpacker", seqpacker_packers),
    "lightbinpack": ("lightbinpack", lightbinpack_packers),
    "trl": ("trl", trl_packers),
    "in-order": ("", in_order_packers),
}
"""The distribution and the engines of each library, in the order of the tables."""
