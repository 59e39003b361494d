"""Perceptual hashes: the same as imagehash's, exact sums, and near for the same photograph in other files."""

import io
from collections.abc import Callable

import imagehash
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance
from skimage import data

from mmgic.duplicates.hashes import (
    HASH_SIDE_PX,
    hash_from_hex,
    hashes_from_hex,
    hex_from_hash,
    perceptual_hashes,
)
from mmgic.errors import InputError
from mmgic.images import decode_crops

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry", "retina", "camera", "coins")


def _photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()).convert("RGB")


def _jpeg(photo: Image.Image, quality: int = 95) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def _hash(photo: Image.Image, quality: int = 95) -> int:
    whole = np.array([[0.0, 0.0, *photo.size]])
    squares, _ = decode_crops([_jpeg(photo, quality)], [whole], side=HASH_SIDE_PX, mode="gap1")
    assert squares.dtype == np.uint8
    hashes, has_detail = perceptual_hashes(squares)
    assert has_detail.all()
    return int(hashes[0])


def _distance(a: int, b: int) -> int:
    return (a ^ b).bit_count()


def _squares(count: int) -> NDArray[np.uint8]:
    """Soft random pictures: their frequencies fall off as those of photographs do."""
    coarse = np.random.default_rng(5).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack([np.asarray(Image.fromarray(c).resize((32, 32), Image.Resampling.BICUBIC)) for c in coarse])


def test_a_square_has_the_hash_of_imagehash() -> None:
    squares = _squares(500)
    hashes, has_detail = perceptual_hashes(squares)
    assert has_detail.all()
    theirs = [int(str(imagehash.phash(Image.fromarray(square))), 16) for square in squares]
    differing = [_distance(int(a), b) for a, b in zip(hashes, theirs, strict=True)]
    # Two bits trade places where a frequency all but equals the median.
    assert max(differing) <= 2 and np.count_nonzero(differing) <= 2


def test_a_photograph_has_nearly_the_hash_of_imagehash() -> None:
    """They turn it grey first and resize it with another filter."""
    for name in PHOTOS:
        photo = _photo(name)
        assert _distance(_hash(photo), int(str(imagehash.phash(photo)), 16)) <= 4, name


def test_hashes_do_not_depend_on_the_pictures_beside() -> None:
    squares = _squares(65)
    together, _ = perceptual_hashes(squares)
    alone = [int(perceptual_hashes(squares[i : i + 1])[0][0]) for i in range(65)]
    assert together.tolist() == alone


@pytest.mark.parametrize(
    "change",
    [
        lambda photo: photo,
        lambda photo: photo.resize((photo.width // 2, photo.height // 2)),
        lambda photo: photo.resize((photo.width * 3 // 2, photo.height * 3 // 2)),
        lambda photo: ImageEnhance.Brightness(photo).enhance(1.15),
        lambda photo: ImageEnhance.Brightness(photo).enhance(0.8),
        lambda photo: ImageEnhance.Contrast(photo).enhance(0.8),
    ],
    ids=["same", "half", "larger", "brighter", "darker", "paler"],
)
def test_the_same_photograph_stays_near(change: Callable[[Image.Image], Image.Image]) -> None:
    for name in PHOTOS:
        photo = _photo(name)
        for quality in (30, 60, 90):
            assert _distance(_hash(photo), _hash(change(photo), quality)) <= 6, (name, quality)


def test_other_photographs_are_far() -> None:
    hashes = [_hash(_photo(name)) for name in PHOTOS]
    distances = [_distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(distances) > 14


def test_flat_pictures_have_no_hash() -> None:
    flat = np.full((3, 32, 32, 3), 200, dtype=np.uint8)
    flat[1] = 0
    flat[2, ::2, ::2] = 204  # finer than what is hashed
    hashes, has_detail = perceptual_hashes(flat)
    assert hashes.tolist() == [0, 0, 0] and not has_detail.any()
    ramp = np.tile(np.arange(32, dtype=np.uint8)[:, None, None], (1, 1, 32, 3))
    assert perceptual_hashes(ramp)[1].all()


def test_nothing_gives_nothing() -> None:
    hashes, has_detail = perceptual_hashes(np.zeros((0, 32, 32, 3), dtype=np.uint8))
    assert hashes.shape == has_detail.shape == (0,)


def test_hashes_as_text() -> None:
    assert hex_from_hash(0xFF) == "00000000000000ff" and hex_from_hash(0, has_detail=False) == ""
    assert hash_from_hex("00000000000000ff") == 0xFF and hash_from_hex("") is None
    hashes, has = hashes_from_hex(["ffffffffffffffff", "", "0000000000000000"])
    assert hashes.tolist() == [2**64 - 1, 0, 0] and has.tolist() == [True, False, True]
    for wrong in ("ff", "g" * 16, "F" * 16, "0" * 17):
        with pytest.raises(InputError, match="perceptual hash"):
            hash_from_hex(wrong)
