"""Places of files: searched without entering links; the first place where a picture is, loose or in the ledger."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder
from mmgic.sources.places import LoosePictures, files_anywhere, picture_at


def test_files_are_found_anywhere_and_links_to_folders_are_not_entered(
    local_set: Callable[[dict[str, Any]], Folder], tmp_path: Path
) -> None:
    origin = local_set({"b.tar": b"1", "a/c.tar": b"22", "a/d.txt": b""})
    root = Path(origin.path)
    (root / "e.tar").symlink_to("b.tar")
    (root / "loop.tar").symlink_to("loop.tar")
    (root / "gone.tar").symlink_to("nothing")
    os.mkfifo(root / "pipe.tar")
    found = ["a/c.tar", "b.tar", "e.tar"]
    assert files_anywhere(origin, lambda name: name.endswith(".tar")) == found
    (root / "a" / "up").symlink_to("..")
    assert files_anywhere(origin, lambda name: name.endswith(".tar"), refuse_linked=False) == found
    with pytest.raises(InputError, match="a folder that is a link is not searched") as caught:
        files_anywhere(origin, lambda name: name.endswith(".tar"))
    assert caught.value.where == str(root / "a" / "up")


def test_a_name_that_is_no_utf_8_is_named(
    local_set: Callable[[dict[str, Any]], Folder], fetched: Callable[..., Any]
) -> None:
    origin = local_set({"captions.tsv": "a.jpg\thello\n"})
    for name in (b"\xe9.jpg", b"\xe9.tar", b"\xe9.json"):
        (Path(origin.path) / os.fsdecode(name)).write_bytes(b"[]")
    with pytest.raises(InputError, match=r"not UTF-8: '\\udce9.tar'"):
        files_anywhere(origin, lambda name: name.endswith(".tar"))
    with pytest.raises(InputError, match=r"not UTF-8: '\\udce9.json'"):
        fetched("llava", origin)
    os.remove(os.fsencode(origin.path) + b"/\xe9.tar")
    assert [line.path for line in fetched("folder", origin).lines()] == ["folder/captions.tsv"]


def test_the_first_path_that_is_there(local_set: Callable[[dict[str, Any]], Folder]) -> None:
    pictures = LoosePictures(local_set({"b/1.jpg": b"1", "2.jpg": b"2", "c/2.jpg": b"2"}))
    assert pictures.path(["a/1.jpg", "b/1.jpg", "1.jpg"]) == "b/1.jpg"
    assert pictures.path(["a/2.jpg", "b/2.jpg", "2.jpg", "c/2.jpg"]) == "2.jpg"
    assert pictures.path(["a/3.jpg", "b/3.jpg", "3.jpg"]) == "a/3.jpg"


def test_the_first_path_that_the_ledger_has(
    local_set: Callable[[dict[str, Any]], Folder], fetched: Callable[..., Any], picture: Callable[..., bytes]
) -> None:
    data = picture()
    raw = fetched("folder", local_set({"captions.jsonl": '{"file": "a.png", "caption": "A."}\n', "a.png": data}))
    (line,) = (line for line in raw.lines() if line.shard)
    name = line.path.removeprefix("folder/")
    assert picture_at(raw, ["b.png", name, "c.png"]).num_bytes == len(data)
    assert picture_at(raw, ["b.png", "c.png"]) == PictureRef("folder/b.png")
