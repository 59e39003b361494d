"""Data sets: one file each, from native files to raw records; `rules` turns those into records."""

from mmgic.sources.registry import SOURCES, Source, source_named

__all__ = ["SOURCES", "Source", "source_named"]
