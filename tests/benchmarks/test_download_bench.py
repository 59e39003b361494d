"""The benchmark of downloads runs on a few URLs; without an environment of peers it says so."""

import json
from pathlib import Path

from benchmarks.download import run


def test_a_small_run_gives_rates(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    words = ["--urls", "60", "--rounds", "1", "--requests", "4", "--folder", str(tmp_path / "work"), "--out", str(out)]
    assert run.main([*words, "--peers", str(tmp_path / "no-python")]) == 0
    result = json.loads(out.read_text())
    assert [(row["hosts"], row["engine"], row["pictures"]) for row in result["rows"]] == [
        ("one host", "mmgic", 50),
        ("many hosts", "mmgic", 50),
    ]
    assert {goal["reached"] for goal in result["goals"]} == {None}
    assert any("no environment of peers" in note for note in result["notes"])
