"""Packing documents into rows, so that few positions stay empty, and packed rows as bytes and as training arrays.

1. `pack`, or `PackStream` for documents that come in parts, chooses which documents share a row.
2. `Parts` tells it where a document that is too long may be cut.
3. `block_of_rows` copies the documents' tokens into a block of rows, `RowBlock` reads one.
4. `training_arrays` makes ids, positions and labels of rows.
"""

from mmgic.packing.blocks import (
    MAX_BLOCK_BYTES,
    RowBlock,
    TokenDocuments,
    block_of_rows,
    block_of_sequences,
    documents_from_sequences,
    joined_documents,
)
from mmgic.packing.pack import pack
from mmgic.packing.parts import MAX_CAPACITY, PartFlag, Parts, Pieces, Policy, pieces_of_parts
from mmgic.packing.stream import PackStream
from mmgic.packing.training import IGNORED, TrainingArrays, training_arrays
from mmgic.packing.types import PackedRows, Packing, PackReport

__all__ = [
    "IGNORED",
    "MAX_BLOCK_BYTES",
    "MAX_CAPACITY",
    "PackReport",
    "PackStream",
    "PackedRows",
    "Packing",
    "PartFlag",
    "Parts",
    "Pieces",
    "Policy",
    "RowBlock",
    "TokenDocuments",
    "TrainingArrays",
    "block_of_rows",
    "block_of_sequences",
    "documents_from_sequences",
    "joined_documents",
    "pack",
    "pieces_of_parts",
    "training_arrays",
]
