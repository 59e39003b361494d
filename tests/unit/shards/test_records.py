"""Record shards: round trip, equal bytes, WebDataset layout, and what is out of place."""

import io
import tarfile
from collections.abc import Callable

import pytest

from mmgic.errors import InputError
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.records import read_record_shard, write_record_shard
from mmgic.shards.tars import tar_writer


def test_round_trip_and_equal_bytes(scratch: Folder, record: Callable[..., Record]) -> None:
    items = [(record(f"toy-{i}"), bytes([i]) * 600) for i in range(5)]
    entry = write_record_shard(scratch, "train-00000.tar", "train", iter(items))
    assert list(read_record_shard(scratch, entry)) == items
    assert entry == write_record_shard(scratch, "train-00000.tar", "train", items)
    with tarfile.open(fileobj=io.BytesIO(scratch.read("train-00000.tar"))) as tar:
        assert tar.getnames()[:2] == ["toy-0.png", "toy-0.json"]


@pytest.mark.parametrize("keep", [0, 100, 600, 1500, -1024])
def test_a_truncated_shard_is_refused_with_both_hashes(
    scratch: Folder, record: Callable[..., Record], keep: int
) -> None:
    entry = write_record_shard(scratch, "a.tar", "train", [(record(f"toy-{i}"), b"p" * 900) for i in range(3)])
    scratch.write("a.tar", scratch.read("a.tar")[:keep])
    with pytest.raises(InputError, match=rf"BLAKE3 \w+ found, {entry.blake3} expected"):
        list(read_record_shard(scratch, entry))


@pytest.mark.parametrize(
    ("picture", "text"), [("other.png", "other.png"), ("", r"\(none\)"), ("toy-1.jpg", "toy-1.jpg")]
)
def test_a_record_must_follow_its_own_picture(
    scratch: Folder, record: Callable[..., Record], picture: str, text: str
) -> None:
    import msgspec

    with scratch.writing("a.tar") as stream:
        with tar_writer(stream) as add:
            if picture:
                add(picture, b"p")
            add("toy-1.json", msgspec.json.encode(record("toy-1")))
        entry = stream.entry("a.tar", "train", 1)
    with pytest.raises(InputError, match=f"record toy-1 follows picture {text}"):
        list(read_record_shard(scratch, entry))
