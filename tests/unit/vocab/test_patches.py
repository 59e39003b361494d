"""Patches: codes are exactly the nearest entries, fitting gives equal bytes, and codes draw their entries."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmgic.errors import InputError
from mmgic.vocab.patches import PatchTokenizer, fit_patches, patches_from_images

Noise = Callable[..., NDArray[np.uint8]]


def _nearest(tokenizer: PatchTokenizer, image_HWC: NDArray[np.uint8]) -> list[int]:
    """The slow and obvious twin: whole numbers, patch by patch, entry by entry; the first of equals wins."""
    codes, side = [], tokenizer.patch_px
    for top in range(0, tokenizer.side_px, side):
        for left in range(0, tokenizer.side_px, side):
            patch = image_HWC[top : top + side, left : left + side].reshape(-1).astype(int)
            distances = [sum((patch - entry.astype(int)) ** 2) for entry in tokenizer.codebook_KP]
            codes.append(distances.index(min(distances)))
    return codes


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), entries=st.integers(1, 9), levels=st.sampled_from([2, 4, 256]))
def test_codes_are_the_nearest_entries_also_at_ties(seed: int, entries: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    codebook = (rng.integers(0, levels, (entries, 12)) * (255 // (levels - 1))).astype(np.uint8)
    tokenizer = PatchTokenizer(8, 2, codebook)
    images = (rng.integers(0, levels, (2, 8, 8, 3)) * (255 // (levels - 1))).astype(np.uint8)
    assert tokenizer.codes_from_images(images).tolist() == [_nearest(tokenizer, image) for image in images]


def test_codes_do_not_depend_on_the_batch(noise: Noise) -> None:
    tokenizer = fit_patches(noise(40, 64), patch_px=4, num_codes=16, seed=1)
    images = noise(40, 64, seed=5)
    whole = tokenizer.codes_from_images(images)
    assert whole.dtype == np.uint16 and whole.shape == (40, 256)
    assert np.array_equal(whole, np.concatenate([tokenizer.codes_from_images(image[None]) for image in images]))


def test_codes_draw_their_entries_and_read_them_back(noise: Noise) -> None:
    tokenizer = fit_patches(noise(12), patch_px=8, num_codes=9, seed=1)
    codes = np.random.default_rng(3).integers(0, tokenizer.num_codes, (5, 4)).astype(np.uint16)
    images = tokenizer.images_from_codes(codes)
    assert images.shape == (5, 16, 16, 3)
    assert np.array_equal(images[2, 8:, :8].reshape(-1), tokenizer.codebook_KP[codes[2, 2]])
    assert np.array_equal(tokenizer.codes_from_images(images), codes)


def test_patches_go_row_by_row() -> None:
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(1, 4, 6, 3)
    patches = patches_from_images(image, 2)
    assert patches.shape == (6, 12)
    assert np.array_equal(patches[1], image[0, 0:2, 2:4].reshape(-1))
    assert np.array_equal(patches[3], image[0, 2:4, 0:2].reshape(-1))


def test_fitting_twice_gives_equal_bytes_and_another_seed_does_not(noise: Noise) -> None:
    first, second, other = (fit_patches(noise(200), patch_px=4, num_codes=24, seed=seed) for seed in (1, 1, 2))
    assert first.codebook_KP.tobytes() == second.codebook_KP.tobytes()
    assert first.digest == second.digest != other.digest
    assert first.num_codes <= 24 and first.codebook_KP.shape[1] == 48


def test_few_patches_are_the_codebook_themselves() -> None:
    images = np.zeros((3, 8, 8, 3), np.uint8)
    images[1, :4] = 200
    tokenizer = fit_patches(images, patch_px=4, num_codes=50, seed=1)
    assert tokenizer.codebook_KP[:, 0].tolist() == [0, 200]
    assert np.array_equal(tokenizer.images_from_codes(tokenizer.codes_from_images(images)), images)


def test_the_digest_sees_the_sizes(noise: Noise) -> None:
    codebook = noise(4, 4).reshape(4, 48)
    assert len({PatchTokenizer(side, 4, codebook).digest for side in (8, 16)}) == 2


def test_no_pictures_is_an_error() -> None:
    with pytest.raises(InputError, match="no pictures to fit"):
        fit_patches(np.zeros((0, 8, 8, 3), np.uint8), patch_px=4, num_codes=2, seed=1)
