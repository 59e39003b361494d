"""Figures of records, added up one record, one shard and one folder at a time.

Sums do not mind the order, so the result is that of one worker whatever their number. Memory: a few counters, and one for each
label and licence that occurs (licences past `_MAX_LICENSES` are counted together).
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from mmgic.errors import InputError
from mmgic.schema.records import Record
from mmgic.schema.statistics import LabelStats, RecordStats, SourceStats
from mmgic.shards.folder import Folder
from mmgic.sources.tallies import num_boxes, tally

V = TypeVar("V")

STATS = "stats.json"
"""Name of the figures of a whole record folder."""

_MAX_LICENSES = 10_000
_OTHER_LICENSES = "(others)"
_STEPS = {"width_px": 32, "height_px": 32, "aspect_ratio_percent": 10, "caption_characters": 10}
_LAST = {"width_px": 16384, "height_px": 16384, "aspect_ratio_percent": 1000, "caption_characters": 10_000}
_LAST_OF_COUNTS = 1000


def add_record(stats: RecordStats, record: Record) -> None:
    """Adds a record of a shard."""
    source = stats.sources.setdefault(record.source, SourceStats())
    _add(source.counts, tally(record))
    _add(source.counts, {"pictures": 1})
    pairs = sum(bool(label.description) for label in record.labels)
    _bin(stats, "width_px", record.width_px)
    _bin(stats, "height_px", record.height_px)
    _bin(stats, "aspect_ratio_percent", 100 * record.width_px // record.height_px)
    _bin(stats, "boxes", num_boxes(record))
    _bin(stats, "regions", len(record.regions))
    _bin(stats, "labels", len(record.labels))
    _bin(stats, "pairs", pairs)
    _bin(stats, "captions", len(record.captions))
    for caption in record.captions:
        _bin(stats, "caption_words", len(caption.text.split()))
        _bin(stats, "caption_characters", len(caption.text))
        _add(stats.captions_by_origin, {caption.origin: 1})
    _add_licenses(stats, {record.license: 1})
    for label in record.labels:
        found = stats.labels.setdefault(label.id, LabelStats(label.name))
        found.records += 1
        found.is_described |= bool(label.description)
    for region in record.regions:
        stats.labels[region.label_id].regions += 1


def add_rejected(stats: RecordStats, source: str, cause: str, boxes: int, dropped: Mapping[str, int]) -> None:
    """Adds a picture that gave no record, with the boxes that were lost with it and what else was dropped before."""
    found = stats.sources.setdefault(source, SourceStats())
    lost = {"dropped.record_rejected": boxes} if boxes else {}
    lost.update({f"dropped_{what}": count for what, count in dropped.items()})
    _add(found.counts, {"pictures": 1, "rejected": 1, "boxes": boxes, **lost})
    _add(found.rejected, {cause: 1})


def merged(parts: Iterable[RecordStats]) -> RecordStats:
    """The figures of all parts, with every table in order of its keys."""
    total = RecordStats()
    for part in parts:
        for name, source in part.sources.items():
            found = total.sources.setdefault(name, SourceStats())
            _add(found.counts, source.counts)
            _add(found.rejected, source.rejected)
        for name, histogram in part.histograms.items():
            _add(total.histograms.setdefault(name, {}), histogram)
        _add_licenses(total, part.licenses)
        _add(total.captions_by_origin, part.captions_by_origin)
        for label_id, label in part.labels.items():
            known = total.labels.setdefault(label_id, LabelStats(label.name))
            known.records += label.records
            known.regions += label.regions
            known.is_described |= label.is_described
    return in_order(total)


def read_stats(records: Folder, name: str = STATS) -> RecordStats:
    """The figures that `normalize` left in a record folder.

    Raises:
        InputError: they are not there, or are none.
    """
    if not records.exists(name):
        raise InputError(f"no figures {name}", where=records.url, hint="`mmgic normalize` writes them")
    try:
        return msgspec.json.decode(records.read(name), type=RecordStats)
    except msgspec.MsgspecError as error:
        raise InputError(f"cannot read the figures: {error}", where=records.file(name)) from error


def in_order(stats: RecordStats) -> RecordStats:
    """The same figures with every table in order of its keys, so that equal figures are equal bytes."""
    sources = {name: SourceStats(_sorted(s.counts), _sorted(s.rejected)) for name, s in sorted(stats.sources.items())}
    return msgspec.structs.replace(
        stats,
        sources=sources,
        histograms={name: _sorted(histogram) for name, histogram in sorted(stats.histograms.items())},
        licenses=_sorted(stats.licenses),
        captions_by_origin=_sorted(stats.captions_by_origin),
        labels=_sorted(stats.labels),
    )


def _bin(stats: RecordStats, name: str, value: int) -> None:
    step = _STEPS.get(name, 1)
    edge = min(value // step * step, _LAST.get(name, _LAST_OF_COUNTS))
    histogram = stats.histograms.setdefault(name, {})
    histogram[edge] = histogram.get(edge, 0) + 1


def _add_licenses(stats: RecordStats, counts: dict[str, int]) -> None:
    for name, count in counts.items():
        is_known = name in stats.licenses or len(stats.licenses) < _MAX_LICENSES
        key = name if is_known else _OTHER_LICENSES
        stats.licenses[key] = stats.licenses.get(key, 0) + count


def _add(total: dict[Any, int], counts: Mapping[Any, int]) -> None:
    for key, count in counts.items():
        total[key] = total.get(key, 0) + count


def _sorted(table: dict[Any, V]) -> dict[Any, V]:
    return dict(sorted(table.items()))
