"""Raw records to one record shard: reads the pictures, checks them, applies the rules. The work of one `normalize` unit.

Captions of the web are filtered first: a picture of which nothing is left is not read. Pictures are probed and, to be sure that
later stages can read them, decoded once in a batch, to the squares that perceptual hashes are made of; their bytes are kept as
they came. Memory is `_BATCH` pictures and their pixels. Fingerprints, for `mmgic.sources.cleaning`, go into a file beside;
those of pictures of benchmarks (on the exclusion list) into another: they give no record, and neither do their copies.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from mmgic.duplicates.exclusions import ExclusionList
from mmgic.duplicates.fingerprints import UnitFingerprints
from mmgic.duplicates.hashes import hex_from_hash, perceptual_hashes, small_pictures
from mmgic.duplicates.in_benchmarks import InBenchmark, excluded_name, in_words, write_in_benchmarks
from mmgic.errors import InputError
from mmgic.images import PictureHeader, PictureStatus, Reading
from mmgic.schema.manifests import Rejection
from mmgic.schema.params import NormalizeParams
from mmgic.schema.records import LostImage, PictureRef, RawRecord, Record
from mmgic.schema.statistics import RecordStats
from mmgic.shards.folder import Folder
from mmgic.shards.records import write_record_shard
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.sources.captions import filtered
from mmgic.sources.descriptions import Descriptions
from mmgic.sources.rules import is_of_other_size, records_from_raw
from mmgic.sources.statistics import add_record, add_rejected, merged
from mmgic.sources.tallies import dropped_with

NOTICED = "pictures_with_"
"""How the names of counts begin that are of all pictures that were read, whatever became of them."""

_BATCH = 64


class _Picture(NamedTuple):
    header: PictureHeader
    data: bytes
    blake3: str
    warned: bool
    perceptual_hash: str


class RecordUnit(msgspec.Struct, frozen=True):
    """The images of one shard to be, in order. It goes to a worker as MessagePack: pickle takes five times as long."""

    name: str
    split: str
    images: list[RawRecord | LostImage]

    def __reduce__(self) -> tuple[Any, ...]:
        """How it is pickled."""
        try:
            return _unit_from_bytes, (msgspec.msgpack.encode(self),)
        except (OverflowError, UnicodeEncodeError):  # annotations may hold what MessagePack cannot
            return RecordUnit, (self.name, self.split, self.images)


def _unit_from_bytes(data: bytes) -> RecordUnit:
    return msgspec.msgpack.decode(data, type=RecordUnit)


def write_records(
    unit: RecordUnit,
    raw: Folder,
    out: Folder,
    drafts: Folder,
    notes: UnitNotes,
    params: NormalizeParams,
    descriptions: Descriptions,
    exclusions: ExclusionList | None,
    threads: int,
) -> UnitNote:
    """Writes the shard of a unit into `out`, unless an earlier run did; all ends as a record or as a rejection.

    Its fingerprints and the figures of what was rejected go into `drafts`.
    """
    return notes.once(unit.name, lambda: _written(unit, raw, out, drafts, params, descriptions, exclusions, threads))


def _written(
    unit: RecordUnit,
    raw: Folder,
    out: Folder,
    drafts: Folder,
    params: NormalizeParams,
    descriptions: Descriptions,
    exclusions: ExclusionList | None,
    threads: int,
) -> UnitNote:
    rejections: list[Rejection] = []
    noticed: Counter[str] = Counter()
    stats, rejected = RecordStats(), RecordStats()
    fingerprints, of_excluded = UnitFingerprints(), UnitFingerprints()
    excluded: list[InBenchmark] = []

    def reject(rejection: Rejection, source: str, boxes: int, dropped: dict[str, int]) -> None:
        rejections.append(rejection)
        add_rejected(rejected, source, rejection.cause, boxes, dropped)

    def records() -> Iterator[tuple[Record, bytes]]:
        pending = (filtered(image, params.captions) for image in unit.images)
        while batch := list(islice(pending, _BATCH)):
            raw_records = [image for image in batch if isinstance(image, RawRecord)]
            checked = _checked(raw_records, raw, params, threads)
            results = iter(zip(checked, _records(raw_records, checked, params, descriptions), strict=True))
            for image in batch:
                if isinstance(image, LostImage):
                    lost = Rejection(image.key, image.cause, image.detail)
                    reject(lost, image.source, image.num_boxes, image.dropped)
                    continue
                found, result = next(results)
                if isinstance(found, _Picture):
                    seen_in_it = {
                        "warnings": found.warned,
                        "icc_profile": found.header.has_icc,
                        "other_size": is_of_other_size(image, found.header),
                    }
                    noticed.update(f"{NOTICED}{name}" for name, is_so in seen_in_it.items() if is_so)
                if isinstance(result, Record) and exclusions and (matches := exclusions.matches(result)):
                    excluded.append(InBenchmark(result.key, result.source, matches))
                    if excluded[-1].is_sure:
                        of_excluded.add(result)
                    result = Rejection(result.key, "in_benchmark", in_words(matches))
                if isinstance(result, Rejection):
                    reject(result, image.source, len(image.boxes), dropped_with(image))
                elif isinstance(found, _Picture):
                    add_record(stats, result)
                    fingerprints.add(result)
                    yield result, found.data

    entry = write_record_shard(out, unit.name, unit.split, records())
    if not entry.count:
        out.remove(unit.name)
    together = merged([stats, rejected])
    out.write(stats_name(unit.name), msgspec.json.encode(together))
    drafts.write(rejected_stats_name(unit.name), msgspec.json.encode(rejected))
    fingerprints.write(drafts, unit.name)
    if excluded:
        of_excluded.write(drafts, excluded_name(unit.name))
        write_in_benchmarks(drafts, excluded_name(unit.name), excluded)
    return UnitNote([entry] if entry.count else [], rejections, {**together.counts, **noticed})


def stats_name(shard: str) -> str:
    """The file with the figures of a shard."""
    return f"stats/{shard.removesuffix('.tar')}.json"


def rejected_stats_name(shard: str) -> str:
    """The draft with the figures of what a shard's unit rejected."""
    return f"{shard}.rejected.json"


