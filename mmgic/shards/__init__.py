"""Shard folders on disk or behind an fsspec URL: the only place that reads and writes them."""
