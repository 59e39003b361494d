"""Figures of records: they add up however the records are shared out, and tables stay bounded."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmgic.schema.records import Caption, DroppedBox, Label, Record, Region
from mmgic.schema.statistics import RecordStats
from mmgic.sources.statistics import add_record, add_rejected, in_order, merged

_BOX = (1.0, 1.0, 9.0, 9.0)


def _stats(records: list[Record], lost: list[tuple[str, str, int]] | None = None) -> RecordStats:
    made = RecordStats()
    for record in records:
        add_record(made, record)
    for each in lost or []:
        add_rejected(made, *each, {})
    return in_order(made)


def _some(record: Callable[..., Record], count: int) -> list[Record]:
    random = np.random.default_rng(4)
    made = []
    for number in range(count):
        labels = [Label(f"toy:{i}", f"n{i}", "Told." * (i % 2)) for i in range(random.integers(1, 5))]
        fields: dict[str, Any] = {
            "source": ["a", "b"][number % 2],
            "width_px": int(random.integers(1, 3000)),
            "height_px": int(random.integers(1, 3000)),
            "labels": labels,
            "regions": [Region("toy:0", _BOX, _BOX)] * int(random.integers(0, 4)),
            "dropped_boxes": [DroppedBox("toy:9", _BOX, "crowd")] * int(random.integers(0, 3)),
            "captions": [Caption("word " * int(random.integers(1, 40)), "a")] * int(random.integers(0, 6)),
            "license": f"L{number % 3}",
        }
        made.append(record(f"k{number}", **fields))
    return made


def test_figures_of_one_record(record: Callable[..., Record]) -> None:
    found = _stats([record(dropped_boxes=[DroppedBox("toy:1", _BOX, "crowd")])], [("toy", "truncated", 3)])
    assert found.sources["toy"].counts == {
        "boxes": 5,
        "captions": 1,
        "described_labels": 1,
        "dropped.crowd": 1,
        "dropped.record_rejected": 3,
        "labels": 2,
        "pictures": 2,
        "records": 1,
        "regions": 1,
        "rejected": 1,
    }
    assert found.sources["toy"].rejected == {"truncated": 1}
    assert found.histograms["width_px"] == found.histograms["height_px"] == {32: 1}
    assert found.histograms["aspect_ratio_percent"] == {150: 1}
    assert (found.histograms["boxes"], found.histograms["pairs"]) == ({2: 1}, {1: 1})
    assert (found.histograms["caption_words"], found.histograms["caption_characters"]) == ({6: 1}, {20: 1})
    assert [(label.records, label.regions, label.is_described) for label in found.labels.values()] == [
        (1, 1, True),
        (1, 0, False),
    ]
    assert (found.licenses, found.captions_by_origin) == ({"": 1}, {"toy": 1})


@given(cuts=st.lists(st.integers(0, 60), max_size=5))
def test_shards_add_up_to_the_whole(record: Callable[..., Record], cuts: list[int]) -> None:
    records = _some(record, 60)
    edges = [0, *sorted(cuts), 60]
    parts = [_stats(records[a:b]) for a, b in zip(edges, edges[1:], strict=False)]
    whole = msgspec.json.encode(_stats(records))
    assert msgspec.json.encode(merged(parts)) == whole
    assert merged([msgspec.json.decode(whole, type=RecordStats)]) == _stats(records)


def test_counts_add_up_for_every_source(record: Callable[..., Record]) -> None:
    found = _stats(_some(record, 50), [("a", "truncated", 7), ("c", "missing_picture", 0)])
    for source in found.sources.values():
        dropped = sum(count for name, count in source.counts.items() if name.startswith("dropped."))
        assert source.counts["boxes"] == source.counts.get("regions", 0) + dropped
        assert source.counts["pictures"] == source.counts.get("records", 0) + source.counts.get("rejected", 0)
    assert found.counts["pictures"] == 52


def test_licences_of_the_web_do_not_fill_the_memory(record: Callable[..., Record]) -> None:
    found = _stats([record(f"k{i}", license=f"by {i}") for i in range(10_050)])
    assert (len(found.licenses), found.licenses["(others)"]) == (10_001, 50)


def test_extreme_values_fall_into_the_last_bin(record: Callable[..., Record]) -> None:
    found = _stats([record(width_px=100_000, height_px=1, captions=[Caption("x " * 9000, "a")])])
    assert found.histograms["width_px"] == {16384: 1}
    assert found.histograms["aspect_ratio_percent"] == {1000: 1}
    assert (found.histograms["caption_words"], found.histograms["caption_characters"]) == ({1000: 1}, {10_000: 1})