def _records(
    raw_records: list[RawRecord],
    checked: list[_Picture | Rejection],
    params: NormalizeParams,
    descriptions: Descriptions,
) -> list[Record | Rejection]:
    """The records of the pictures that were read, with all that their rules ask for."""
    pairs = [(raw, found) for raw, found in zip(raw_records, checked, strict=True) if isinstance(found, _Picture)]
    made = iter(records_from_raw([raw for raw, _ in pairs], [found.header for _, found in pairs], params))
    results: list[Record | Rejection] = []
    for found in checked:
        result = found if isinstance(found, Rejection) else next(made)
        if isinstance(result, Record) and isinstance(found, _Picture):
            labels = [descriptions(label) for label in result.labels]
            result = msgspec.structs.replace(
                result, blake3=found.blake3, perceptual_hash=found.perceptual_hash, labels=labels
            )
        results.append(result)
    return results


def _checked(batch: list[RawRecord], raw: Folder, params: NormalizeParams, threads: int) -> list[_Picture | Rejection]:
    """Header and bytes of each picture, or why it cannot be used."""
    reading = Reading(max_pixels=params.max_pixels, warnings=params.warnings)
    loaded = [_loaded(record, raw) for record in batch]
    pictures = [b"" if isinstance(found, Rejection) else found[0] for found in loaded]
    small = small_pictures(pictures, reading=reading, threads=threads)
    results: list[_Picture | Rejection] = []
    for record, stored, header, status, pixels in zip(
        batch, loaded, small.headers, small.statuses, _hashes(small.pixels, params), strict=True
    ):
        if isinstance(stored, Rejection):
            results.append(stored)
        elif not status.has_pixels:
            results.append(Rejection(record.key, status.name.lower(), f"{record.picture.path}, {len(stored[0])} bytes"))
        else:
            results.append(_Picture(header, *stored, status == PictureStatus.WARNED, pixels))
    return results


def _hashes(squares: NDArray[np.uint8], params: NormalizeParams) -> list[str]:
    """A perceptual hash of each square, empty ones where none is asked for."""
    is_compared_with_list = bool(params.exclusions) and params.duplicates.exclusion_distance >= 0
    if params.duplicates.near_distance < 0 and not is_compared_with_list:
        return [""] * len(squares)
    return [hex_from_hash(*pair) for pair in zip(*perceptual_hashes(squares), strict=True)]


def _loaded(record: RawRecord, raw: Folder) -> tuple[bytes, str] | Rejection:
    """The stored bytes and their BLAKE3."""
    missing = Rejection(record.key, "missing_picture", record.picture.path)
    if not record.picture.num_bytes and not record.picture.blake3:
        return missing  # not in the ledger: whatever lies there was not fetched
    try:
        data = _picture_bytes(record.picture, raw)
    except InputError:
        return missing
    found = blake3(data).hexdigest()
    if record.picture.blake3 and found != record.picture.blake3:
        return Rejection(record.key, "changed_picture", f"BLAKE3 {found} found, {record.picture.blake3} in the ledger")
    return data, found


def _picture_bytes(picture: PictureRef, raw: Folder) -> bytes:
    if not picture.num_bytes:
        return raw.read(picture.path)
    return raw.stretch(picture.path, picture.offset, picture.num_bytes)
