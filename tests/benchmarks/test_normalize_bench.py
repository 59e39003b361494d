"""The benchmark of `normalize` runs on a few scenes and a small file; peers that are not there are told."""

import json
from pathlib import Path

from benchmarks.normalize import run


def test_a_small_run_gives_rates_and_memory(tmp_path: Path) -> None:
    out, folder = tmp_path / "result.json", tmp_path / "work"
    words = ["--records", "20,40", "--json-bytes", "60000", "--peer-bytes", "30000", "--records-folder", str(folder)]
    assert run.main([*words, "--folder", str(folder), "--out", str(out), "--peers", str(tmp_path / "no-python")]) == 0
    result = json.loads(out.read_text())
    scenes = result["scenes"]
    assert [(row["records"], row["workers"]) for row in scenes] == [(20, 1), (20, 2), (40, 1), (40, 2)]
    assert all(row["records_per_second"] > 0 and row["peak_bytes"] > 2**20 for row in scenes)
    *small, large = result["json"]
    assert {row["reader"] for row in small} == {"mmgic", "pycocotools", "json_load"} and large["reader"] == "mmgic"
    assert {row["boxes"] for row in small} == {small[0]["boxes"]}
    assert 0 < small[0]["boxes"] < large["boxes"]
    assert {goal["work"]: goal["reached"] is not None for goal in result["goals"]}["memory"]
    assert any(note.startswith("datumaro failed") for note in result["notes"])
