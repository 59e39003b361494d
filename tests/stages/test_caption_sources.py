"""Caption sources through the commands: broken input is counted, names the place, and stops the stage past the limit."""

import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _png(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (number * 7 % 256, 90, 10)).save(stream, "PNG")
    return stream.getvalue()


def _tar(start: int, count: int) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for number in range(start, start + count):
            texts = {
                "txt": f"picture {number} of a row".encode(),
                "json": json.dumps({"width": 40, "height": 30}).encode(),
            }
            for ending, data in {"png": _png(number), **texts}.items():
                info = tarfile.TarInfo(f"{number:09d}.{ending}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three tars of ten samples; the second is cut in its seventh."""
    place = tmp_path_factory.mktemp("tars")
    for number in range(3):
        data = _tar(10 * number, 10)
        cut = data.index(b"000000016.png") + 600 if number == 1 else len(data)
        (place / f"{number:05d}.tar").write_bytes(data[:cut])
    return place


def test_one_broken_tar_is_counted_and_stops_past_the_limit(run: Run, tars: Path, tmp_path: Path) -> None:
    run("fetch", "--source", "webdataset", "--in", tars, "--out", tmp_path / "raw")
    words = ("--in", tmp_path / "raw", "--out", tmp_path / "records")
    done = run("normalize", *words, code=6)
    assert "broken_archive 1" in done.stderr
    run("normalize", *words, values=["normalize.max_bad_fraction=0.1"])
    counts = read_manifest(Folder(str(tmp_path / "records")), "records").counts
    rejected = (tmp_path / "records" / "rejected.jsonl").read_text()
    assert json.loads(rejected)["detail"].startswith("webdataset/00001.tar, byte ")
    assert (counts["pictures"], counts["records"], counts["captions"]) == (27, 26, 26)
    assert counts["rejected.broken_archive"] == 1


def test_output_does_not_depend_on_the_number_of_workers(
    run: Run, tars: Path, tmp_path: Path, contents: Callable[[Path], dict[str, str]]
) -> None:
    run("fetch", "--source", "webdataset", "--in", tars, "--out", tmp_path / "raw")
    values = ["normalize.max_bad_fraction=0.1", "normalize.records_per_shard=4"]
    for workers in (1, 2):
        out = tmp_path / f"records-{workers}"
        run("normalize", "--in", tmp_path / "raw", "--out", out, values=values, workers=workers)
    assert contents(tmp_path / "records-1") == contents(tmp_path / "records-2")


def test_a_table_that_is_cut_stops_fetch_with_its_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "part-0.parquet").write_bytes(b"PAR1 and no more")
    done = run("fetch", "--source", "laion", "--in", tmp_path / "set", "--out", tmp_path / "raw", code=3)
    assert "cannot read the Parquet file" in done.stderr and "set/part-0.parquet" in done.stderr
    assert not (tmp_path / "raw").exists()


def test_rows_without_pictures_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "val.tsv").write_bytes(
        b"one dog\tfile:///etc/passwd\nragged\n\xff\thttp://a/1.jpg\ntwo\thttp://a/2.jpg\n"
    )
    run("fetch", "--source", "cc3m", "--in", tmp_path / "set", "--out", tmp_path / "raw")
    values = ["normalize.max_bad_fraction=1.0"]
    run("normalize", "--in", tmp_path / "raw", "--out", tmp_path / "records", values=values)
    counts = read_manifest(Folder(str(tmp_path / "records")), "records").counts
    assert {key: count for key, count in counts.items() if key.startswith("rejected.")} == {
        "rejected.bad_url": 1,
        "rejected.not_downloaded": 1,
        "rejected.not_utf8": 1,
        "rejected.ragged_row": 1,
    }
