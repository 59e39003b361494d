"""The benchmark of `tokenize` runs on a few records of this checkout."""

import json
from pathlib import Path

import pytest

from benchmarks.tokenize import run


def test_a_small_run_gives_rates_and_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WORKERS", (1,))
    out = tmp_path / "result.json"
    folder = ["--folder", str(tmp_path / "work"), "--out", str(out)]
    assert run.main(["--records", "6", "--rounds", "1", "--set", "tokenize.visual.num_codes=4", *folder]) == 0
    result = json.loads(out.read_text())
    (checkout,) = result["checkouts"].values()
    assert [row["workers"] for row in checkout["best"]] == [1]
    assert all(row["records_per_second"] > 0 for row in checkout["best"])
    parts = checkout["profile"]["parts"]
    assert parts["decoding"]["seconds"] > 0 and parts["visual codes"]["seconds"] > 0
    assert 0 < parts["decoding"]["share"] < 1
