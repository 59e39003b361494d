"""Bodies in memory and in files, and what an earlier process left of one."""

from pathlib import Path

import pytest

from mmgic.download.bodies import FileBody, MemoryBody, name_whole_file

_URL = "http://h/f"


def test_a_body_in_memory() -> None:
    body = MemoryBody()
    assert (body.data, body.num_bytes) == (b"", 0)
    body.begin('"a"')
    body.write(b"12")
    body.write(b"345")
    assert (body.data, body.num_bytes, body.validator) == (b"12345", 5, '"a"')
    body.begin("")
    assert (body.data, body.num_bytes, body.validator) == (b"", 0, "")


def test_a_file_is_taken_up_where_it_broke_off(tmp_path: Path) -> None:
    with FileBody(tmp_path / "deep" / "f.zip", _URL) as body:
        body.begin('"a"')
        body.write(b"12345")
    with FileBody(tmp_path / "deep" / "f.zip", _URL) as body:
        assert (body.num_bytes, body.validator) == (5, '"a"')
        body.write(b"678")
    assert name_whole_file(tmp_path / "deep" / "f.zip") and name_whole_file(tmp_path / "deep" / "f.zip")
    assert (tmp_path / "deep" / "f.zip").read_bytes() == b"12345678"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["f.zip"]
    assert not name_whole_file(tmp_path / "f.zip")


@pytest.mark.parametrize("left", ["other url", "no validator", "no note", "broken note"])
def test_what_cannot_be_continued_starts_anew(tmp_path: Path, left: str) -> None:
    with FileBody(tmp_path / "f", _URL if left != "other url" else "http://h/g") as body:
        body.begin("" if left == "no validator" else '"a"')
        body.write(b"12345")
    note = tmp_path / "f.part.json"
    if left == "no note":
        note.unlink()
    if left == "broken note":
        note.write_bytes(note.read_bytes()[:-3])
    with FileBody(tmp_path / "f", _URL) as body:
        assert (body.num_bytes, body.validator) == (0, "")
    assert (tmp_path / "f.part").read_bytes() == b""
