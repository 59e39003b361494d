"""What a record folder holds in figures: `stats/<shard>.json` for each shard and `stats.json` for all."""

import msgspec

Histogram = dict[int, int]
"""Number of records (or texts) by the lower edge of a bin."""


class LabelStats(msgspec.Struct, forbid_unknown_fields=True):
    """How often a label occurs: in `records`, as `regions`; whether it has a description."""

    name: str
    records: int = 0
    regions: int = 0
    is_described: bool = False


class SourceStats(msgspec.Struct, forbid_unknown_fields=True):
    """Counts of one source, as `normalize` has them in its manifest: pictures = records + rejected, boxes = regions + every
    `dropped.<cause>`; with every `dropped_caption.<cause>`, `captions` are all that the source has. `rejected` are the pictures
    that gave no record, by cause."""

    counts: dict[str, int] = {}
    rejected: dict[str, int] = {}


class RecordStats(msgspec.Struct, forbid_unknown_fields=True):
    """Figures of a shard or a folder of records.

    `pairs` are labels with a description, one for each label of a record. Histograms: `width_px` and `height_px` in steps of
    32, `aspect_ratio_percent` (width / height) in steps of 10, `boxes`, `regions`, `labels`, `pairs` and `captions` of a
    record, `caption_words` (parts between spaces) and `caption_characters` (in steps of 10) of a caption; the last bin of each
    is open.
    """

    sources: dict[str, SourceStats] = {}
    histograms: dict[str, Histogram] = {}
    licenses: dict[str, int] = {}
    captions_by_origin: dict[str, int] = {}
    labels: dict[str, LabelStats] = {}

    @property
    def counts(self) -> dict[str, int]:
        """The counts of all sources together."""
        total: dict[str, int] = {}
        for source in self.sources.values():
            for name, count in source.counts.items():
                total[name] = total.get(name, 0) + count
        return dict(sorted(total.items()))
