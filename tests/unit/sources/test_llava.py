"""Conversations: captions from single turns, entries put together by picture, and what is no caption by name."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import llava, source_named
from mmgic.sources.raw import RawFolder

Images = Sequence[RawRecord | LostImage]
Picture = Callable[..., bytes]


def _entry(image: object, *turns: tuple[str, str], **fields: object) -> dict[str, object]:
    return {
        "id": "x",
        "image": image,
        "conversations": [{"from": who, "value": value} for who, value in turns],
        **fields,
    }


ASK = ("human", "<image>\nRender a clear and concise summary of the photo.")


def _said(text: str) -> tuple[str, str]:
    return "gpt", text


ENTRIES: list[Any] = [
    _entry("b/2.jpg", ASK, _said("two\nlines <image>")),
    _entry(
        "coco/train2017/000000000009.jpg", ("human", "What do you see happening in this image?\n<image>"), _said("nine")
    ),
    _entry("b/2.jpg", ASK, _said("again")),
    _entry("b/2.jpg", ASK, _said("a"), ("human", "And?"), _said("b")),
    _entry("turns.jpg", ASK, _said("a"), ("human", "And?"), _said("b")),
    _entry("swapped.jpg", _said("a"), ASK),
    _entry("asked.jpg", ("human", "<image>\nWhat colour is the bus?"), _said("red")),
    _entry(["1.jpg", "2.jpg"], ASK, _said("two pictures")),
    _entry(None, ASK, _said("no picture")),
    _entry("../../etc/passwd", ASK, _said("outside")),
    {"id": 5, "image": "c.jpg", "captions": ["one", "two", "one"], "instances": [{"category": "dog"}, {}]},
    {"id": 6, "image": 7},
    "no entry",
]


@pytest.fixture
def origin(tmp_path: Path, picture: Picture) -> Folder:
    made = Folder(str(tmp_path / "llava"))
    made.write("b/2.jpg", picture(format="JPEG"))
    made.write("c.jpg", picture(format="JPEG"))
    made.write("b/notes.json", b"not ours")
    return made


def _lines(entries: list[Any]) -> bytes:
    return "\n".join(json.dumps(entry) for entry in entries).encode()


@pytest.mark.parametrize("name", ["chat.json", "chat.jsonl"])
def test_captions_and_what_is_none(origin: Folder, raw_records: Callable[..., Images], name: str) -> None:
    origin.write(name, json.dumps(ENTRIES).encode() if name == "chat.json" else _lines(ENTRIES))
    images = raw_records("llava", origin)
    lost = [(image.cause, image.detail) for image in images if isinstance(image, LostImage)]
    assert [(cause, detail.partition(":")[0]) for cause, detail in lost] == [
        ("several_pictures", f"{name}, entry 7"),
        ("no_picture", f"{name}, entry 8"),
        ("wrong_type", f"{name}, entry 11"),
        ("wrong_type", f"{name}, entry 12"),
        ("unsafe_name", "../../etc/passwd"),
        ("other_prompt", "asked.jpg"),
        ("several_turns", "swapped.jpg"),
        ("several_turns", "turns.jpg"),
    ]
    assert {image.cause: image.dropped for image in images if isinstance(image, LostImage)}["unsafe_name"] == {
        "caption.record_rejected": 1
    }
    two, c, nine = (image for image in images if isinstance(image, RawRecord))
    assert [caption.text for caption in two.captions] == ["two lines", "again"]
    assert two.dropped == {"caption.several_turns": 1} and bool(two.picture.blake3)
    assert ([caption.text for caption in c.captions], c.dropped) == (["one", "two"], {"instance.ignored": 2})
    assert (nine.ids, nine.captions[0].origin, nine.picture.blake3) == ({"coco": "9"}, "llava", "")


def test_numbers_that_are_none_and_urls_of_a_second_file(origin: Folder, raw_records: Callable[..., Images]) -> None:
    entry = json.dumps(_entry("c.jpg", ASK, _said("one"))).replace('"id": "x"', '"id": "x", "score": NaN')
    origin.write("a.json", f"[{entry}]".encode())
    url = "http://static.flickr.com/1/77_ab.jpg"
    origin.write("a_meta.json", json.dumps([{"id": "x", "image": "c.jpg", "blip_caption": "one", "url": url}]).encode())
    (image,) = raw_records("llava", origin)
    assert isinstance(image, RawRecord)
    assert ([c.text for c in image.captions], image.origin, image.ids) == (["one"], url, {"flickr": "77"})


def test_pictures_may_lie_in_an_archive(tmp_path: Path, fetched: Callable[..., RawFolder], picture: Picture) -> None:
    origin = Folder(str(tmp_path / "llava"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("00453/004539375.jpg", picture(format="JPEG"))
        archive.writestr("00453/other.jpg", b"")
    origin.write("images.zip", stream.getvalue())
    origin.write("sets/more.zip", stream.getvalue())
    images = ["00453/004539375.jpg", "sets/00453/004539375.jpg"]
    origin.write("a.json", json.dumps([_entry(image, ASK, _said("one")) for image in images]).encode())
    found = list(source_named("llava").raw_records(fetched("llava", origin)))
    assert [bool(image.picture.blake3) for image in found if isinstance(image, RawRecord)] == [True, True]


def test_a_limit_counts_the_pictures_of_each_split_by_name(origin: Folder) -> None:
    origin.write("a_val.json", json.dumps(ENTRIES[:3]).encode())
    origin.write("b_train.jsonl", _lines([_entry(f"{n}.jpg", ASK, _said("x")) for n in "zya"]))
    assert [line.path for line in llava.local_pictures(origin, 1)] == ["a.jpg", "b/2.jpg"]


@pytest.mark.parametrize(
    ("text", "what"),
    [('[{"id": "a", "image": "b.jpg"', "ends"), ('{"a": 1}', "no JSON array"), ("", "no JSON array|ends")],
)
def test_a_file_that_is_no_list_is_named(origin: Folder, text: str, what: str) -> None:
    origin.write("a.json", text.encode())
    with pytest.raises(InputError, match=what) as caught:
        list(llava.local_pictures(origin, None))
    assert "a.json" in caught.value.where


def test_no_file_of_conversations_is_named(origin: Folder) -> None:
    with pytest.raises(InputError, match="no .json or .jsonl"):
        list(llava.local_files(origin))
