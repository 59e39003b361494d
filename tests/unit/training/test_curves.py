from pathlib import Path

from mmgic.training.curves import COLUMNS, Curves, read_curves


def test_a_resumed_run_continues_from_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "curves.tsv"
    curves = Curves(path, resumed_at=0)
    for step in (10, 20, 30):
        curves.add(step, 1 / step, 1e-3, 0.5, step * 100, 1000.0)
    with path.open("a") as stream:
        stream.write("40\t0.0")  # a line that a kill cut
    resumed = Curves(path, resumed_at=20)
    resumed.add(30, 0.25, 1e-3, 0.5, 3000, 900.0)
    lines = read_curves(path)
    assert [line["step"] for line in lines] == [10, 20, 30]
    assert lines[-1] == dict(zip(COLUMNS, (30, 0.25, 1e-3, 0.5, 3000, 900.0), strict=True))


def test_a_new_run_starts_empty(tmp_path: Path) -> None:
    path = tmp_path / "curves.tsv"
    Curves(path, resumed_at=0).add(1, 1.0, 1.0, 1.0, 1, 1.0)
    Curves(path, resumed_at=0)
    assert read_curves(path) == []
