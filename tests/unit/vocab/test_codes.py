"""The cache of codes: used without reading the shard, grown by what is new, made anew where it is broken."""

import io
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mmgic.errors import InputError
from mmgic.images import DecodeMode, decode_crops
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.records import Box, Record, Region
from mmgic.shards.folder import Folder
from mmgic.shards.records import write_record_shard
from mmgic.vocab.codes import CropKey, codes_of_shard, decoded_crops
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.patches import fit_patches

_WHOLE, _PART = (8.0, 0.0, 40.0, 32.0), (0.0, 0.0, 20.0, 20.0)
_WANTED: list[CropKey] = [(f"toy-{i}", box) for i in range(3) for box in (_WHOLE, _PART)]


@pytest.fixture
def shard(scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]) -> ShardEntry:
    pictures = [picture(box=(4 + i, 4, 30, 20), colour=(i * 60, 90, 30)) for i in range(3)]
    return write_record_shard(
        scratch, "train-00000.tar", "train", [(record(f"toy-{i}"), data) for i, data in enumerate(pictures)]
    )


def _codes(
    wanted: list[CropKey], shard: ShardEntry, folder: Folder, vocabulary: Vocabulary
) -> tuple[dict[CropKey, list[int]], dict[str, str]]:
    codes, failed = codes_of_shard(wanted, shard, folder, vocabulary.visual, folder / "cache", 1)
    return {key: value.tolist() for key, value in codes.items()}, failed


def _cache_file(folder: Folder) -> str:
    (path,) = folder.fs.find((folder / "cache").path)
    return str(path)


def test_codes_are_those_of_the_crops(
    scratch: Folder, shard: ShardEntry, vocabulary: Vocabulary, picture: Callable[..., bytes]
) -> None:
    codes, failed = _codes(_WANTED, shard, scratch, vocabulary)
    assert (set(codes), failed) == (set(_WANTED), {})
    data = picture(box=(5, 4, 30, 20), colour=(60, 90, 30))
    images, _ = decode_crops([data], [np.array([_WHOLE, _PART])], side=16)
    expected: NDArray[np.uint16] = vocabulary.visual.codes_from_images(images)
    assert [codes["toy-1", _WHOLE], codes["toy-1", _PART]] == expected.tolist()


def test_known_codes_are_given_without_the_shard(scratch: Folder, shard: ShardEntry, vocabulary: Vocabulary) -> None:
    first = _codes(_WANTED, shard, scratch, vocabulary)
    scratch.remove("train-00000.tar")
    assert _codes(_WANTED[:2], shard, scratch, vocabulary) == first
    with pytest.raises(InputError, match="no file train-00000.tar"):
        _codes([("toy-0", (0.0, 0.0, 8.0, 8.0))], shard, scratch, vocabulary)


def test_the_cache_grows_by_what_is_new(scratch: Folder, shard: ShardEntry, vocabulary: Vocabulary) -> None:
    small, _ = _codes(_WANTED[:1], shard, scratch, vocabulary)
    assert set(small) == set(_WANTED[:1])
    grown, _ = _codes(_WANTED[1:], shard, scratch, vocabulary)
    assert set(grown) == set(_WANTED)
    assert grown == _codes(_WANTED, shard, scratch / "", vocabulary)[0]


def test_the_cache_file_does_not_depend_on_the_way_it_grew(
    scratch: Folder, shard: ShardEntry, vocabulary: Vocabulary
) -> None:
    _codes(_WANTED[4:], shard, scratch, vocabulary)
    _codes(_WANTED, shard, scratch, vocabulary)
    grown = scratch.fs.cat_file(_cache_file(scratch))
    scratch.fs.rm((scratch / "cache").path, recursive=True)
    _codes(_WANTED, shard, scratch, vocabulary)
    assert scratch.fs.cat_file(_cache_file(scratch)) == grown


@pytest.mark.parametrize("content", [b"", b"junk", b"\x28\xb5\x2f\xfd\x00"])
def test_a_broken_cache_file_is_made_anew(
    scratch: Folder, shard: ShardEntry, vocabulary: Vocabulary, content: bytes
) -> None:
    first = _codes(_WANTED, shard, scratch, vocabulary)
    path = _cache_file(scratch)
    whole = scratch.fs.cat_file(path)
    scratch.fs.pipe_file(path, content)
    assert _codes(_WANTED, shard, scratch, vocabulary) == first
    assert scratch.fs.cat_file(path) == whole


def test_another_tokenizer_has_another_cache(
    scratch: Folder, shard: ShardEntry, vocabulary: Vocabulary, noise: Callable[..., NDArray[np.uint8]]
) -> None:
    _codes(_WANTED, shard, scratch, vocabulary)
    other = fit_patches(noise(4, seed=9), patch_px=8, num_codes=5, seed=1)
    codes_of_shard(_WANTED, shard, scratch, other, scratch / "cache", 1)
    assert len(scratch.fs.find((scratch / "cache").path)) == 2


def test_a_picture_that_cannot_be_decoded_is_named(
    scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes], vocabulary: Vocabulary
) -> None:
    entry = write_record_shard(
        scratch, "a.tar", "train", [(record("toy-0"), picture()), (record("toy-1"), picture()[:90])]
    )
    codes, failed = _codes([("toy-0", _WHOLE), ("toy-1", _WHOLE)], entry, scratch, vocabulary)
    assert (set(codes), set(failed)) == ({("toy-0", _WHOLE)}, {"toy-1"})
    assert failed["toy-1"] in ("truncated", "corrupt")


@pytest.mark.parametrize("mode", ["exact", "gap2", "gap1"])
def test_pixels_of_a_crop_do_not_depend_on_what_else_is_asked_for(
    record: Callable[..., Record], mode: DecodeMode
) -> None:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8))
    out = io.BytesIO()
    coarse.resize((640, 480)).save(out, "JPEG")
    regions = [Region("toy:1", box, box) for box in ((0.0, 0.0, 40.0, 40.0), (100.0, 90.0, 300.0, 290.0))]
    whole = (80.0, 0.0, 560.0, 480.0)
    large = msgspec.structs.replace(
        record("toy-0"), extension="jpg", width_px=640, height_px=480, crop_xyxy_px=whole, regions=regions
    )
    boxes = [whole, *(region.crop_xyxy_px for region in regions)]

    def pixels(asked: list[Box]) -> dict[Box, bytes]:
        ((keys, images, statuses),) = decoded_crops([(large, out.getvalue())], {"toy-0": asked}, 32, mode, 1)
        assert not any(statuses)
        return {box: image.tobytes() for (_, box), image in zip(keys, images, strict=True)}

    together = pixels(boxes)
    for box in boxes:
        assert pixels([box]) == {box: together[box]}
