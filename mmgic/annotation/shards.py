"""A record shard to the same shard with captions. The work of one `mmgic caption` unit.

Models see the main crop, which is what documents show, decoded at their own size. Everything of a record but its captions stays
byte for byte. Memory: the models, one batch of pictures with their pixels, and at most `_MAX_HELD` records that wait for a
batch to fill.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from mmgic.annotation.candidates import usable_texts
from mmgic.annotation.captioner import Captioner, load_captioner
from mmgic.annotation.loading import device_of
from mmgic.annotation.ranker import Ranker, load_ranker
from mmgic.annotation.settings import CaptionSettings
from mmgic.images import MAX_PIXELS, PictureStatus, Reading, decode_crops
from mmgic.schema.records import Caption, Record
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import ShardCut
from mmgic.shards.records import read_record_shard, write_record_shard
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.sources.normalize import stats_name
from mmgic.sources.statistics import add_record, in_order

Pair = tuple[Record, bytes]

_MAX_HELD = 512


class Runtime(msgspec.Struct, frozen=True):
    """Where and how fast the models run; nothing of it shapes what they write. No `threads`: as many as there are cores."""

    captioner: Path
    ranker: Path
    device: str
    batch_size: int
    threads: int


class _Models(NamedTuple):
    captioner: Captioner
    ranker: Ranker


def write_captioned(
    cut: ShardCut, records: Folder, out: Folder, notes: UnitNotes, settings: CaptionSettings, runtime: Runtime
) -> UnitNote:
    """Writes the shard with captions into `out`, unless an earlier run did."""
    return notes.once(cut.entry.name, lambda: _written(cut, records, out, settings, runtime))


def _written(cut: ShardCut, records: Folder, out: Folder, settings: CaptionSettings, runtime: Runtime) -> UnitNote:
    stats = RecordStats()
    counts: Counter[str] = Counter()

    def captioned() -> Iterator[Pair]:
        for batch in _batches(cut.of(read_record_shard(records, cut.entry)), settings, runtime.batch_size):
            wanting = [pair for pair in batch if is_wanting(pair[0], settings)]
            found = iter(_captions(wanting, settings, runtime, counts) if wanting else [])
            for record, picture in batch:
                result = with_captions(record, next(found), counts) if is_wanting(record, settings) else record
                counts["records_kept"] += result is record and bool(record.captions)
                add_record(stats, result)
                yield result, picture

    entry = write_record_shard(out, cut.entry.name, cut.entry.split, captioned())
    out.write(stats_name(entry.name), msgspec.json.encode(in_order(stats)))
    return UnitNote([entry], [], {**stats.counts, **counts})


def is_wanting(record: Record, settings: CaptionSettings) -> bool:
    """Whether a caption is to be made for the record."""
    return not (settings.only_missing and record.captions)


def _batches(pairs: Iterable[Pair], settings: CaptionSettings, size: int) -> Iterator[list[Pair]]:
    """Runs of records with `size` among them that want a caption."""
    held: list[Pair] = []
    wanting = 0
    for pair in pairs:
        held.append(pair)
        wanting += is_wanting(pair[0], settings)
        if wanting == size or len(held) == _MAX_HELD:
            yield held
            held, wanting = [], 0
    if held:
        yield held


def _captions(
    pairs: list[Pair], settings: CaptionSettings, runtime: Runtime, counts: Counter[str]
) -> list[list[Caption] | PictureStatus]:
    """The best captions of each record, best first; a status where its picture cannot be decoded."""
    models = _models(runtime.captioner, runtime.ranker, settings, runtime.device, runtime.threads)
    images, found = main_crops(pairs, models.captioner.side_px, runtime.threads)
    seen = [number for number, status in enumerate(found) if status.has_pixels]
    pairs = [pairs[number] for number in seen]
    texts = []
    for candidates in models.captioner.candidates(images[seen], [record.key for record, _ in pairs]):
        usable, dropped = usable_texts(candidates)
        counts["candidates"] += len(candidates)
        counts.update({f"dropped_candidates.{cause}": count for cause, count in dropped.items()})
        texts.append(usable)
    images, _ = main_crops(pairs, models.ranker.side_px, runtime.threads)
    scores = models.ranker.scores(images, texts)
    best = [best_captions(*of_record, settings) for of_record in zip(texts, scores, strict=True)]
    return [best[seen.index(number)] if number in seen else status for number, status in enumerate(found)]


def best_captions(texts: list[str], scores: list[float], settings: CaptionSettings) -> list[Caption]:
    """The texts with the highest scores, best first; of equal ones the first that was made."""
    ranked = sorted(zip(texts, scores, strict=True), key=lambda item: -item[1])
    return [Caption(text, settings.origin, score) for text, score in ranked[: settings.keep]]


def main_crops(pairs: list[Pair], side_px: int, threads: int) -> tuple[NDArray[np.uint8], list[PictureStatus]]:
    """The main crops (B, side_px, side_px, 3) of the records, and what came of each."""
    # The records' pictures passed the limit of `normalize`, which may be above the library's own.
    limit = max([MAX_PIXELS, *(record.width_px * record.height_px for record, _ in pairs)])
    crops = [np.array([record.crop_xyxy_px], dtype=np.float64) for record, _ in pairs]
    images, statuses = decode_crops(
        [data for _, data in pairs], crops, side=side_px, reading=Reading(max_pixels=limit), threads=threads
    )
    return images, [PictureStatus(status) for status in statuses]


def with_captions(record: Record, found: list[Caption] | PictureStatus, counts: Counter[str]) -> Record:
    """The record with what was found after its own captions, counted; a text that it has already is not added again."""
    own = {caption.text for caption in record.captions}
    added = [] if isinstance(found, PictureStatus) else [caption for caption in found if caption.text not in own]
    if added:
        counts["records_captioned"] += 1
        counts["captions_made"] += len(added)
        return msgspec.structs.replace(record, captions=[*record.captions, *added])
    if not own:
        cause = found.name.lower() if isinstance(found, PictureStatus) else "no_candidate"
        counts[f"records_without_caption.{cause}"] += 1
    return record


@cache
def _models(captioner: Path, ranker: Path, settings: CaptionSettings, device: str, threads: int) -> _Models:
    """Both models, loaded once in a process."""
    if threads:
        torch.set_num_threads(threads)
    place = device_of(device)
    return _Models(
        load_captioner(captioner, settings, place), load_ranker(ranker, settings.precision, settings.side_px, place)
    )
