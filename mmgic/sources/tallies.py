"""Counts of records, made from the records alone: so that shards that are cut, joined or read again count the same."""

from collections import Counter

from mmgic.schema.records import Record


def tally(record: Record) -> Counter[str]:
    """What one record counts for: boxes = regions + every `dropped.<cause>`; captions, phrases and relations likewise."""
    counts: Counter[str] = Counter(
        records=1,
        captions=len(record.captions),
        labels=len(record.labels),
        regions=len(record.regions),
        boxes=num_boxes(record),
        described_labels=sum(bool(label.description) for label in record.labels),
    )
    counts.update(f"dropped.{dropped.cause}" for dropped in record.dropped_boxes)
    if record.phrases:
        counts["phrases"] = len(record.phrases)
    if record.relations:
        counts["relations"] = len(record.relations)
    counts.update({f"dropped_{what}": count for what, count in record.dropped.items()})
    return counts


def num_boxes(record: Record) -> int:
    """Boxes that the source gave."""
    return len(record.regions) + len(record.dropped_boxes)
