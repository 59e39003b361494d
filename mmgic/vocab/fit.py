"""Fits the joint vocabulary: BPE on the documents' text, codebook on a sample of the records' training pictures.

Both samples take every n-th item of the training split, so that they depend on neither workers nor recipe (the pictures) and
memory is that of the sample. Cost: one pass over documents and records.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from mmgic.errors import InputError
from mmgic.images import PictureStatus
from mmgic.schema.documents import Document, TextPart
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.params import TextTokenizerParams, VisualTokenizerParams
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import ShardCut
from mmgic.shards.records import read_record_shard
from mmgic.vocab.codes import decoded_crops
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.patches import PatchTokenizer, fit_patches
from mmgic.vocab.text import fit_text_tokenizer

TRAIN = "train"


def fit_vocabulary(
    documents: Folder,
    cuts: Sequence[ShardCut],
    records: Folder,
    shards: Sequence[ShardEntry],
    text: TextTokenizerParams,
    visual: VisualTokenizerParams,
    seed: int,
    threads: int,
) -> Vocabulary:
    """The vocabulary of a set of documents and the records that they were made from.

    Raises:
        InputError: there is no training document or picture to fit on.
    """
    tokenizer = fit_text_tokenizer(_texts(documents, cuts, text.fit_documents), text.vocabulary_size)
    return Vocabulary(tokenizer, fit_visual(records, shards, visual, seed, threads))


def fit_visual(
    records: Folder, shards: Sequence[ShardEntry], params: VisualTokenizerParams, seed: int, threads: int
) -> PatchTokenizer:
    """The codebook, fitted on main crops and regions of the sample.

    Raises:
        InputError: no picture of the training split can be decoded.
    """
    train = [shard for shard in shards if shard.split == TRAIN]
    step = max(1, -(-sum(shard.count for shard in train) // params.fit_pictures))
    crops: dict[str, list[tuple[float, float, float, float]]] = {}

    def sampled() -> Iterator[tuple[Record, bytes]]:
        number = 0
        for shard in train:
            if not any((number + k) % step == 0 for k in range(min(step, shard.count))):
                number += shard.count
                continue
            for record, data in read_record_shard(records, shard):
                if number % step == 0:
                    crops[record.key] = [record.crop_xyxy_px, *(region.crop_xyxy_px for region in record.regions)]
                    yield record, data
                number += 1

    batches = [
        images[[PictureStatus(status).has_pixels for status in statuses]]
        for _, images, statuses in decoded_crops(sampled(), crops, params.side_px, params.decode, threads)
    ]
    if not sum(map(len, batches)):
        raise InputError(f"no picture of split {TRAIN} to fit the visual tokenizer on", where=records.url)
    return fit_patches(
        np.concatenate(batches),
        patch_px=params.patch_px,
        num_codes=params.num_codes,
        decode=params.decode,
        seed=seed,
    )


def _texts(documents: Folder, cuts: Sequence[ShardCut], limit: int) -> Iterator[str]:
    train = [cut for cut in cuts if cut.entry.split == TRAIN]
    step = max(1, -(-sum(cut.count for cut in train) // limit))
    number = 0
    for cut in train:
        for document in cut.of(read_lines(documents, cut.entry, Document)):
            if number % step == 0:
                yield from (part.text for part in document.parts if isinstance(part, TextPart))
            number += 1
    if not number:
        splits = ", ".join(sorted({cut.entry.split for cut in cuts})) or "none"
        raise InputError(
            f"no document of split {TRAIN} to fit the text tokenizer on",
            where=documents.url,
            hint=f"splits here: {splits}",
        )
