"""Visual tokenizer `patches`: the code of a square patch of pixels is its nearest entry in a k-means codebook.

1. Pictures of `side_px` are cut into patches of P = `patch_px`^2 * 3 values.
2. scikit-learn's MiniBatchKMeans (kept, on one thread so that bytes are equal) fits the entries, which are rounded to uint8.
3. Distances are sums of integers below 2^53, exact in float64 whatever the order of summing: codes do not depend on the
   machine, its BLAS or its threads. Ties go to the lower code.

Cost: K * P multiplications a patch; about 20,000 patches a second on one core for K = 512, P = 192.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from mmgic.errors import InputError
from mmgic.images import DecodeMode
from mmgic.vocab.visual import Codes, Pixels

_ROWS_AT_ONCE = 8192
_KMEANS_STEPS = 40
_INIT_ROWS_A_CODE = 4


@dataclass(frozen=True)
class PatchTokenizer:
    """A codebook of uint8 patches (K, P) for pictures of `side_px`."""

    side_px: int
    patch_px: int
    codebook_KP: NDArray[np.uint8]
    decode: DecodeMode = "exact"

    kind = "patches"

    @property
    def grid(self) -> int:
        """Patches along a side."""
        return self.side_px // self.patch_px

    @property
    def num_codes(self) -> int:
        """Entries of the codebook."""
        return len(self.codebook_KP)

    @cached_property
    def digest(self) -> str:
        """Hex BLAKE3 of sizes, mode of decoding and codebook."""
        header = f"patches/{self.side_px}/{self.patch_px}/{self.decode}/".encode()
        return str(blake3(header + self.codebook_KP.tobytes()).hexdigest())

    def codes_from_images(self, images_BHWC: Pixels) -> Codes:
        """Codes (B, N) of pictures (B, side_px, side_px, 3)."""
        patches = patches_from_images(images_BHWC, self.patch_px)
        codes = np.empty(len(patches), np.uint16)
        for start in range(0, len(patches), _ROWS_AT_ONCE):
            block = patches[start : start + _ROWS_AT_ONCE].astype(np.float64)
            codes[start : start + len(block)] = np.argmin(self._half_norms_K - block @ self._entries_PK, axis=1)
        return codes.reshape(len(images_BHWC), self.grid * self.grid)

    def images_from_codes(self, codes_BN: Codes) -> Pixels:
        """Pictures whose patches are the entries of the codes."""
        side, grid, patch = self.side_px, self.grid, self.patch_px
        tiles = self.codebook_KP[codes_BN].reshape(-1, grid, grid, patch, patch, 3)
        return tiles.transpose(0, 1, 3, 2, 4, 5).reshape(-1, side, side, 3)

    @cached_property
    def _entries_PK(self) -> NDArray[np.float64]:
        return np.ascontiguousarray(self.codebook_KP.T, dtype=np.float64)

    @cached_property
    def _half_norms_K(self) -> NDArray[np.float64]:
        return np.asarray((self._entries_PK**2).sum(axis=0) / 2)


def patches_from_images(images_BHWC: Pixels, patch_px: int) -> Pixels:
    """Patches (B * N, patch_px^2 * 3), row by row, of pictures (B, H, W, 3)."""
    num, height, width, channels = images_BHWC.shape
    rows, columns = height // patch_px, width // patch_px
    tiles = images_BHWC.reshape(num, rows, patch_px, columns, patch_px, channels)
    return tiles.transpose(0, 1, 3, 2, 4, 5).reshape(num * rows * columns, patch_px * patch_px * channels)


def fit_patches(
    images_BHWC: Pixels, *, patch_px: int, num_codes: int, seed: int, decode: DecodeMode = "exact"
) -> PatchTokenizer:
    """A codebook of at most `num_codes` entries; equal pictures give equal bytes. `decode` is how they were decoded.

    Raises:
        InputError: there are no pictures.
    """
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    patches = _distinct(patches_from_images(images_BHWC, patch_px))
    if not len(patches):
        raise InputError("no pictures to fit the visual tokenizer on")
    order = np.random.default_rng(np.random.SeedSequence([seed, len(patches)])).permutation(len(patches))
    patches = patches[order]
    if len(patches) > num_codes:
        kmeans = MiniBatchKMeans(
            num_codes,
            init_size=_INIT_ROWS_A_CODE * num_codes,
            random_state=seed,
            n_init=1,
            batch_size=4096,
            max_iter=_KMEANS_STEPS,
            reassignment_ratio=0.005,
        )
        with threadpool_limits(limits=1):
            patches = kmeans.fit(patches.astype(np.float32)).cluster_centers_
    entries = np.unique(np.clip(np.rint(patches), 0, 255).astype(np.uint8), axis=0)
    return PatchTokenizer(side_px=images_BHWC.shape[1], patch_px=patch_px, codebook_KP=entries, decode=decode)


def _distinct(patches: Pixels) -> Pixels:
    """One of each kind of row, so that blank background does not take every entry; rows are told apart by a 64-bit hash.

    Sorting hashes is 50 times faster than sorting rows; a collision costs one patch of the sample.
    """
    words = np.zeros((len(patches), -(-patches.shape[1] // 8) * 8), np.uint8)
    words[:, : patches.shape[1]] = patches
    factors = np.random.default_rng(0).integers(0, 2**64, words.shape[1] // 8, np.uint64) | np.uint64(1)
    hashes = (words.view(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return patches[np.unique(hashes, return_index=True)[1]]
