from collections.abc import Callable

import numpy as np
import pytest

from mmgic.errors import InputError
from mmgic.evaluation.records import held_out
from mmgic.schema.documents import ImagePart
from mmgic.schema.manifests import Manifest
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest
from mmgic.shards.records import write_record_shard
from mmgic.vocab.joint import Vocabulary


def made(folder: Folder, pairs: list[tuple[Record, bytes]]) -> Manifest:
    return new_manifest(
        "records", {}, "", {}, shards=[write_record_shard(folder, "val-00000.tar", "val", pairs)], counts={}
    )


def test_codes_and_pixels_are_those_of_the_crops(
    scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes], vocabulary: Vocabulary
) -> None:
    pairs = [
        (record(f"toy-{number}", split="val"), picture(box=(0, 0, 48, 32), box_colour=(number * 90, 9, 9)))
        for number in range(3)
    ]
    held = held_out(scratch, made(scratch, pairs), "val", 2, vocabulary.visual, threads=1, num_pixels=1)
    assert [record.key for record in held.records] == ["toy-0", "toy-1"]
    assert held.pixels["toy-0"].shape == (16, 16, 3)
    assert (held.pixels["toy-0"] == (0, 9, 9)).all()
    assert list(held.pixels) == ["toy-0"]
    crop = held.records[0].regions[0].crop_xyxy_px
    codes = held.codes_of("toy-0")(ImagePart(crop, "region"))
    assert np.array_equal(codes, vocabulary.visual.codes_from_images(held.pixels["toy-0"][None])[0])


def test_a_split_that_is_not_there_is_named(
    scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes], vocabulary: Vocabulary
) -> None:
    manifest = made(scratch, [(record(), picture())])
    with pytest.raises(InputError, match="no records of split `test`") as caught:
        held_out(scratch, manifest, "test", 2, vocabulary.visual, 1, 9)
    assert caught.value.hint == "eval.split is one of: val"


def test_a_picture_that_cannot_be_decoded_is_named(
    scratch: Folder, record: Callable[..., Record], vocabulary: Vocabulary
) -> None:
    with pytest.raises(InputError, match="picture of toy-1: unknown_format"):
        held_out(scratch, made(scratch, [(record(), b"no picture")]), "val", 2, vocabulary.visual, 1, 9)


def test_one_key_for_two_records_is_refused(
    scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes], vocabulary: Vocabulary
) -> None:
    with pytest.raises(InputError, match="1 keys stand for several records, toy-1 first"):
        held_out(
            scratch, made(scratch, [(record(), picture()), (record(), picture())]), "val", 9, vocabulary.visual, 1, 9
        )
