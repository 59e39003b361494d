"""A document shard and its record shard to tokenized documents. The work of one `tokenize` unit."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

import msgspec

from mmgic.schema.documents import Document, ImagePart
from mmgic.schema.manifests import Rejection, ShardEntry
from mmgic.schema.sequences import Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import ShardCut
from mmgic.shards.rows import blocks_of_sequences, write_rows
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.vocab.codes import CropKey, codes_of_shard
from mmgic.vocab.encode import sequence_from_document
from mmgic.vocab.joint import load_vocabulary
from mmgic.vocab.visual import Codes

_ROWS_PER_BLOCK = 256
_LEVEL = 1
"""These rows live only until they are packed."""


class TokenUnit(msgspec.Struct, frozen=True):
    """A document shard and the record shard that it was made from."""

    documents: ShardCut
    records: ShardEntry


def write_tokens(
    unit: TokenUnit,
    documents: Folder,
    records: Folder,
    vocabulary: Folder,
    cache: Folder,
    out: Folder,
    notes: UnitNotes,
    threads: int,
) -> UnitNote:
    """Writes each document of the unit as a row of its own, unless an earlier run did."""
    name = unit.documents.entry.name
    return notes.once(name, lambda: _written(unit, documents, records, vocabulary, cache, out, threads))


def _written(
    unit: TokenUnit,
    documents: Folder,
    records: Folder,
    vocabulary_folder: Folder,
    cache: Folder,
    out: Folder,
    threads: int,
) -> UnitNote:
    vocabulary = load_vocabulary(vocabulary_folder)
    entry = unit.documents.entry
    wanted = (
        (document.key, part.crop_xyxy_px)
        for document in _documents(documents, unit.documents)
        for part in document.parts
        if isinstance(part, ImagePart)
    )
    codes, failed = codes_of_shard(wanted, unit.records, records, vocabulary.visual, cache, threads)
    rejections: list[Rejection] = []
    counts: Counter[str] = Counter()

    def rows() -> Iterator[Sequence]:
        for document in _documents(documents, unit.documents):
            counts["documents"] += 1
            if document.key in failed:
                rejections.append(Rejection(document.key, failed[document.key], "picture cannot be decoded"))
                continue
            yield sequence_from_document(document, vocabulary, partial(_codes_of, codes, document.key))

    stem = entry.name.removesuffix(".jsonl.zst")
    blocks = blocks_of_sequences(rows(), _ROWS_PER_BLOCK, vocabulary.id_type.itemsize)
    entries = write_rows(out, stem, entry.split, blocks, _LEVEL)
    return UnitNote(entries, rejections, dict(counts))


def _codes_of(codes: Mapping[CropKey, Codes], key: str, part: ImagePart) -> Codes:
    return codes[key, part.crop_xyxy_px]


def _documents(documents: Folder, cut: ShardCut) -> Iterator[Document]:
    return cut.of(read_lines(documents, cut.entry, Document))
