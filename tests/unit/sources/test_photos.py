"""The photographs of the installed wheels: copied as they are, with licence and origin, and read as COCO."""

from collections.abc import Callable, Sequence
from importlib.metadata import distribution

import pytest
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.params import Params
from mmgic.schema.records import RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import photos
from mmgic.sources.raw import RawFolder


def test_photographs_are_the_wheels_own_bytes(scratch: Folder, params: Params) -> None:
    lines = list(photos.generate(scratch, params.fetch, 1, None))
    copied = [line for line in lines if not line.path.startswith("annotations/")]
    assert len(copied) >= 10
    for line in copied:
        package = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[line.origin.split("/")[0]]
        with open(str(distribution(package).locate_file(line.origin)), "rb") as stream:
            data = stream.read()
        assert scratch.read(line.path) == data
        assert (line.blake3, line.num_bytes, bool(line.license)) == (
            blake3(data).hexdigest(),
            len(data),
            True,
        )


def test_every_photograph_is_a_record_with_captions_and_described_labels(
    raw_records: Callable[..., Sequence[RawRecord]], fetched: Callable[..., RawFolder]
) -> None:
    records = raw_records("photos")
    assert {record.split for record in records} == {"train", "val"}
    assert all(record.captions and record.picture.blake3 and record.boxes for record in records)
    assert all(
        box.label.description and box.label.id.startswith("photos:") for record in records for box in record.boxes
    )


def test_a_limit_takes_some_of_each_split(scratch: Folder, params: Params) -> None:
    folders = [line.path.split("/")[0] for line in photos.generate(scratch, params.fetch, 1, 2)]
    assert (folders.count("train"), folders.count("val"), folders.count("annotations")) == (2, 2, 4)


def test_a_photograph_that_the_wheel_lost_is_named() -> None:
    with pytest.raises(InputError, match="photograph is not in the installed wheel") as caught:
        photos._photo("skimage/data/never.png")
    assert caught.value.where == "skimage/data/never.png"
