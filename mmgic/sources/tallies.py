"""Counts of records, made from the records alone: so that shards that are cut, joined or read again count the same."""

from collections import Counter

from mmgic.schema.records import RawRecord, Record


def tally(record: Record) -> dict[str, int]:
    """What one record counts for: boxes = regions + every `dropped.<cause>`; captions, phrases and relations likewise."""
    counts = {
        "records": 1,
        "captions": len(record.captions),
        "labels": len(record.labels),
        "regions": len(record.regions),
        "boxes": num_boxes(record),
        "described_labels": sum(bool(label.description) for label in record.labels),
    }
    for box in record.dropped_boxes:
        cause = f"dropped.{box.cause}"
        counts[cause] = counts.get(cause, 0) + 1
    if record.phrases:
        counts["phrases"] = len(record.phrases)
    if record.relations:
        counts["relations"] = len(record.relations)
    for what, count in record.dropped.items():
        counts[f"dropped_{what}"] = count
    return counts


def dropped_with(image: RawRecord | Record) -> dict[str, int]:
    """What is dropped with a picture that gives no record, beside its boxes, and what was dropped of it before."""
    gone = gone_with_picture(caption=len(image.captions), phrase=len(image.phrases), relation=len(image.relations))
    return dict(sorted((Counter(image.dropped) + Counter(gone)).items()))


def gone_with_picture(**counts: int) -> dict[str, int]:
    """Concepts that nothing was wrong with but their picture, as `dropped` has them: `caption=2`."""
    return {f"{what}.record_rejected": count for what, count in counts.items() if count}


def num_boxes(record: Record) -> int:
    """Boxes that the source gave."""
    return len(record.regions) + len(record.dropped_boxes)
