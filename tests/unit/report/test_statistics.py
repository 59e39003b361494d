"""Figures in words: quantiles and means of histograms, one column a source, and the longest lists cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmgic.report.statistics import mean, quantile, stats_lines
from mmgic.schema.statistics import LabelStats, RecordStats, SourceStats


@given(values=st.lists(st.integers(0, 50), min_size=1), fraction=st.floats(0.01, 1))
def test_quantiles_and_means_are_those_of_the_values(values: list[int], fraction: float) -> None:
    edges, counts = np.unique(values, return_counts=True)
    histogram = dict(zip(edges.tolist(), counts.tolist(), strict=True))
    assert quantile(histogram, fraction) == int(np.quantile(values, fraction, method="inverted_cdf"))
    assert abs(mean(histogram) - np.mean(values)) < 1e-9


def test_nothing_has_no_quantile() -> None:
    assert (quantile({}, 0.5), mean({})) == (0, 0.0)


def test_a_table_with_a_column_a_source() -> None:
    counts = {"pictures": 3, "records": 2, "boxes": 9, "regions": 4, "dropped.crowd": 5}
    stats = RecordStats(
        sources={"a": SourceStats(counts, {"truncated": 1}), "b": SourceStats({"pictures": 1000, "records": 1000})},
        histograms={"boxes": {0: 1, 4: 3}},
        licenses={f"l{i:02d}": i for i in range(12)} | {"": 99},
        labels={"x": LabelStats("x", 1, 1, True), "y": LabelStats("y", 1)},
    )
    lines = list(stats_lines(stats))
    assert lines[0].split() == ["a", "b", "all"]
    assert lines[1].split() == ["pictures", "3", "1,000", "1,003"]
    assert [line.split() for line in lines if line.startswith("rejected.")] == [["rejected.truncated", "1", "0", "1"]]
    assert next(line for line in lines if line.startswith("boxes a record")).split()[3:] == ["3.0", "4", "4", "4"]
    assert "2 labels, 1 of them described" in lines
    assert lines[-1].split() == ["licence", "of", "3", "other", "kinds", "3"]
    assert any(line.split() == ["licence", "(not", "stated)", "99"] for line in lines)
