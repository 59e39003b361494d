"""The figures of a record folder as lines of text."""

from collections.abc import Iterator

from mmgic.schema.statistics import Histogram, RecordStats

_SHOWN_LICENSES = 10
_TITLES = {
    "width_px": "width in pixels",
    "height_px": "height in pixels",
    "aspect_ratio_percent": "width / height, per cent",
    "boxes": "boxes a record",
    "regions": "regions a record",
    "labels": "labels a record",
    "pairs": "label-description pairs a record",
    "captions": "captions a record",
    "caption_words": "words a caption",
    "caption_characters": "characters a caption",
}


def stats_lines(stats: RecordStats) -> Iterator[str]:
    """Counts by source, distributions, licences and the origin of captions."""
    yield from _sources(stats)
    yield ""
    yield f"{'':<34}{'mean':>10}{'median':>10}{'95 %':>10}{'largest':>10}"
    for name, title in _TITLES.items():
        histogram = stats.histograms.get(name, {})
        if histogram:
            values = f"{quantile(histogram, 0.5):>10,}{quantile(histogram, 0.95):>10,}{max(histogram):>10,}"
            yield f"{title:<34}{mean(histogram):>10,.1f}{values}"
    described = sum(label.is_described for label in stats.labels.values())
    yield ""
    yield f"{len(stats.labels):,} labels, {described:,} of them described"
    yield from _most("captions from", stats.captions_by_origin)
    yield from _most("licence", stats.licenses)


def quantile(histogram: Histogram, fraction: float) -> int:
    """The lower edge of the bin in which the given fraction of all is reached; 0 of an empty histogram."""
    wanted = fraction * sum(histogram.values())
    reached = 0
    for edge, count in sorted(histogram.items()):
        reached += count
        if reached >= wanted:
            return edge
    return 0


def mean(histogram: Histogram) -> float:
    """The mean of the bins' lower edges; exact where a bin is one number."""
    total = sum(histogram.values())
    return sum(edge * count for edge, count in histogram.items()) / total if total else 0.0


def _sources(stats: RecordStats) -> Iterator[str]:
    """A column a source, a row a count."""
    names = [*stats.sources]
    columns = [stats.sources[name].counts for name in names]
    if len(names) > 1:
        names, columns = [*names, "all"], [*columns, stats.counts]
    width = max([14, *(len(name) + 2 for name in names)])
    yield f"{'':<34}" + "".join(f"{name:>{width}}" for name in names)
    for count in sorted({key for column in columns for key in column}, key=_rank):
        yield f"{count:<34}" + "".join(f"{column.get(count, 0):>{width},}" for column in columns)
    for cause in sorted({cause for source in stats.sources.values() for cause in source.rejected}):
        values = [stats.sources[name].rejected.get(cause, 0) for name in stats.sources]
        values = [*values, sum(values)] if len(values) > 1 else values
        yield f"{'rejected.' + cause:<34}" + "".join(f"{value:>{width},}" for value in values)


def _rank(count: str) -> tuple[int, str]:
    first = ("pictures", "records", "rejected", "boxes", "regions")
    return (first.index(count) if count in first else len(first), count)


def _most(what: str, counts: dict[str, int]) -> Iterator[str]:
    """The most frequent ones."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for name, count in ranked[:_SHOWN_LICENSES]:
        yield f"  {what + ' ' + (name or '(not stated)'):<60}{count:>14,}"
    if len(ranked) > _SHOWN_LICENSES:
        rest = sum(count for _, count in ranked[_SHOWN_LICENSES:])
        yield f"  {what + ' of ' + format(len(ranked) - _SHOWN_LICENSES, ',') + ' other kinds':<60}{rest:>14,}"
