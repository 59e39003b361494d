"""Places of pictures: the first that is there, loose or in the ledger, and the first of all where none is."""

from collections.abc import Callable
from typing import Any

from mmgic.schema.records import PictureRef
from mmgic.shards.folder import Folder
from mmgic.sources.places import LoosePictures, picture_at


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
